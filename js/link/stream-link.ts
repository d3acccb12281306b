/**
 * The JS half of a stream: what state it is in, and which hooks run when.
 *
 * ```text
 *   idle ──connect()──▶ connecting ──the socket is there──▶ attached ──onConnect──▶ open
 *                            │                                ▲                     │
 *                            │                  accepted ─────┘                     │
 *                            └───────▶ the socket is gone ──▶ closed ◀──────────────┘
 * ```
 *
 * Hooks run from here only, and only from the event loop: what the reactor reports comes through
 * the dispatcher, what user code sets off through `Turn.soon`.
 */

import {
  channelNotConnected,
  fileTruncated,
  frameOverflow,
  frameTimeout,
  idleTimeout,
  systemError,
} from '../check/errors.ts';
import type { FileRequest } from '../check/file.ts';
import { encodingOf, type StreamSettings, streamSettings } from '../check/options.ts';
import { type Framing, framingOf, limitOf, NOTHING } from '../check/read-delimiter.ts';
import { Change, Flag, Op, Reason, Tally as TallyAt } from '../generated/wire.ts';
import type { Chunk, NativeEnd } from '../reactor/handler.ts';
import type { Slab } from '../reactor/slab.ts';
import type { SettingsRequest, Writer } from '../reactor/submission.ts';
import { Inbox, type Receiver } from '../read/inbox.ts';
import type { CloseInfo, ReadDelimiter, ReadyState } from '../types.ts';
import { Outbox } from '../write/outbox.ts';
import { ConnectedLink } from './connected-link.ts';
import { streamFields } from './fields.ts';
import { FrameClock } from './frame-clock.ts';
import type { Hook, StreamHooks } from './hooks.ts';
import type { Owner } from './link.ts';

/** @internal */
export class StreamLink extends ConnectedLink implements Receiver, Writer {
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  batch = 0;
  /** `finished`: the peer has, and `onEnd` follows what was received before; then it has `ended`. */
  #reading: 'open' | 'finished' | 'ended' = 'open';
  /** See `beginRaw()`. */
  #isRaw = false;
  /** There where frames are timed. */
  #frameClock: FrameClock | null = null;

  constructor(
    channel: StreamHooks,
    defaults: StreamHooks,
    engine: Owner,
    settings: StreamSettings,
  ) {
    super(channel, defaults, engine, settings);
    this.inbox = new Inbox(this, this.reactor.cut, framingOf(null), settings.bufferSize);
    this.outbox = new Outbox(this.reactor, this, settings);
  }

  // ── What user code asks ─────────────────────────────────────────────────────────────────────

