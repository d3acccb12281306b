/**
 * The engine's public face (its channels, its timers, its beginning and its end), and what every
 * channel has: an engine names its channels, and a channel its engine.
 */

import { type InspectOptionsStylized, inspect } from 'node:util';

import { binding } from '../binding.ts';
import { checkDriver } from '../check/driver.ts';
import { illegalConstructor } from '../check/errors.ts';
import { inspectAs, inspectChannel } from '../inspect.ts';
import { type Link, link } from '../link/link.ts';
import { Reactor } from '../reactor/reactor.ts';
import type {
  CloseInfo,
  DatagramStats,
  EngineOptions,
  EngineStats,
  ReadyState,
  ServerStats,
  StreamStats,
} from '../types.ts';
import { coverable } from './adapters/own.ts';
import { closedOf, openedOf } from './adapters/promises.ts';
import { Timers } from './timers.ts';

/**
 * Owns a reactor thread and the channels that use it.
 *
 * An engine that nobody has any more stops by itself when it is collected, once its channels have
 * closed; `close()` does not wait for that.
 *
 * Most programs never name it: channels use `Engine.instance()`, the one of this JS thread (the
 * main thread's, or each worker's own), which starts with the first channel. It keeps the process
 * alive as long as one of its channels is open and not `unref()`ed.
 */
export class Engine {
  static #default: Engine | undefined;

  /** This JS thread's engine. */
  static instance(): Engine {
    if (Engine.#default === undefined || Engine.#default.reactor.state !== 'running') {
      Engine.#default = new Engine();
    }
    return Engine.#default;
  }

  /** @internal Whether it is one itself; a Proxy of one is none. */
  static isEngine(value: unknown): value is Engine {
    return typeof value === 'object' && value !== null && #timers in value;
  }

  /** The open channels, by descriptor. */
  readonly channels: Map<number, Channel>;

  /** @internal */
  readonly reactor: Reactor;
  #timers = new Timers();
  #started = false;

  /**
   * An engine of its own, with a reactor thread of its own.
   *
   * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_UNKNOWN_OPTION` for what is no option
   */
  constructor(options: EngineOptions = {}) {
    this.reactor = new Reactor(binding, checkDriver(options));
    this.channels = this.reactor.registry.channels as Map<number, Channel>;
  }

  /** Counters since the engine began; none is above 0 before its first channel. */
  stats(): EngineStats {
    return this.reactor.stats();
  }

  /**
   * Closes every channel, cancels every timer and stops the reactor. Resolves when all that is
   * done. The engine cannot be used afterwards; `Engine.instance()` makes another.
   */
  close(): Promise<void> {
    if (this.reactor.state === 'running') {
      this.stop();
      this.#timers.clear();
    }
    return this.reactor.close();
  }

  /** Runs `fn(...args)` in the next turn of the event loop. Returns a function that cancels it. */
  callback<A extends unknown[]>(fn: (...args: A) => void, ...args: A): () => void {
    return this.#timers.callback(fn, args);
  }

  /** Runs `fn(...args)` in every turn of the event loop. Returns a function that cancels it. */
  loop<A extends unknown[]>(fn: (...args: A) => void, ...args: A): () => void {
    return this.#timers.loop(fn, args);
  }

  /**
   * Runs `fn(...args)` once, after so many seconds. Returns a function that cancels it. Any time is
   * taken, of years, too; 0 is as soon as timers run, which is a millisecond for Node.
   *
   * @throws `ERR_INVALID_ARG_VALUE` for less than 0, `NaN` and `Infinity`; `ERR_INVALID_ARG_TYPE`
   */
  defer<A extends unknown[]>(seconds: number, fn: (...args: A) => void, ...args: A): () => void {
    return this.#timers.defer(seconds, fn, args);
  }

  /**
   * Runs `fn(...args)` every so many seconds. Returns a function that cancels it. What holds of
   * `defer()` holds of each time; `cycle(0)` is every millisecond, and lets all else have its turn.
   *
   * @throws `ERR_INVALID_ARG_VALUE` for less than 0, `NaN` and `Infinity`; `ERR_INVALID_ARG_TYPE`
   */
  cycle<A extends unknown[]>(seconds: number, fn: (...args: A) => void, ...args: A): () => void {
    return this.#timers.cycle(seconds, fn, args);
  }

  /**
   * Keeps the process alive until `stop()`, also without a channel. Node's event loop runs by
   * itself: this is for programs that were written for an engine that has to be started.
   */
  start(): void {
    if (this.#started || this.reactor.state !== 'running') return;
    this.#started = true;
    this.reactor.ref();
  }

  /** Takes `start()` back. Open channels go on, and keep the process alive themselves. */
  stop(): void {
    if (!this.#started) return;
    this.#started = false;
    this.reactor.unref();
  }

  /** Sends now what was written in this turn. */
  flush(): void {
    this.reactor.submission.flush();
  }

  /** @internal For `console.log()`. */
  [inspect.custom](depth: number, options: InspectOptionsStylized): string {
    const isEngine = Object.hasOwn(this, 'channels');
    const shown = isEngine ? { state: this.reactor.state, channels: this.channels.size } : {};
    return inspectAs(this, shown, depth, options);
  }
}

/**
 * An object that wraps a socket. Abstract: see `Stream`, `StreamServer`, `Datagram` and their
 * subclasses. `new Channel()` throws `ERR_ILLEGAL_CONSTRUCTOR`, also in a subclass of its own.
 *
 * Hooks (`onConnect`, `onRead`, …) are called from the event loop, never inside a call that your
 * code is making, and in the `AsyncLocalStorage` context in which the channel was made (those of a
 * connection, in that of its server's `listen()`). They may be overridden as methods, as class
 * fields, or by assignment at any time: the very next frame goes to the new one.
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

  /**
   * Whether data can flow: until it has closed, after `end()` too. Whether one may write is told by
   * `readyState`.
   */
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

  /**
   * Resolves with the channel when it is connected, listens or is bound, after that hook; also where
   * that was before it was asked. Rejects with what `onConnectError` gets, or, where the channel has
   * closed before, with what has closed it: `ERR_CHANNEL_CLOSED` where nothing but a wish has.
   *
   * Of a datagram channel it is about being bound: a `connect()` that fails is told by `onError` only.
   *
   * A connect that fails gives no warning where this, or `closed`, was asked for.
   */
  get opened(): Promise<this> {
    return openedOf(this[link], this);
  }

  /** Resolves after `onClose`, with what that gets; never rejects. */
  get closed(): Promise<CloseInfo> {
    return closedOf(this[link]);
  }

  /**
   * What `await using` calls: ends the channel, and resolves after `onClose`. What was written leaves
   * first, as by `end()`; a connect that is under way, with nothing written, is given up. A server
   * closes, and so do its connections, as by `close()`.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this[link].dispose();
    await closedOf(this[link]);
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

coverable(Channel.prototype, 'opened', 'closed');
