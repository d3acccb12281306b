/** What every channel has. */

import { type InspectOptionsStylized, inspect } from 'node:util';
import { illegalConstructor } from '../check/errors.ts';
import { inspectAs, inspectChannel } from '../inspect.ts';
import { type Link, link } from '../link/link.ts';
import type { DatagramStats, ReadyState, ServerStats, StreamStats } from '../types.ts';
import type { Engine } from './engine.ts';

/**
 * An object that wraps a socket. Abstract: see `Stream`, `StreamServer`, `Datagram` and their
 * subclasses. `new Channel()` throws `ERR_ILLEGAL_CONSTRUCTOR`, also in a subclass of its own.
 *
 * Hooks (`onConnect`, `onRead`, …) are called from the event loop, never inside a call that your
 * code is making. They may be overridden as methods, as class fields, or by assignment at any
 * time: the very next frame goes to the new one.
 */
export abstract class Channel {
  /** @internal */
  abstract readonly [link]: Link<object>;

  /** @internal `by` is what only the classes of this package have: nothing else has a socket. */
  constructor(by: typeof link) {
    if (by !== link) throw illegalConstructor('Channel');
  }

  /** The engine that this channel belongs to. */
  get engine(): Engine {
    return this[link].engine as Engine;
  }

  /** The descriptor's number, `null` before there is a socket and after it is closed. */
  get fileno(): number | null {
    return this[link].fileno;
  }

  /** Whether data can flow. */
  get connected(): boolean {
    const state = this[link].readyState;
    return state === 'open' || state === 'readOnly' || state === 'writeOnly';
  }

  /** Whether a connect is under way. */
  get connecting(): boolean {
    return this[link].readyState === 'opening';
  }

  /** Whether the channel listens. */
  get listening(): boolean {
    return this[link].readyState === 'listening';
  }

  get readyState(): ReadyState {
    return this[link].readyState;
  }

  /** Counters since the channel began; they can be read in `onClose` and after it, too. */
  stats(): StreamStats | DatagramStats | ServerStats {
    return this[link].stats();
  }

  /** The channel keeps the process alive while it is open. That is the default. */
  ref(): this {
    this[link].setRef(true);
    return this;
  }

  /** The channel does not keep the process alive. */
  unref(): this {
    this[link].setRef(false);
    return this;
  }

  /** @internal For `console.log()`. */
  [inspect.custom](depth: number, options: InspectOptionsStylized): string {
    // A prototype has nothing of what a channel has.
    if (!Object.hasOwn(this, link)) return inspectAs(this, {}, depth, options);
    return inspectChannel(this, depth, options);
  }
}