  get readyState(): ReadyState {
    if (this.closing || this.phase === 'closed') return 'closed';
    if (this.phase === 'idle') return 'idle';
    if (this.phase === 'connecting') return 'opening';
    const isOpen = this.wanted === 'open';
    if (this.#reading === 'ended') return isOpen ? 'writeOnly' : 'closed';
    return isOpen ? 'open' : 'readOnly';
  }

  setDelimiter(value: ReadDelimiter): void {
    const framing = framingOf(value);
    this.delimiter = value;
    this.#setFraming(this.#isRaw ? framingOf(null) : framing);
    if (framing !== NOTHING || this.#isRaw) return;
    this.inbox.expectEmpty();
    if (this.phase === 'open' && !this.inbox.isDelivering) this.schedule();
  }

  setEncoding(value: unknown): void {
    const encoding = encodingOf(value);
    this.inbox.setEncoding(this.#isRaw ? null : encoding);
    this.encoding = (value ?? null) as BufferEncoding | null;
    // Half a character that waited for its other half is data of its own now.
    if (!this.inbox.isEmpty && !this.inbox.isDelivering) this.schedule();
  }

  /** From now on data is passed on as it arrives, whatever delimiter and encoding say. */
  beginRaw(): void {
    this.#isRaw = true;
    this.setDelimiter(this.delimiter);
    this.setEncoding(this.encoding);
  }

  override configure(settings: StreamSettings): void {
    super.configure(settings);
    this.#setFraming(this.inbox.framing);
  }

  write(data: unknown, flush: boolean): boolean {
    return this.#written(this.outbox.write(data), flush);
  }

  writeFile(request: FileRequest, flush: boolean): boolean {
    return this.#written(this.outbox.writeFile(request), flush);
  }

  #written(flows: boolean, flush: boolean): boolean {
    const { emptied, flooded } = this.outbox;
    if (emptied || (flooded !== null && !this.closing)) this.schedule();
    if (flush) this.reactor.submission.flush();
    return flows;
  }

  shutdown(): void {
    if (this.phase === 'idle') throw channelNotConnected('shutdown()');
    if (this.wanted !== 'open') return;
    if (this.#reading === 'ended') {
      this.end();
      return;
    }
    this.wanted = 'shut';
    this.outbox.end('this side');
    this.askStarted(Op.SHUTDOWN);
  }

  end(by: 'this side' | 'others' = 'this side'): void {
    if (this.deliversNothing) return;
    if (this.phase === 'idle') {
      this.close({ reason: 'end' });
      return;
    }
    this.wanted = 'ending';
    this.inbox.interrupt();
    this.inbox.clear();
    this.outbox.end(by);
    this.askStarted(Op.END);
    if (this.due !== null) this.schedule();
  }

  dispose(): void {
    if (this.phase === 'connecting' && this.outbox.accepted === 0) this.close();
    else this.end();
  }

  /** `Flag.RESET`: the peer shall not take it for the end, whatever is pending. */
  override close(why?: Pick<CloseInfo, 'reason' | 'error'>, flags = 0): void {
    super.close(why, this.outbox.cutsOff ? Flag.RESET : flags);
    this.attempt?.over();
  }

  // ── How it begins ───────────────────────────────────────────────────────────────────────────

  /** `onConnect`; then the reactor begins to read, under the delimiter that is set by now. */
  open(): void {
    if (!this.enterOpen()) return;
    this.outbox.open();
    if (this.outbox.emptied) this.schedule();
    if (!this.deliversNothing && this.channel.onConnect !== this.defaults.onConnect) {
      this.hook(() => this.channel.onConnect());
    }
    this.tellOpened();
    this.server?.opened(this);
    if (this.closing) return;
    const change = Change.TIMEOUTS | (this.socketOptions === null ? 0 : Change.SOCKET);
    this.reactor.submission.start(this, this.settingsRequest(change), this.inbox.begin());
    this.#opened();
  }

  // ── What the reactor reports ────────────────────────────────────────────────────────────────

  data(chunk: Chunk): void {
    if (this.deliversNothing) return;
    if (this.taker !== null) this.waiting += Math.max(1, chunk.frames);
    this.inbox.take(chunk);
    this.delivered();
  }

  /** A frame outgrew the limit; the bytes are all that the reactor held. */
  outgrown(slab: Slab, start: number, length: number): void {
    if (this.deliversNothing) return;
    this.inbox.takeOverflow(slab, start, length);
    this.delivered();
  }

  /** The peer has finished sending; the bytes are what no delimiter completed. */
  finished(slab: Slab, start: number, length: number): void {
    if (this.deliversNothing) return;
    this.#reading = 'finished';
    this.inbox.takeRest(slab, start, length);
    this.delivered();
  }

  /** `sent` bytes have been taken by the operating system, and none was pending then. */
  drained(sent: number): void {
    if (!this.outbox.drained(sent) || this.closing) return;
    this.hook(() => this.channel.onWrite());
    this.tellDrained();
  }

  protected override work(): void {
    this.open();
    this.#tellDrain();
    this.flood();
    this.deliverHeld();
  }

  /** All was sent during a write, and nothing was written since. */
  #tellDrain(): void {
    if (!this.outbox.emptied) return;
    this.outbox.emptied = false;
    this.drained(0);
  }

  /** Tells the reactor how to cut from now on, if that is news to it. */
  tellReframe(): void {
    if (this.index < 0 || this.phase !== 'open' || this.deliversNothing) return;
    const request = this.inbox.takeRequest();
    if (request !== null) this.reactor.submission.reframe(this, request);
  }

  // ── What the inbox says ─────────────────────────────────────────────────────────────────────

  deliver(frame: Buffer | string): void {
    this.frames += 1;
    try {
      const { reader, context } = this;
      if (context === null) reader.onRead(frame as never);
      else context.runInAsyncScope(reader.onRead as Hook, reader, frame);
    } catch (error) {
      this.reactor.uncaught(error);
    }
    this.counted();
  }

  overflow(detail: string, again: boolean): void {
    const { framing, limit } = this.inbox;
    const error = frameOverflow(detail, limit);
    if (!again) this.tellOverflow(error);
    const unchanged = framing === this.inbox.framing && limit === this.inbox.limit;
    if (!this.deliversNothing && (again || unchanged)) this.close({ reason: 'overflow', error });
  }

  // ── Below ───────────────────────────────────────────────────────────────────────────────────

  protected get fields(): readonly string[] {
    return streamFields;
  }

  protected checked(options: object): StreamSettings {
    return streamSettings(options, this.settings);
  }

  protected settingsRequest(change: number): SettingsRequest {
    const { idleTimeout, frameTimeout, lingerTimeout } = this.settings;
    const socket = this.socketOptions;
    return { change, idleTimeout, frameTimeout, lingerTimeout, socket };
  }

  protected override changed(change: number): void {
    super.changed(change);
    if (change !== Change.FRAME || this.phase !== 'open') return;
    this.#frameClock?.stop();
    this.#watchFrame();
  }

  /** What was written before comes before it. */
  protected override ask(op: number, flags = 0): void {
    this.outbox.encode();
    super.ask(op, flags);
  }

  /** Passes on what was asked while there was no socket to ask it of. */
  #opened(): void {
    this.tellPause();
    if (!this.inbox.isEmpty) this.schedule();
    if (this.wanted === 'ending') this.askStarted(Op.END);
    else if (this.wanted === 'shut') this.askStarted(Op.SHUTDOWN);
  }

