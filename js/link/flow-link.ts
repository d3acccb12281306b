/** The JS half of a channel that reads and writes: what streams and datagram channels have in common. */

import { channelActive, invalidType, lingerTimeout } from '../check/errors.ts';
import type { FlowSettings } from '../check/options.ts';
import { Change, Op, Reason, Tally as TallyAt } from '../generated/wire.ts';
import { outside } from '../reactor/context.ts';
import type { NativeEnd, Tally } from '../reactor/handler.ts';
import type { Reactor } from '../reactor/reactor.ts';
import type { SettingsRequest } from '../reactor/submission.ts';
import type { Reading } from '../read/reading.ts';
import type { CloseInfo, ReadDelimiter, StreamStats } from '../types.ts';
import type { Ledger } from '../write/ledger.ts';
import { takeFields } from './fields.ts';
import type { DatagramHooks, StreamHooks } from './hooks.ts';
import { Link, type Owner } from './link.ts';
import { warnMisspelt } from './misspelt.ts';
import type { Taker } from './taker.ts';
import { trace } from './trace.ts';

/** The settings that the reactor goes by, as its `Change` names them. */
const NATIVE: Readonly<Record<string, number>> = {
  idleTimeout: Change.IDLE,
  frameTimeout: Change.FRAME,
  lingerTimeout: Change.LINGER,
};

/** Why a channel closes. */
type Why = Pick<CloseInfo, 'reason' | 'error'>;
/** By the wish of this side: of most it is all that is ever said. */
const CLOSE: Why = { reason: 'close' };

/**
 * @internal
 *
 * ```text
 *   phase    idle ─▶ connecting ─▶ attached ──enterOpen()──▶ open ──▶ closed
 *                                            └ onConnect or onListen, then START
 *   wanted   open ──shutdown()──▶ shut ──end()──▶ ending ──close(), or the end is told──▶ closing
 *   the end  #why: close() was called ─▶ due: the socket is gone ─▶ told by onClose, when all that
 *            came before it has been told
 * ```
 */
export abstract class FlowLink<
  C extends StreamHooks | DatagramHooks,
  S extends FlowSettings,
