/** The JS half of a native channel: what all kinds of channels have in common. */

import { systemError } from '../check/errors.ts';
import { Op, Reason, Tally as TallyAt } from '../generated/wire.ts';
import type { Context } from '../reactor/context.ts';
import type { Handler, NativeEnd, Tally } from '../reactor/handler.ts';
import type { Reactor } from '../reactor/reactor.ts';
import type {
  CloseInfo,
  CloseReason,
  DatagramStats,
  ReadyState,
  ServerStats,
  StreamStats,
} from '../types.ts';
import { trace } from './trace.ts';

/** @internal The property under which a channel keeps its link. */
export const link: unique symbol = Symbol('pants.link');

/** Any other is an error. */
const REASONS: Readonly<Record<number, CloseReason>> = {
  [Reason.END]: 'end',
  [Reason.CLOSE]: 'close',
  [Reason.IDLE]: 'timeout',
  [Reason.FRAME]: 'timeout',
  [Reason.LINGER]: 'timeout',
};

/** Of a channel that has done nothing yet. */
const NOTHING: Tally = new Float64Array(TallyAt.WORDS);

/** @internal Who hears of a channel beside its hooks: each is called when the hook has run. */
export interface Watcher {
  /** It is connected, listens, or is bound. */
  opened?(): void;
  /** All that was written is sent. */
  drained?(): void;
  closed?(info: CloseInfo): void;
}

/** @internal The engine that a channel is of, as far as links need it. */
export interface Owner {
  readonly reactor: Reactor;
}

/**
 * @internal
 *
 * ```text
 *   what user code asks ──schedule()──▶ runSoon() ─▶ work() ──hook()──▶ the channel's hooks
 *   what the reactor tells, by the dispatcher ───────────────┘
 * ```
 *
 * Hooks run from here only, and only from the event loop.
 */
export abstract class Link<C extends object> implements Handler {
  readonly engine: Owner;
  readonly reactor: Reactor;
  readonly channel: C;
  /** What the hooks are where nobody has overridden them. */
  readonly defaults: C;
  /** The native channel; -1 before there is one and after it is gone. */
  index = -1;
  generation = 0;
  fileno: number | null = null;
  /** Where hooks run. */
  context: Context = null;
  /** How often `onRead` was called. */
  frames = 0;
  /** It is, or was, connected, listening or bound. */
  wasOpened = false;
  /** What `onClose` was told. */
  told: CloseInfo | null = null;
  /** How many watchers wait for a drain. */
  protected drainWatchers = 0;
  /** Nobody, mostly. */
  #watchers: Set<Watcher> | null = null;
  #tally: Tally = NOTHING;
  #scheduled = false;
  #ref = true;
  /** It keeps the process alive, unless it is `unref()`ed. */
  #alive = false;

  constructor(channel: C, defaults: C, engine: Owner) {
    this.channel = channel;
    this.defaults = defaults;
    this.engine = engine;
    this.reactor = engine.reactor;
  }

  abstract get readyState(): ReadyState;
  abstract stats(): StreamStats | DatagramStats | ServerStats;
  abstract close(): void;

  /** It is done with: closes, and loses nothing that was written. */
  abstract dispose(): void;

  /** The native channel is gone; or, without a tally, its channel is through without one. */
  protected abstract nativeGone(info: CloseInfo, tally?: Tally): void;

  /** Does what user code has set off. */
  protected abstract work(): void;

  /** @internal From the event loop. */
  runSoon(): void {
    this.#scheduled = false;
    this.work();
  }

