/**
 * The JS half of a stream: what state it is in, and which hooks run when.
 *
 * ```text
 *   idle ──connect()──▶ connecting ──the socket is there──▶ opening ──onConnect──▶ open
 *                            │                                ▲                     │
 *                            │                  accepted ─────┘                     │
 *                            └───────▶ the socket is gone ──▶ closed ◀──────────────┘
 * ```
 *
 * Hooks run from here only, and only from the event loop: what the reactor reports comes through
 * the dispatcher, what user code sets off through the engine's `soon`.
 */

import {
  adoptFailed,
  channelNotConnected,
  fileTruncated,
  frameOverflow,
  frameTimeout,
  idleTimeout,
  lingerTimeout,
  systemError,
} from '../check/errors.ts';
import type { FileRequest } from '../check/file.ts';
import {
  checkBufferSize,
  checkEncoding,
  type NativeSocketOptions,
  type StreamSettings,
} from '../check/options.ts';
import { type Framing, framingOf, NOTHING } from '../check/read-delimiter.ts';
import { Flag, FramingKind, Op, Reason, Tally as TallyAt } from '../generated/wire.ts';
import type { Chunk, NativeEnd } from '../reactor/handler.ts';
import type { Slab } from '../reactor/slab.ts';
import type { Tally } from '../reactor/tally.ts';
import { Inbox, type Receiver } from '../read/inbox.ts';
import type {
  Address,
  CloseInfo,
  PeerCredentials,
  ReadDelimiter,
  ReadyState,
  StreamStats,
} from '../types.ts';
import { Outbox } from '../write/outbox.ts';
import { takeFields } from './fields.ts';
import type { StreamHooks } from './hooks.ts';
import { Link, type Owner } from './link.ts';
import { AcceptedSocket } from './socket.ts';

/** A server, as far as its connections need it. */
interface Home {
  readonly closing: boolean;
  /** A channel has taken an accepted socket. */
  took(connection: StreamLink): void;
  /** The socket of one of its connections is gone. Its number may be another's from now on. */
  left(connection: StreamLink): void;
  /** One of its connections has closed. */
  released(connection: StreamLink): void;
}

/** One `connect()` that is under way. */
interface Attempt {
  /** It is over, one way or the other: nothing of it stays behind. */
  over(): void;
  /** What became of it, as one error. */
  failure(detail: string): Error;
}

/** @internal */
export class StreamLink extends Link<StreamHooks> implements Receiver {
  phase: 'idle' | 'connecting' | 'opening' | 'open' | 'closed' = 'idle';
  server: Home | null = null;
  socket: AcceptedSocket | null = null;
  settings: StreamSettings;
  delimiter: ReadDelimiter = null;
  attempt: Attempt | null = null;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  /** `close()` was called, or the end has been reported: no hook but `onClose` follows. */
  closing = false;
  /** `end()` was called. */
  ending = false;
  /** `shutdown()` was called. */
  shut = false;
  paused = false;
  /** The reactor has been told not to read. */
  #halted = false;
  /** The engine's budget was overdrawn in the middle of what there is: it goes on in the next turn. */
  #awaitsTurn = false;
  /** Nothing is reported: the constructor of the channel has thrown. */
  silent = false;
  /** The peer has finished sending: `onEnd` follows what was received before. */
  #finished = false;
  #ended = false;
  /** The socket is gone: `onClose` follows what was received before. */
  #due: CloseInfo | null = null;
  /** Why `close()` was called, where it was not the user's plain wish. */
  #why: Pick<CloseInfo, 'reason' | 'error'> = { reason: 'close' };
  #frameTimer: NodeJS.Timeout | undefined;
  /** Where in the stream the frame began that the timer is for; -1: none. */
  #frameAt = -1;

  constructor(
    channel: StreamHooks,
    defaults: StreamHooks,
    engine: Owner,
    settings: StreamSettings,
  ) {
    super(channel, defaults, engine);
    this.settings = settings;
    this.inbox = new Inbox(this, this.reactor.cut, framingOf(null), settings.bufferSize);
    this.outbox = new Outbox(this.reactor, this, settings);
  }

  // ── What user code asks ─────────────────────────────────────────────────────────────────────

