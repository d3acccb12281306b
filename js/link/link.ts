/** The JS half of a native channel: what all kinds of channels have in common. */

import type { Channel, ChannelLink } from '../api/channel.ts';
import type { Engine } from '../api/engine.ts';
import { NOTHING, type Tally } from '../reactor/tally.ts';
import type { DatagramStats, ReadyState, ServerStats, StreamStats } from '../types.ts';

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
export abstract class Link<C extends Channel> implements ChannelLink {
  readonly engine: Engine;
  readonly channel: C;
  /** What the hooks are where nobody has overridden them. */
  readonly defaults: C;
  /** The native channel; -1 before there is one and after it is gone. */
  index = -1;
  generation = 0;
  fileno: number | null = null;
  /** How often `onRead` was called. */
  frames = 0;
  #tally: Tally = NOTHING;
  #scheduled = false;
  #ref = true;
  #held = false;

  constructor(channel: C, defaults: C, engine: Engine) {
    this.channel = channel;
    this.defaults = defaults;
    this.engine = engine;
  }

  abstract get readyState(): ReadyState;
  abstract stats(): StreamStats | DatagramStats | ServerStats;

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
    if (this.#held) this.engine.hold(ref ? 1 : -1);
  }

  /** What the reactor has counted. */
  protected get tally(): Tally {
    return this.engine.tally(this) ?? this.#tally;
  }

  /** `work()` follows from the event loop. */
  protected schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.engine.soon(this);
  }

  /** Runs a hook: what it throws is reported, and nothing else stops for it. */
  protected hook(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.engine.uncaught(error);
    }
  }

  /** The process stays alive for this channel, unless it is `unref()`ed. */
  protected hold(): void {
    this.#held = true;
    if (this.#ref) this.engine.hold(1);
  }

  protected release(): void {
    if (!this.#held) return;
    this.#held = false;
    if (this.#ref) this.engine.hold(-1);
  }

  /** The native channel that it is of. */
  protected join(index: number, generation: number): void {
    this.index = index;
    this.generation = generation;
    this.engine.link(this as never);
  }

  /** The native channel is gone; that is what it has done. */
  protected leave(tally: Tally | undefined): void {
    this.#tally = tally ?? this.#tally;
    if (this.index >= 0) this.engine.unlink(this as never);
    this.index = -1;
  }

  /** There is a socket: `engine.channels` has the channel. */
  protected enter(fileno: number): void {
    this.fileno = fileno;
    this.engine.channels.set(fileno, this.channel);
  }

  /** There is none any more. Its number may belong to another channel by now. */
  protected exit(): void {
    const { channels } = this.engine;
    if (this.fileno !== null && channels.get(this.fileno) === this.channel) {
      channels.delete(this.fileno);
    }
    this.fileno = null;
  }
}