> extends Link<C> {
  phase: 'idle' | 'connecting' | 'attached' | 'open' | 'closed' = 'idle';
  /** What this side has asked for. From `ending` on nothing is delivered, from `closing` on nothing told. */
  wanted: 'open' | 'shut' | 'ending' | 'closing' = 'open';
  settings: S;
  delimiter: ReadDelimiter = null;
  /** As it was given. */
  encoding: BufferEncoding | null = null;
  /** `pause()` was called. */
  paused = false;
  /** Nothing is reported: the constructor of the channel has thrown. */
  silent = false;
  /** Who gets the frames: the channel, or what takes them in its place. */
  reader: C | Taker;
  /** What takes them, where something does. */
  taker: Taker | null = null;
  /** As many frames as wait for it, as far as the reactor has cut them. */
  waiting = 0;
  /** As many wait as may. */
  #isTakerBehind = false;
  /** The reactor has been told not to read. */
  #pauseTold = false;
  /** Somebody has waited for it to open, and may begin to read before the next turn. */
  #isHeld = false;
  /** The turn's budget was overdrawn in the middle of what there is. */
  #overdrawn = false;
  #why = CLOSE;
  /** The socket is gone, or there will be none: what `onClose` is to be told. */
  protected due: CloseInfo | null = null;

  abstract readonly inbox: Reading;
  abstract readonly outbox: Ledger<S>;

  constructor(channel: C, defaults: C, engine: Owner, settings: S) {
    super(channel, defaults, engine);
    this.settings = settings;
    this.reader = channel;
  }

  // ── What user code asks ─────────────────────────────────────────────────────────────────────

  /** `close()` was called, or the end has been reported: no hook but `onClose` follows. */
  get closing(): boolean {
    return this.wanted === 'closing';
  }

  /** Nothing is delivered any more. */
  get deliversNothing(): boolean {
    return this.wanted === 'ending' || this.wanted === 'closing';
  }

  stats(): StreamStats {
    const { tally, inbox, outbox, frames } = this;
    const bytesRead = tally[TallyAt.RECEIVED] as number;
    return {
      bytesRead,
      bytesWritten: outbox.accepted,
      pendingBytes: outbox.pending,
      refusedBytes: outbox.refused,
      waitingBytes: this.deliversNothing ? 0 : bytesRead - inbox.passedOn + inbox.length,
      frames,
      reads: tally[TallyAt.READS] as number,
      writes: tally[TallyAt.WRITES] as number,
    };
  }

  abstract setDelimiter(value: ReadDelimiter): void;
  abstract setEncoding(value: unknown): void;

  /** A property that is one of the settings is set. @throws as the option of that name */
  set(name: string, value: unknown): void {
    if (value === undefined) throw invalidType(name, 'a value', value);
    this.configure(this.checked({ [name]: value }));
    this.changed(NATIVE[name] ?? 0);
  }

  configure(settings: S): void {
    this.settings = settings;
    this.outbox.configure(settings);
  }

  /** Takes over what the channel's class has declared as fields. */
  takeFields(): void {
    takeFields(this.channel, this, this.fields);
  }

  override watchDrain(): void {
    if (this.outbox.pending > 0) this.askStarted(Op.WANTS_DRAIN);
  }

  pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.inbox.interrupt();
    this.tellPause();
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.schedule();
  }

  /** Frames go to it instead of `onRead`. Whoever has paused the channel until then has waited for that. */
  give(what: string, taker: Taker): void {
    if (this.taker !== null) throw channelActive(what, 'being read');
    this.taker = taker;
    this.reader = taker;
    this.waiting = 0;
    this.#isTakerBehind = false;
    this.watch(taker);
    this.inbox.interrupt();
    this.resume();
  }

  /** They go to `onRead` again. */
  takeBack(taker: Taker): void {
    if (this.taker !== taker) return;
    this.taker = null;
    this.reader = this.channel;
    this.unwatch(taker);
    this.schedule();
  }

  /** The taker wants a frame: gives it what waits. Never inside a call that user code is making. */
  supply(): void {
    if (this.taker?.wants !== true) return;
    // Hooks that come with it are not of the context that asks.
    outside(supply, this);
  }

  /** It wants no more for now: what there is beside waits. */
  satisfied(): void {
    this.inbox.interrupt();
  }

  /** `flags`: what the reactor is to know of the close. */
  close(why: Why = CLOSE, flags = 0): void {
    if (this.closing) return;
    this.wanted = 'closing';
    this.inbox.interrupt();
    this.inbox.clear();
    this.#why = this.#why.error === undefined ? why : this.#why;
    if (this.index >= 0) {
      this.ask(Op.CLOSE, flags);
    } else {
      // Nothing native will report the end. Where that was reported already, it is final.
      this.reactor.registry.begin(this);
      this.due ??= { ...this.#why, unsentBytes: this.unsent(0) };
      this.schedule();
    }
    // A limit, a timeout and a failure come with an error.
    this.outbox.end(this.#why.error === undefined ? 'this side' : 'others');
  }

  // ── What the reactor reports ────────────────────────────────────────────────────────────────

  /** The socket is gone, or there will be none. */
  nativeGone(info: CloseInfo, tally?: Tally): void {
    if (this.phase === 'closed' || (this.due !== null && this.index < 0)) return;
    this.leave(tally);
    this.gone(info);
    this.due = this.closing ? { ...this.#why, unsentBytes: info.unsentBytes } : info;
    // A delimiter set since may make frames of what is held; nobody comes after this.
    this.deliverHeld();
  }

  get bytesLeft(): number {
    return this.inbox.length;
  }

  /** What the budget of an earlier turn has left. */
  goOn(): void {
    this.#overdrawn = false;
    this.deliverHeld();
  }

  protected override unsent(sent?: number): number {
    return sent === undefined ? this.outbox.pending : this.outbox.accepted - sent;
  }

  protected override errorOf(end: NativeEnd): Error {
    if (end.reason === Reason.LINGER) return lingerTimeout(this.settings.lingerTimeout);
    return super.errorOf(end);
  }

  // ── What the inbox asks and says ────────────────────────────────────────────────────────────

  /** Whether a frame may be delivered now. */
  get receptive(): boolean {
    return this.readerWants && !this.#overdrawn && this.phase === 'open' && !this.deliversNothing;
  }

  /** Whether whoever reads would have a frame now. */
  protected get readerWants(): boolean {
    return !this.paused && !this.#isHeld && (this.taker === null || this.taker.wants);
  }

  /** Whether nothing but the end of this turn is waited for. */
  get awaitsTurn(): boolean {
    return this.#overdrawn && this.readerWants;
  }

  get listens(): boolean {
    return this.taker !== null || this.channel.onRead !== this.defaults.onRead;
  }

  /** Whether somebody wants to hear that all that was written is sent. */
  get wantsDrain(): boolean {
    return this.drainWatchers > 0 || this.channel.onWrite !== this.defaults.onWrite;
  }

  report(error: Error): void {
    trace('error', this.channel, error);
    this.hook(() => this.channel.onError(error));
  }

  undeliverable(error: Error): void {
    this.report(error);
    this.close({ reason: 'error', error });
  }

  /** Something has outgrown its limit; the hook's default closes the channel, and that is why, then. */
  protected tellOverflow(error: Error): void {
    this.#why = { reason: 'overflow', error };
    trace('overflow', this.channel, error);
    this.hook(() => this.channel.onOverflowError(error as never));
    if (!this.closing) this.#why = CLOSE;
  }

  /** `onRead` has run. */
  protected counted(): void {
    const { budget } = this.reactor.turn;
    budget.count();
    if (!budget.overdrawn || this.#overdrawn) return;
    // As a pause that ends by itself.
    this.#overdrawn = true;
    this.inbox.interrupt();
    this.reactor.turn.goOnLater(this);
  }

  // ── What differs ────────────────────────────────────────────────────────────────────────────

  /** Which settings are properties. */
  protected abstract readonly fields: readonly string[];

  /** The settings with these options. @throws where they are none */
  protected abstract checked(options: object): S;

  /** What the reactor is to go by from now on. */
  protected abstract settingsRequest(change: number): SettingsRequest;

  /** The socket is gone: what goes with it. */
  protected abstract gone(info: CloseInfo): void;

  /** Whether something is to be told yet that came before the end. */
  protected abstract isBehind(info: CloseInfo): boolean;

  /** Nothing follows but `onClose`: lets go of all there is. Returns what that is told. */
  protected abstract release(info: CloseInfo): CloseInfo;

  /** After `onClose`. */
  protected abstract afterClose(): void;

  /** `onError`, or what stands for it. */
  protected fail(error: Error): void {
    this.report(error);
  }

  // ── For the kinds ───────────────────────────────────────────────────────────────────────────

  /** Settings have changed: tells the reactor, if it is of them and has been told before. */
  protected changed(change: number): void {
    if (change === 0 || this.phase !== 'open' || this.index < 0) return;
    this.reactor.submission.configure(this, this.settingsRequest(change));
  }

  /** Asks something of the reactor, from `onConnect` on; START is followed by what was asked before. */
  protected askStarted(op: number): void {
    if (this.phase === 'open') this.ask(op);
  }

  /** The hooks of the beginning may run now; false where they may not. */
  protected enterOpen(): boolean {
    if (this.phase !== 'attached') return false;
    warnMisspelt(this.channel, this.defaults);
    // Of one whose constructor has opened it, the fields are there only now.
    try {
      this.takeFields();
    } catch (error) {
      this.reactor.uncaught(error);
      this.close({ reason: 'error', error: error as Error });
    }
    this.phase = 'open';
    return !this.closing;
  }

  /**
   * Who waits for it to open, by a promise, hears of that after this turn's batch, which may have data
   * already: that waits for him to read.
   */
  protected override tellOpened(): boolean {
    const isAwaited = super.tellOpened();
    if (!isAwaited || this.listens) return isAwaited;
    this.#isHeld = true;
    this.reactor.turn.callSoon(() => {
      this.#isHeld = false;
      this.deliverHeld();
    });
    return isAwaited;
  }

  /** More was written than may be pending: says so, and closes. */
  protected flood(): void {
    const { flooded } = this.outbox;
    if (flooded === null || this.closing) return;
    if (!this.deliversNothing) this.tellOverflow(flooded);
    this.close({ reason: 'overflow', error: flooded });
  }

  deliverHeld(): void {
    this.inbox.deliverHeld();
    this.delivered();
  }

  /** Frames were delivered, or could not be: what follows them. */
  protected delivered(): void {
    this.tellPause();
    this.finish();
  }

  /**
   * Has the reactor stop reading, or go on: that only when all that is held has been delivered.
   * Otherwise each `resume()` would let it read more than the `pause()` that follows lets through.
   */
  protected tellPause(): void {
    const halt = this.paused || this.inbox.isFull || this.#isTakerFull();
    if (halt === this.#pauseTold || this.index < 0 || this.phase !== 'open') return;
    this.#pauseTold = halt;
    this.askStarted(halt ? Op.PAUSE : Op.RESUME);
  }

  /** As much waits as may; from then on until all of it has been taken. */
  #isTakerFull(): boolean {
    const { taker } = this;
    if (taker === null) return false;
    if (taker.wants) {
      this.#isTakerBehind = false;
      if (!this.#overdrawn) this.waiting = 0;
    } else if (this.waiting >= taker.most) {
      this.#isTakerBehind = true;
    }
    return this.#isTakerBehind;
  }

  /** The end, once all that came before it has been told. */
  protected finish(): void {
    const info = this.due;
    if (info === null || this.phase === 'closed') return;
    if (!this.deliversNothing) {
      if (this.isBehind(info)) return;
      const { reason, error } = info;
      this.#over();
      if (error !== undefined && reason === 'error') this.fail(error);
    }
    this.#over();
    this.phase = 'closed';
    this.inbox.clear();
    const told = this.release(info);
    this.letGo();
    this.exit();
    if (!this.silent) {
      this.hook(() => this.channel.onClose(told));
      this.tellClosed(told);
    }
    this.afterClose();
    this.reactor.registry.finish(this);
  }

  #over(): void {
    this.wanted = 'closing';
    this.outbox.end('others');
  }
}

function supply(link: { deliverHeld(): void; readonly reactor: Reactor }): void {
  try {
    link.deliverHeld();
  } catch (error) {
    link.reactor.uncaught(error);
  }
}