  get readyState(): ReadyState {
    if (this.closing || this.phase === 'closed') return 'closed';
    if (this.phase === 'idle') return 'idle';
    if (this.phase === 'connecting') return 'opening';
    const done = this.ending || this.shut;
    if (this.#ended) return done ? 'closed' : 'writeOnly';
    return done ? 'readOnly' : 'open';
  }

  get localAddr(): Address | string | null {
    return this.socket?.localAddr ?? null;
  }

  get remoteAddr(): Address | string | null {
    return this.socket?.remoteAddr ?? null;
  }

  get peerCredentials(): PeerCredentials | null {
    return this.socket?.peerCredentials ?? null;
  }

  stats(): StreamStats {
    const { tally, inbox, outbox, frames } = this;
    const bytesRead = tally[TallyAt.RECEIVED] as number;
    const done = this.closing || this.ending;
    return {
      bytesRead,
      bytesWritten: outbox.accepted,
      pendingBytes: outbox.pending,
      refusedBytes: outbox.refused,
      waitingBytes: done ? 0 : bytesRead - inbox.consumed + inbox.length,
      frames,
      reads: tally[TallyAt.READS] as number,
      writes: tally[TallyAt.WRITES] as number,
    };
  }

  setDelimiter(value: ReadDelimiter): void {
    const framing = framingOf(value);
    this.delimiter = value;
    this.#reframe(framing);
    if (framing !== NOTHING) return;
    this.inbox.expectEmpty();
    if (this.phase === 'open') this.schedule();
  }

  setBufferSize(value: number): void {
    this.configure({ ...this.settings, bufferSize: checkBufferSize(value) });
  }

  setEncoding(value: unknown): void {
    this.inbox.setEncoding(checkEncoding(value));
    // Half a character that waited for its other half is data of its own now.
    if (!this.inbox.isEmpty) this.schedule();
  }

  configure(settings: StreamSettings): void {
    this.settings = settings;
    this.outbox.settings = settings;
    this.#reframe(this.inbox.framing);
  }

  write(data: unknown, flush: boolean): boolean {
    return this.#written(this.outbox.write(data, this.#wantsDrain), flush);
  }

  writeFile(request: FileRequest, flush: boolean): boolean {
    return this.#written(this.outbox.writeFile(request, this.#wantsDrain), flush);
  }

  #written(flows: boolean, flush: boolean): boolean {
    if (this.outbox.flooded !== null && !this.closing) this.schedule();
    if (flush) this.reactor.submission.flush();
    return flows;
  }

  /** `onWrite` is another one: it shall hear of what is pending. */
  watchDrain(): void {
    if (this.outbox.pending > 0) this.#request(Op.NOTIFY);
  }

  pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.inbox.changed = true;
    this.#tellPause();
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.schedule();
  }

  shutdown(): void {
    if (this.phase === 'idle') throw channelNotConnected('shutdown()');
    if (this.closing || this.ending || this.shut) return;
    if (this.#ended) {
      this.end();
      return;
    }
    this.shut = true;
    this.outbox.end('this side');
    this.#request(Op.SHUTDOWN);
  }

  end(by: 'this side' | 'others' = 'this side'): void {
    if (this.closing || this.ending) return;
    if (this.phase === 'idle') {
      this.close({ reason: 'end' });
      return;
    }
    this.ending = true;
    this.inbox.changed = true;
    this.inbox.clear();
    this.outbox.end(by);
    this.#request(Op.END);
    if (this.#due !== null) this.schedule();
  }

  /** `reset`: the peer shall not take it for the end, whatever is pending. */
  close(why: Pick<CloseInfo, 'reason' | 'error'> = { reason: 'close' }, reset = false): void {
    if (this.closing) return;
    this.closing = true;
    this.inbox.changed = true;
    this.inbox.clear();
    this.#why = this.#why.error === undefined ? why : this.#why;
    if (this.index >= 0) {
      const flags = reset || this.outbox.cutsOff ? Flag.RESET : 0;
      this.ask(Op.CLOSE, flags);
    } else {
      // Nothing native will report the end. Where that was reported already, it is final.
      this.#due ??= { ...this.#why, unsentBytes: this.outbox.pending };
      this.schedule();
    }
    this.attempt?.over();
    // A limit, a timeout and a failure come with an error.
    this.outbox.end(this.#why.error === undefined ? 'this side' : 'others');
  }

  // ── How a socket comes to it ────────────────────────────────────────────────────────────────

  /** `connect()` was called; `attempt` will report. */
  connecting(attempt: Attempt): void {
    this.attempt = attempt;
    this.phase = 'connecting';
    this.outbox.begin();
    this.reactor.registry.begin(this);
    this.keepAlive();
  }

  /** The connect has succeeded. */
  connected(fileno: number, about: string): void {
    this.attempt?.over();
    this.attempt = null;
    this.#attach(new AcceptedSocket(this.reactor, this, fileno, about));
    this.open();
  }

  /** A server's socket is wrapped; `onConnect` follows when its constructors have run. */
  wrap(socket: AcceptedSocket, server: Home): void {
    this.server = server;
    this.#take(socket);
    server.took(this);
    this.reactor.turn.openSoon(this);
    // `server.close()` closes every connection, also one that is wrapped afterwards.
    if (server.closing) this.close();
  }

  /** A socket that was connected elsewhere; `onConnect` follows when the constructors have run. */
  adoptDescriptor(fd: number, family: number, options: NativeSocketOptions): void {
    const { reactor } = this;
    reactor.assertRunning();
    reactor.assertFree(fd);
    const { id, about, failure } = reactor.adopt(fd, family, options);
    if (failure) throw adoptFailed(failure, fd);
    const [index = -1, generation = 0] = id;
    const text = String.fromCharCode(...about);
    this.#take(new AcceptedSocket(reactor, { index, generation }, fd, text));
    this.schedule();
  }

  /** `onConnect`; then the reactor begins to read, under the delimiter that is set by now. */
  open(): void {
    if (this.phase !== 'opening') return;
    try {
      this.takeFields();
    } catch (error) {
      this.reactor.uncaught(error);
      this.close({ reason: 'error', error: error as Error });
    }
    this.phase = 'open';
    if (this.closing) return;
    this.outbox.open(this.#wantsDrain);
    if (!this.ending && this.channel.onConnect !== this.defaults.onConnect) {
      this.hook(() => this.channel.onConnect());
    }
    if (this.closing) return;
    const { idleTimeout, frameTimeout, lingerTimeout } = this.settings;
    const reframe = this.inbox.begin();
    this.reactor.submission.start(this, { idleTimeout, frameTimeout, lingerTimeout, reframe });
    this.#opened();
  }

  /** The constructor has thrown: it closes unseen. */
  discard(): void {
    this.silent = true;
    this.close();
  }

  // ── What the reactor reports ────────────────────────────────────────────────────────────────

  data(chunk: Chunk): void {
    if (this.closing || this.ending) return;
    this.inbox.take(chunk);
    this.#delivered();
  }

  /** A frame outgrew the limit; the bytes are all that the reactor held. */
  outgrown(slab: Slab, start: number, length: number): void {
    if (this.closing || this.ending) return;
    this.inbox.takeOverflow(slab, start, length);
    this.#delivered();
  }

  /** The peer has finished sending; the bytes are what no delimiter completed. */
  finished(slab: Slab, start: number, length: number): void {
    if (this.closing || this.ending) return;
    this.#finished = true;
    this.inbox.takeRest(slab, start, length);
    this.#delivered();
  }

  /** `sent` bytes have been taken by the operating system, and none was left then. */
  drained(sent: number): void {
    if (this.outbox.drained(sent) && !this.closing) this.hook(() => this.channel.onWrite());
  }

  /** The socket is gone, or the connect has failed. */
  closed(info: CloseInfo, tally?: Tally): void {
    if (this.phase === 'closed' || (this.#due !== null && this.index < 0)) return;
    this.leave(tally);
    this.attempt?.over();
    this.attempt = null;
    this.outbox.settle(info.unsentBytes);
    this.letGo();
    this.exit();
    this.#due = this.closing ? { ...this.#why, unsentBytes: info.unsentBytes } : info;
    // A delimiter set since may make frames of what is held; nobody comes after this.
    this.inbox.deliverHeld();
    this.#delivered();
  }

  protected override unsent(sent?: number): number {
    return sent === undefined ? this.outbox.pending : this.outbox.accepted - sent;
  }

  protected override errorOf(end: NativeEnd): Error {
    const { settings, outbox, attempt } = this;
    switch (end.reason) {
      case Reason.IDLE:
        return idleTimeout(settings.idleTimeout);
      case Reason.FRAME:
        return frameTimeout(settings.frameTimeout);
      case Reason.LINGER:
        return lingerTimeout(settings.lingerTimeout);
      case Reason.TRUNCATED:
        return fileTruncated(outbox.fileAt(end.tally[TallyAt.SENT] as number));
      case Reason.CONNECT:
        return attempt?.failure(end.detail) ?? systemError(0, 'connect');
      default:
        return super.errorOf(end);
    }
  }

  protected override work(): void {
    this.open();
    const { flooded } = this.outbox;
    if (flooded !== null && !this.closing) {
      if (!this.ending) this.#reportOverflow(flooded);
      this.close({ reason: 'overflow', error: flooded });
    }
    this.inbox.deliverHeld();
    this.#delivered();
  }

  /** Tells the reactor how to cut from now on, if that is news to it. */
  reframe(): void {
    if (this.index < 0 || this.phase !== 'open' || this.closing || this.ending) return;
    const request = this.inbox.takeRequest();
    if (request !== null) this.reactor.submission.reframe(this, request);
  }

  /** What the budget of an earlier turn has left. */
  goOn(): void {
    this.#awaitsTurn = false;
    this.inbox.deliverHeld();
    this.#delivered();
  }

  // ── What the inbox asks and says ────────────────────────────────────────────────────────────

  get receptive(): boolean {
    const may = !this.paused && !this.closing && !this.ending && !this.#awaitsTurn;
    return may && this.phase === 'open';
  }

  get listens(): boolean {
    return this.channel.onRead !== this.defaults.onRead;
  }

  deliver(frame: Buffer | string): void {
    this.frames += 1;
    try {
      this.channel.onRead(frame as never);
    } catch (error) {
      this.reactor.uncaught(error);
    }
    const { budget } = this.reactor.turn;
    budget.count();
    if (budget.overdrawn) this.#pauseForTurn();
  }

  overflow(detail: string, again: boolean): void {
    const { framing, limit } = this.inbox;
    const error = frameOverflow(detail, limit);
    if (!again) this.#reportOverflow(error);
    const unchanged = framing === this.inbox.framing && limit === this.inbox.limit;
    if (this.ending) return;
    if (again || unchanged) this.close({ reason: 'overflow', error });
  }

  undeliverable(error: Error): void {
    this.hook(() => this.channel.onError(error));
    this.close({ reason: 'error', error });
  }

  // ── Below ───────────────────────────────────────────────────────────────────────────────────

  /** As a pause that ends by itself. */
  #pauseForTurn(): void {
    if (this.#awaitsTurn) return;
    this.#awaitsTurn = true;
    this.inbox.changed = true;
    this.reactor.turn.goOnLater(this);
  }

  protected override exit(): void {
    this.server?.left(this);
    super.exit();
  }

  takeFields(): void {
    takeFields(this.channel, this);
  }

  get #wantsDrain(): boolean {
    return this.channel.onWrite !== this.defaults.onWrite;
  }

  #take(socket: AcceptedSocket): void {
    socket.take();
    this.outbox.begin();
    this.reactor.registry.begin(this);
    this.join(socket.index, socket.generation);
    this.#attach(socket);
    this.keepAlive();
  }

  #attach(socket: AcceptedSocket): void {
    this.socket = socket;
    this.phase = 'opening';
    this.enter(socket.fileno);
  }

  /** Passes on what was asked while there was no socket to ask it of. */
  #opened(): void {
    this.#tellPause();
    if (!this.inbox.isEmpty) this.schedule();
    if (this.ending) this.#request(Op.END);
    else if (this.shut) this.#request(Op.SHUTDOWN);
  }

  /**
   * Has the reactor stop reading, or go on: that only when all that is held has been delivered.
   * Otherwise each `resume()` would let it read more than the `pause()` that follows lets through.
   */
  #tellPause(): void {
    const halt = this.paused || this.inbox.isFull;
    if (halt === this.#halted || this.index < 0 || this.phase !== 'open') return;
    this.#halted = halt;
    this.#request(halt ? Op.PAUSE : Op.RESUME);
  }

  #reframe(framing: Framing): void {
    // An integer delimiter that is larger raises the limit for as long as it holds.
    const { bufferSize } = this.settings;
    const fixed = framing.kind === FramingKind.FIXED;
    const limit = fixed ? Math.max(bufferSize, framing.parameter) : bufferSize;
    if (!this.inbox.set(framing, limit) || this.phase !== 'open') return;
    this.reactor.turn.reframeSoon(this);
    if (!this.inbox.isEmpty) this.schedule();
  }

  #request(op: number): void {
    if (this.index < 0 || this.phase !== 'open') return;
    this.reactor.submission.request(op, this);
  }

  /**
   * The reactor times the frames that it cuts; where bytes are cut here, so are frames timed here.
   */
  #watchFrame(): void {
    const ms = this.settings.frameTimeout;
    if (ms === 0) return;
    const partial = this.receptive ? this.inbox.partial : null;
    if (partial !== null && partial.after === this.#frameAt) return;
    clearTimeout(this.#frameTimer);
    this.#frameAt = partial?.after ?? -1;
    if (partial === null) return;
    const error = frameTimeout(ms);
    this.#frameTimer = setTimeout(() => this.close({ reason: 'timeout', error }), ms).unref();
  }

  /** After frames were delivered, or could not be: what follows them. */
  #delivered(): void {
    this.#tellPause();
    this.#watchFrame();
    if (this.inbox.requestDue) this.reactor.turn.reframeSoon(this);
    if (this.#finished && !this.#ended && this.receptive) this.#deliverEnd();
    if (this.#due !== null) this.#finish();
  }

  #deliverEnd(): void {
    const rest = this.inbox.rest();
    if (rest === null) return;
    this.#ended = true;
    if (this.channel.onEnd !== this.defaults.onEnd) {
      this.hook(() => this.channel.onEnd(rest as never));
    }
    if (this.shut || !this.settings.allowHalfOpen) this.end('others');
  }

  #reportOverflow(error: Error): void {
    this.#why = { reason: 'overflow', error };
    this.hook(() => this.channel.onOverflowError(error as never));
    if (!this.closing) this.#why = { reason: 'close' };
  }

  /** `onError` or `onConnectError`, and `onClose`, when what was received before is through. */
  #finish(): void {
    const info = this.#due;
    if (info === null || this.phase === 'closed') return;
    if (!this.closing && !this.ending) {
      const { error } = info;
      const inOrder = this.#finished && !this.#ended;
      const isLeft = this.phase === 'open' && (!this.inbox.isEmpty || inOrder);
      if (this.#awaitsTurn && isLeft) return;
      // What came before the end waits for `resume()`; but not where time is up, and where that
      // would wait in turn, for an `onWrite` that will not come.
      const awaitsDrain = this.outbox.awaited && this.#wantsDrain;
      const waits = info.reason !== 'timeout' && !awaitsDrain;
      if (this.paused && isLeft && waits) return;
      const connecting = this.phase === 'connecting';
      this.closing = true;
      this.outbox.end('others');
      if (error !== undefined && info.reason === 'error') {
        this.hook(() => {
          if (connecting) this.channel.onConnectError(error);
          else this.channel.onError(error);
        });
      }
    }
    this.closing = true;
    this.phase = 'closed';
    clearTimeout(this.#frameTimer);
    this.inbox.clear();
    const told: CloseInfo = { ...info, unsentBytes: this.outbox.pending };
    // Also where nothing native has: what was kept for a socket is let go.
    this.outbox.settle(told.unsentBytes);
    this.outbox.end('others');
    this.letGo();
    this.exit();
    if (!this.silent) this.hook(() => this.channel.onClose(told));
    this.socket = null;
    this.reactor.registry.finish(this);
    this.server?.released(this);
  }
}