  setRef(ref: boolean): void {
    if (ref === this.#ref) return;
    this.#ref = ref;
    if (this.#alive) this.#refer(ref);
  }

  /** What the reactor has counted. */
  protected get tally(): Tally {
    return this.reactor.tally(this) ?? this.#tally;
  }

  /** `work()` follows from the event loop. */
  protected schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.reactor.turn.soon(this);
  }

  /** Has a watcher hear of what happens from now on. */
  watch(watcher: Watcher): void {
    this.#watchers ??= new Set();
    this.#watchers.add(watcher);
    if (watcher.drained === undefined) return;
    this.drainWatchers += 1;
    this.watchDrain();
  }

  unwatch(watcher: Watcher): void {
    if (!this.#watchers?.delete(watcher)) return;
    if (watcher.drained !== undefined) this.drainWatchers -= 1;
    if (this.#watchers.size === 0) this.#watchers = null;
  }

  get isWatched(): boolean {
    return this.#watchers !== null;
  }

  /** Somebody wants to hear when what is pending is sent. */
  watchDrain(): void {}

  /** Returns whether somebody has waited for it. */
  protected tellOpened(): boolean {
    this.wasOpened = true;
    trace('open', this.channel);
    if (this.#watchers === null) return false;
    for (const watcher of [...this.#watchers]) this.hook(() => watcher.opened?.());
    return true;
  }

  protected tellDrained(): void {
    if (this.#watchers === null) return;
    for (const watcher of [...this.#watchers]) this.hook(() => watcher.drained?.());
  }

  protected tellClosed(info: CloseInfo): void {
    this.told = info;
    trace('close', this.channel, undefined, info);
    if (this.#watchers === null) return;
    for (const watcher of [...this.#watchers]) this.hook(() => watcher.closed?.(info));
    this.#watchers = null;
  }

  /** Runs a hook: what it throws is reported, and nothing else stops for it. */
  protected hook(call: () => void): void {
    try {
      if (this.context === null) call();
      else this.context.runInAsyncScope(call);
    } catch (error) {
      this.reactor.uncaught(error);
    }
  }

  /** The process stays alive for this channel, unless it is `unref()`ed. */
  protected keepAlive(): void {
    this.#alive = true;
    if (this.#ref) this.#refer(true);
  }

  protected letGo(): void {
    if (!this.#alive) return;
    this.#alive = false;
    if (this.#ref) this.#refer(false);
  }

  #refer(ref: boolean): void {
    if (ref) this.reactor.ref();
    else this.reactor.unref();
  }

  /** The native channel that it is of. */
  join(index: number, generation: number): void {
    this.index = index;
    this.generation = generation;
    this.reactor.registry.join(this);
  }

  /** The native channel is gone; that is what it has done. */
  protected leave(tally: Tally | undefined): void {
    this.#tally = tally ?? this.#tally;
    if (this.index >= 0) this.reactor.registry.leave(this);
    this.index = -1;
  }

  /** Closes the native channel and hears no more of it. */
  abandon(): void {
    this.ask(Op.CLOSE);
    this.reactor.registry.leave(this);
    this.index = -1;
  }

  /** Asks something of the native channel, where there is one. */
  protected ask(op: number, flags = 0): void {
    if (this.index >= 0) this.reactor.submission.request(op, this, flags);
  }

  /** What has ended the native channel, in the words of `onClose`. */
  closed(end: NativeEnd): void {
    const reason = REASONS[end.reason] ?? 'error';
    const unsentBytes = this.unsent(end.tally[TallyAt.SENT] as number);
    const inOrder = reason === 'end' || reason === 'close';
    const info = inOrder
      ? { reason, unsentBytes }
      : { reason, error: this.errorOf(end), unsentBytes };
    this.nativeGone(info, end.tally);
  }

  lost(error: Error): void {
    this.nativeGone({ reason: 'error', error, unsentBytes: this.unsent() });
  }

  /** How much of what was accepted is not sent, where so much is; or as far as is known. */
  protected unsent(_sent?: number): number {
    return 0;
  }

  protected errorOf({ errno, syscall }: NativeEnd): Error {
    return systemError(errno, syscall);
  }

  /** There is a socket: `engine.channels` has the channel. */
  protected enter(fileno: number): void {
    this.fileno = fileno;
    this.reactor.registry.channels.set(fileno, this.channel);
  }

  /** There is none any more. Its number may belong to another channel by now. */
  protected exit(): void {
    const { channels } = this.reactor.registry;
    if (this.fileno !== null && channels.get(this.fileno) === this.channel) {
      channels.delete(this.fileno);
    }
    this.fileno = null;
  }
}