  #setFraming(framing: Framing): void {
    const limit = limitOf(framing, this.settings.bufferSize);
    if (!this.inbox.set(framing, limit) || this.phase !== 'open' || this.inbox.isDelivering) return;
    this.reactor.turn.reframeSoon(this);
    if (!this.inbox.isEmpty) this.schedule();
  }

  #watchFrame(): void {
    const ms = this.settings.frameTimeout;
    if (ms === 0) return;
    this.#frameClock ??= new FrameClock((error) => this.close({ reason: 'timeout', error }));
    this.#frameClock.watch(ms, this.receptive ? this.inbox.partial : null);
  }

  protected override delivered(): void {
    this.tellPause();
    this.#watchFrame();
    if (this.inbox.requestDue) this.reactor.turn.reframeSoon(this);
    if (this.#reading === 'finished' && this.receptive) this.#deliverEnd();
    this.finish();
  }

  #deliverEnd(): void {
    const rest = this.inbox.rest();
    if (rest === null) return;
    this.#reading = 'ended';
    if (this.channel.onEnd !== this.defaults.onEnd) {
      this.hook(() => this.channel.onEnd(rest as never));
    }
    this.taker?.onEnd(rest);
    if (this.wanted === 'shut' || !this.settings.allowHalfOpen) this.end('others');
  }

  // ── How it ends ─────────────────────────────────────────────────────────────────────────────

  protected override errorOf(end: NativeEnd): Error {
    const { settings, outbox, attempt } = this;
    switch (end.reason) {
      case Reason.IDLE:
        return idleTimeout(settings.idleTimeout);
      case Reason.FRAME:
        return frameTimeout(settings.frameTimeout);
      case Reason.TRUNCATED:
        return fileTruncated(outbox.fileAt(end.tally[TallyAt.SENT] as number));
      case Reason.CONNECT:
        return attempt?.failure(end.detail) ?? systemError(0, 'connect');
      default:
        return super.errorOf(end);
    }
  }

  protected gone(info: CloseInfo): void {
    this.#tellDrain();
    this.attempt?.over();
    this.attempt = null;
    this.outbox.settle(info.unsentBytes);
    this.letGo();
    this.exit();
  }

  protected isBehind(info: CloseInfo): boolean {
    const isLeft =
      !this.inbox.isEmpty || this.#reading === 'finished' || this.taker?.isBusy === true;
    if (this.phase !== 'open' || !isLeft) return false;
    if (this.awaitsTurn) return true;
    // What came before the end waits for `resume()`; but not where time is up, and where that
    // would wait in turn, for an `onWrite` that will not come.
    const awaitsDrain = this.drainWatchers > 0 || (this.outbox.awaited && this.wantsDrain);
    return !this.readerWants && info.reason !== 'timeout' && !awaitsDrain;
  }

  protected release(info: CloseInfo): CloseInfo {
    this.#frameClock?.stop();
    const unsentBytes = this.outbox.pending;
    // Also where nothing native has: what was kept for a socket is let go.
    this.outbox.settle(unsentBytes);
    return { ...info, unsentBytes };
  }
}
