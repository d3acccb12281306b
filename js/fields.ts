/** What a subclass may give as class fields; each has an accessor on its class's prototype. */

import { link } from './channel.ts';
import type { ReadDelimiter } from './read-delimiter.ts';

const FIELDS = ['readDelimiter', 'readEncoding', 'bufferSize'] as const;

/** @internal What takes the values. */
interface FieldTarget {
  setDelimiter(value: ReadDelimiter): void;
  setEncoding(value: unknown): void;
  setBufferSize(value: number): void;
}

/** @internal Class fields hide the accessors of the prototype: takes their values, uncovers those. */
export function adoptFields(owner: object, target: FieldTarget): void {
  const channel = owner as Record<(typeof FIELDS)[number], unknown>;
  const own = FIELDS.filter((name) => Object.hasOwn(channel, name));
  for (const name of own) {
    const value = channel[name];
    if (name === 'readDelimiter') target.setDelimiter(value as ReadDelimiter);
    else if (name === 'readEncoding') target.setEncoding(value);
    else target.setBufferSize(value as number);
    // Only now: a value that was refused stays, and is refused again.
    delete channel[name];
  }
}

/** A channel that can be told that its `onWrite` is another one now. */
interface Drained {
  readonly [link]: { watchDrain(): void };
  onWrite(): void;
}

/**
 * @internal `onWrite` as a property of a prototype. The reactor tells of a drain only where somebody
 * listens; who assigns the hook with bytes pending wants to hear of these as well.
 */
export function drainHook<C extends Drained>(prototype: C): PropertyDescriptor & ThisType<C> {
  let { onWrite } = prototype;
  return {
    configurable: true,
    get() {
      return onWrite;
    },
    set(value: C['onWrite']) {
      if (this === prototype) {
        onWrite = value;
        return;
      }
      const property = { value, configurable: true, enumerable: true, writable: true };
      Object.defineProperty(this, 'onWrite', property);
      if (Object.hasOwn(this, link)) this[link].watchDrain();
    },
  };
}
