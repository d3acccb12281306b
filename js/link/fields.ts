/** What a subclass may give as class fields; each has an accessor on its class's prototype. */

import type { DatagramSettings } from '../check/datagram-options.ts';
import type { StreamSettings } from '../check/options.ts';
import type { ReadDelimiter, StreamCallOptions } from '../types.ts';
import { link } from './link.ts';

/** What takes the values. */
interface FieldTarget {
  setDelimiter(value: ReadDelimiter): void;
  setEncoding(value: unknown): void;
  /** One of its settings. */
  set(name: string, value: unknown): void;
  readonly settings: object;
}

/** Options that are properties, and none of the settings. */
type Reading = Pick<StreamCallOptions, 'readDelimiter' | 'readEncoding'>;

const READING = ['readDelimiter', 'readEncoding'];
const OF_BOTH = ['bufferSize', 'highWaterMark', 'maxPendingBytes', 'lingerTimeout'] as const;
/** @internal Which settings of a stream are properties. */
export const streamFields = [
  ...OF_BOTH,
  'allowHalfOpen',
  'idleTimeout',
  'frameTimeout',
] as const satisfies (keyof StreamSettings)[];
/** @internal The same of a datagram channel. */
export const datagramFields = [
  ...OF_BOTH,
  'maxSenders',
] as const satisfies (keyof DatagramSettings)[];

/**
 * @internal Class fields hide the accessors of the prototype: takes their values, uncovers those.
 * `names`: which settings are properties.
 */
export function takeFields(owner: object, target: FieldTarget, names: readonly string[]): void {
  const channel = owner as Record<string, unknown>;
  const own = [...READING, ...names].filter((name) => Object.hasOwn(channel, name));
  if (own.length === 0) return;
  for (const name of own) {
    const value = channel[name];
    if (name === 'readDelimiter') target.setDelimiter(value as ReadDelimiter);
    else if (name === 'readEncoding') target.setEncoding(value);
    else target.set(name, value);
  }
  // Only now: a value that was refused stays, and is refused again.
  uncover(channel, own);
}

/**
 * Deletes these properties. V8 makes an object a hash table when anything but what was added to it
 * last is deleted, and a call of a hook takes several times as long then: so what was added after
 * them is taken off, too, and put back. (Since Node 26 V8 does so at any deletion; and a `#private`
 * field that follows cannot be taken off.)
 *
 * There is no way round it: V8 makes a hash table, too, of an object whose property becomes an accessor,
 * and a property that stays cannot be watched. What is said in options or in a constructor costs nothing.
 */
function uncover(channel: object, names: readonly string[]): void {
  const all = Object.getOwnPropertyNames(channel);
  const added = all.slice(all.findIndex((name) => names.includes(name)));
  // Mostly there are none.
  const others = added
    .filter((name) => !names.includes(name))
    .map((name) => ({ name, property: Object.getOwnPropertyDescriptor(channel, name) ?? {} }));
  // What is frozen, sealed or not extensible stays as it is.
  const canMove =
    Object.isExtensible(channel) && others.every(({ property }) => property.configurable === true);
  const off = canMove ? added : names;
  for (let at = off.length - 1; at >= 0; at -= 1)
    Reflect.deleteProperty(channel, off[at] as string);
  if (!canMove) return;
  for (const { name, property } of others) Object.defineProperty(channel, name, property);
}

/** @internal What options say of how to read; what is not given stays. */
export function setReading(target: FieldTarget, options: Reading): void {
  const { readDelimiter, readEncoding } = options;
  if (readEncoding !== undefined) target.setEncoding(readEncoding);
  if (readDelimiter !== undefined) target.setDelimiter(readDelimiter);
}

/** A channel that reads and writes, as far as its properties need it. */
interface Owner {
  readonly [link]: FieldTarget & {
    readonly delimiter: ReadDelimiter;
    readonly encoding: BufferEncoding | null;
    /** `onWrite` is another one now. */
    watchDrain(): void;
  };
  onWrite(): void;
}

/**
 * @internal Puts accessors behind what the class declares as properties, so that a subclass may also
 * declare them as class fields; see `takeFields`. `names`: which settings are properties.
 */
export function defineFields<C extends Owner>(prototype: C, names: readonly string[]): void {
  for (const name of names) Object.defineProperty(prototype, name, settingOf<C>(name));
  Object.defineProperties(prototype, {
    onWrite: drainHook(prototype),
    readDelimiter: {
      configurable: true,
      get(this: C) {
        return this[link].delimiter;
      },
      set(this: C, value: ReadDelimiter) {
        this[link].setDelimiter(value);
      },
    },
    readEncoding: {
      configurable: true,
      get(this: C) {
        return this[link].encoding;
      },
      set(this: C, value: unknown) {
        this[link].setEncoding(value);
      },
    },
  });
}

function settingOf<C extends Owner>(name: string): PropertyDescriptor & ThisType<C> {
  return {
    configurable: true,
    get() {
      return this[link].settings[name as never];
    },
    set(value: unknown) {
      this[link].set(name, value);
    },
  };
}

/**
 * `onWrite` as a property of a prototype. The reactor tells of a drain only where somebody
 * listens; who assigns the hook with bytes pending wants to hear of these as well.
 */
function drainHook<C extends Owner>(prototype: C): PropertyDescriptor & ThisType<C> {
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
