import type { Socket } from 'node:net';

import { copyAll, decoded } from './bytes.ts';
import { Channel } from './channel.ts';
import { Countdown } from './countdown.ts';
import { codedError, notConnected } from './errors.ts';
import { checkFileArguments, type FileLike, FilePiece } from './file.ts';
import { Framer } from './framer.ts';
import { type FrameSource, Frames, type FramesOptions } from './frames.ts';
import { warnMisspelt } from './misspelt.ts';
import { checkFlush, checkMilliseconds, checkStreamOptions } from './options.ts';
import { type Delimiter, parseDelimiter } from './read-delimiter.ts';
import { Sender } from './sender.ts';
import { checkProperty, DEFAULTS, PROPERTIES, type Settings } from './settings.ts';
import {
  canReset,
  filenoOf,
  localAddressOf,
  remoteAddressOf,
  reset,
  resetError,
  wasReset,
} from './socket.ts';
import type {
  Address,
  CloseInfo,
  Data,
  ReadDelimiter,
  ReadyState,
  StreamOptions,
  Writable,
} from './types.ts';

/** A connected, or connecting, byte stream: a `Stream`, but for how it gets its socket. */
export abstract class ByteStream extends Channel {
  // Accessors, defined below: declared as properties, so that a class field may take their place.
  declare readDelimiter: ReadDelimiter;
  declare readEncoding: string | null;
  declare bufferSize: number;
  declare highWaterMark: number;
  declare maxPendingBytes: number;
  declare allowHalfOpen: boolean;
  declare idleTimeout: number;
  declare frameTimeout: number;
  declare lingerTimeout: number;

  #settings: Settings = DEFAULTS;
  #delimiter: Delimiter = { kind: 'none' };

  #phase: 'idle' | 'opening' | 'open' | 'closed' = 'idle';
  #paused = false;
  /** As much waits for another delimiter than 0 as may. */
  #full = false;
  /** This side, or the end of the peer, has ended writing. */
  #writingEnded = false;
  /** `shutdown()`, `end()` or `close()` was called: a write throws from then on. */
  #endedHere = false;
  /** `end()` was called: no hooks any more but onWrite and onClose. */
  #ended = false;
  /** Nothing more will arrive: the peer sent FIN, or the socket failed. */
  #readingEnded = false;
  #onEndCalled = false;
  #failure: Error | null = null;
  /** Set while onOverflowError runs. */
  #overflow: Error | null = null;
  #closeInfo: CloseInfo | null = null;

  #socket: Socket | null = null;
  #socketClosed = false;
  /** `reset()` was called. */
  #reset = false;
  #referenced = true;
  #localAddr: Address | string | null = null;
  #remoteAddr: Address | string | null = null;

  readonly #framer = new Framer();
  readonly #source: FrameSource & { info: CloseInfo | null } = {
    info: null,
    frames: null as Frames<unknown> | null,
    deliver: () => this.#deliver(),
    dispose: () => this._dispose(),
  };
  readonly #sender = new Sender({
    drained: () => this.#drained(),
    failed: (error) => this.#failed(error),
    fileFailed: (error) => {
      this.#readingEnded = true;
      this.#failed(error);
    },
    finished: () => this.#linger(),
  });
  #bytesRead = 0;
  /** A write has returned false: whoever made it waits for onWrite. */
  #awaited = false;
  #bytesQueued = 0;
  #refusedBytes = 0;
  /** `maxPendingBytes` has refused a write: it refuses all that follow. */
  #refusing = false;

  readonly #idle = new Countdown(() => this.#timedOut('ERR_IDLE_TIMEOUT', 'idle for too long'));
  readonly #frame = new Countdown(() => this.#timedOut('ERR_FRAME_TIMEOUT', 'incomplete frame'));
  readonly #lingering = new Countdown(() => this.#lingerTimedOut());
  #pendingAtLinger = 0;

  constructor(options: StreamOptions = {}) {
    super();
    this._configure(options);
  }

  static {
    for (const name of PROPERTIES) {
      Object.defineProperty(ByteStream.prototype, name, {
        get(this: ByteStream): unknown {
          return Reflect.get(this.#settings, name);
        },
        set(this: ByteStream, value: never) {
          checkProperty(name, value);
          this.#change({ [name]: value });
          if (name === 'idleTimeout') this.#watchIdle();
          if (name === 'frameTimeout') this.#watchFrame(true);
          if (name === 'lingerTimeout') this.#linger();
          // The bytes that wait may be cut differently now.
          if (this.#phase === 'open') setImmediate(() => this.#deliver());
        },
      });
    }
  }

  // State

  get readyState(): ReadyState {
    if (this.#phase !== 'open') return this.#phase;
    if (this.#writingEnded) return 'readOnly';
    return this.#onEndCalled ? 'writeOnly' : 'open';
  }

  get localAddr(): Address | string | null {
    return this.#localAddr;
  }

  get remoteAddr(): Address | string | null {
    return this.#remoteAddr;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Handed to the operating system. */
  get bytesWritten(): number {
    return this.#bytesQueued;
  }

  get pendingBytes(): number {
    return this.#phase === 'closed' ? 0 : this.#sender.pendingBytes;
  }

  stats(): { refusedBytes: number } {
    return { refusedBytes: this.#refusedBytes };
  }

  ref(): this {
    this.#referenced = true;
    this.#socket?.ref();
    return this;
  }

  unref(): this {
    this.#referenced = false;
    this.#socket?.unref();
    return this;
  }

  // Reading

  pause(): void {
    this.#paused = true;
    if (!this.#ended) this.#socket?.pause();
    this.#watchFrame(false);
  }

  resume(): void {
    this.#paused = false;
    if (this.#phase !== 'open') return;
    if (!this.#full) this.#socket?.resume();
    setImmediate(() => this.#deliver());
  }

  // Writing

  write(data: Writable | Writable[], flush = false): boolean {
    checkFlush(flush);
    const bytes = copyAll(data);
    return this.#add('write', flush, bytes.length, () => bytes);
  }

  writeFile(file: FileLike, nbytes = 0, offset = 0, flush = false): boolean {
    checkFileArguments(file, nbytes, offset);
    checkFlush(flush);
    return this.#add('writeFile', flush, nbytes, () => new FilePiece(file, nbytes, offset));
  }

  #add(what: string, flush: boolean, size: number, make: () => Buffer | FilePiece): boolean {
    if (this.#endedHere) {
      throw codedError('ERR_CHANNEL_CLOSED', `${what} after the channel was ended or closed`);
    }
    if (this.#phase === 'idle') throw notConnected(what);
    const pending = this.#sender.pendingInMemory;
    const gone = this.#phase === 'closed' || this.#writingEnded;
    if (gone || this.#refusing || pending > this.#settings.maxPendingBytes) {
      if (!gone) this.#refuse(pending);
      this.#refusedBytes += size;
      return false;
    }
    const piece = make();
    this.#bytesQueued += piece.length;
    this.#sender.add(piece);
    if (flush) this.flush();
    const flows = this.#sender.pendingBytes <= this.#settings.highWaterMark;
    this.#awaited ||= !flows;
    return flows;
  }

  flush(): void {
    this.#sender.flush();
  }

  // Options of the socket

  setNoDelay(noDelay = true): this {
    return this.#setOptions({ noDelay });
  }

  setKeepAlive(enable = false, idle = 0, interval = 0, count = 0): this {
    checkMilliseconds({ idle }, 'idle');
    checkMilliseconds({ interval }, 'interval');
    checkMilliseconds({ count }, 'count');
    return this.#setOptions({ keepAlive: enable === true ? { idle, interval, count } : enable });
  }

  #setOptions(options: StreamOptions): this {
    checkStreamOptions(options);
    this.#change(options);
    if (this.#socket !== null && this.#phase === 'open') this.#setSocketOptions(this.#socket);
    return this;
  }

  #setSocketOptions(socket: Socket): void {
    const { noDelay = true, keepAlive = false } = this.#settings;
    socket.setNoDelay(noDelay);
    if (typeof keepAlive === 'object') socket.setKeepAlive(true, keepAlive.idle ?? 0);
    else socket.setKeepAlive(keepAlive);
  }

  async drained({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    const refuses = this.#refusing || (this.#writingEnded && !this.#endedHere);
    const isIdle = this.pendingBytes === 0 && !refuses && this.#phase !== 'closed';
    if (!isIdle || signal?.aborted) await this._waits.next('drained', signal);
  }

  frames(options?: FramesOptions): Frames<Data> {
    const frames = new Frames<Data>(this.#source, options);
    this.resume();
    return frames;
  }

  [Symbol.asyncIterator](): Frames<Data> {
    return this.frames();
  }

  // Ending

  protected override _dispose(): void {
    if (this.#phase === 'opening' && this.#bytesQueued === 0) this.close();
    else this.end();
  }

  shutdown(): void {
    if (this.#phase === 'idle') throw notConnected('shutdown');
    if (this.#phase === 'closed' || this.#writingEnded) return;
    this.#endedHere = true;
    this.#writingEnded = true;
    this.#sender.end();
  }

  end(data?: Writable | Writable[]): void {
    if (data !== undefined) this.write(data);
    if (this.#phase === 'closed' || this.#ended) return;
    this.#endedHere = true;
    this.#end();
  }

  #end(): void {
    if (this.#phase === 'closed' || this.#ended) return;
    if (this.#phase === 'idle') this.#finish('end');
    else if (this.#failure !== null) this.#finish('error', this.#failure);
    else this.#endOpen();
  }

  #endOpen(): void {
    this.#ended = true;
    this.#writingEnded = true;
    this.#watchFrame(false);
    // What still arrives is read and dropped, or the kernel would answer it with a reset.
    this.#socket?.resume();
    this.#sender.end();
    this.#linger();
    this.#finishIfBothEnded();
  }

  close(): void {
    if (this.#overflow !== null) {
      this.#finish('overflow', this.#overflow);
    } else {
      this.#endedHere ||= this.#closeInfo === null;
      this.#finish('close');
    }
  }

  reset(): void {
    this.#reset = true;
    this.close();
  }

  // For Client and Connection

  protected _configure(options: StreamOptions): void {
    checkStreamOptions(options);
    const given = Object.entries(options).filter(([, value]) => value !== undefined);
    this.#change(Object.fromEntries(given));
  }

  /** The fields of a subclass are there only when its constructor has returned. */
  protected _adoptFields(): void {
    for (const name of PROPERTIES) {
      if (!Object.hasOwn(this, name)) continue;
      const value = Reflect.get(this, name) as never;
      checkProperty(name, value);
      Reflect.deleteProperty(this, name);
      Reflect.set(this, name, value);
    }
  }

  protected _begin(): void {
    this.#phase = 'opening';
  }

  protected _attach(socket: Socket): void {
    this.#socket = socket;
    this.#localAddr = localAddressOf(socket);
    this.#remoteAddr = remoteAddressOf(socket);
    if (!this.#referenced) socket.unref();
    socket.on('end', () => {
      this.#readingEnded = true;
      if (wasReset(socket)) this.#failure ??= resetError();
      if (this.#failure === null) this.#framer.end();
      this.#deliver();
    });
    socket.on('error', (error) => {
      // What node:net had buffered when the socket failed came before the failure.
      for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) this.#received(chunk);
      this.#readingEnded = true;
      this.#failed(error);
    });
    socket.on('close', () => {
      this.#socketClosed = true;
      if (this.#closeInfo !== null) this.#emitClose();
      else this.#finishIfBothEnded();
    });
  }

  /** The socket is connected. */
  protected _open(): void {
    const socket = this.#socket;
    if (socket === null || this.#phase !== 'opening') return;
    this.#phase = 'open';
    this.#localAddr = localAddressOf(socket);
    this.#remoteAddr = remoteAddressOf(socket);
    this.#setSocketOptions(socket);
    this._opened(filenoOf(socket));
    this.#watchIdle();
    warnMisspelt(this, ByteStream.prototype);
    if (!this.#ended) this._hook(() => this.onConnect());
    this._waits.tell('opened');
    if (this.readyState === 'closed') return;
    this.#sender.start(socket);
    this.#linger();
    socket.on('data', (chunk: Buffer) => {
      this.#received(chunk);
      this.#deliver();
    });
    if (this.#paused && !this.#ended) socket.pause();
    else socket.resume();
    if (this.#delimiter.kind === 'nothing') setImmediate(() => this.#deliver());
  }

  protected _connectFailed(error: Error): void {
    if (this.#phase !== 'opening') return;
    this.#finish('error', error);
    if (!this.#ended) this._hook(() => this.onConnectError(error));
  }

  /** The last hook has returned. */
  protected _afterClose(): void {}

  // What happens on the socket

  #received(chunk: Buffer): void {
    this.#bytesRead += chunk.length;
    this.#watchIdle();
    if (!this.#ended) this.#framer.push(chunk);
  }

  #drained(): void {
    this.#awaited = false;
    this.#watchIdle();
    if (this.#phase !== 'open') return;
    this._hook(() => this.onWrite());
    this._waits.tell('drained');
  }

  /** A failed read also ends reading; after a failed write what is left is read first. */
  #failed(error: Error): void {
    this.#failure ??= error;
    if (this.#phase === 'opening') this._connectFailed(error);
    else if (this.#ended) this.#finish('error', error);
    else if (!this.#isWanted && (this.#awaited || this._waits.drainIsAwaited)) this.#fail(error);
    else this.#deliver();
  }

  #fail(error: Error): void {
    this.#finish('error', error);
    this._hook(() => this.onError(error));
  }

  /** Whether whoever reads would have a frame now. */
  get #isWanted(): boolean {
    return !this.#paused && this.#source.frames?.wants !== false;
  }

  get #mayDeliver(): boolean {
    return this.#phase === 'open' && !this.#ended && this.#isWanted;
  }

  /** Delivers whatever can be delivered now. Called from the event loop only. */
  #deliver(): void {
    let delivered = false;
    while (this.#mayDeliver) {
      const { bufferSize, readEncoding } = this.#settings;
      const cut = this.#framer.cut(this.#delimiter, bufferSize, readEncoding);
      if (cut.kind === 'none') break;
      delivered = true;
      if (cut.kind === 'frame') this.#read(decoded(cut.data, readEncoding));
      else this.#frameTooLong(cut.error);
    }
    this.#watchFrame(delivered);
    this.#holdBack();
    if (this.#mayDeliver && this.#readingEnded) this.#deliverEnd();
  }

  #read(frame: Data): void {
    const { frames } = this.#source;
    if (frames !== null) frames.give(frame);
    else this._hook(() => this.onRead(frame));
  }

  /** Under a delimiter of 0 no more than bufferSize may wait: the peer is to feel it. */
  #holdBack(): void {
    const waits = this.#delimiter.kind === 'nothing' && !this.#ended;
    // Simple: what an iterator leaves waiting is counted in bytes.
    const left = this.#source.frames !== null && !this.#isWanted && this.#framer.length > 65_536;
    const full = left || (waits && this.#framer.length >= this.#settings.bufferSize);
    if (full === this.#full) return;
    this.#full = full;
    if (full) this.#socket?.pause();
    else if (!this.#paused) this.#socket?.resume();
  }

  #deliverEnd(): void {
    if (this.#failure !== null) {
      this.#fail(this.#failure);
      return;
    }
    if (this.#onEndCalled) return;
    this.#onEndCalled = true;
    const rest = decoded(this.#framer.takeRest(), this.#settings.readEncoding);
    this._hook(() => this.onEnd(rest));
    this.#source.frames?.ended(rest);
    if (!this.#settings.allowHalfOpen) this.#end();
    this.#finishIfBothEnded();
  }

  #frameTooLong(error: Error): void {
    this.#overflow = error;
    this._hook(() => this.onOverflowError(error));
    this.#overflow = null;
    const { bufferSize, readEncoding } = this.#settings;
    if (this.#phase !== 'open' || this.#ended) return;
    if (this.#framer.overflows(this.#delimiter, bufferSize, readEncoding)) {
      this.#finish('overflow', error);
    }
  }

  #refuse(pending: number): void {
    if (this.#refusing) return;
    this.#refusing = true;
    const limit = `${pending} bytes are pending, maxPendingBytes is ${this.#settings.maxPendingBytes}`;
    const error = codedError('ERR_PENDING_OVERFLOW', limit);
    setImmediate(() => {
      if (this.#phase === 'closed') return;
      this.#overflow = error;
      if (!this.#ended) this._hook(() => this.onOverflowError(error));
      this.#overflow = null;
      this.#finish('overflow', error);
    });
  }

  #change(options: StreamOptions): void {
    this.#settings = { ...this.#settings, ...options };
    this.#delimiter = parseDelimiter(this.#settings.readDelimiter);
    if ('readDelimiter' in options) this.#framer.set(this.#delimiter);
  }

  // Timers

  #watchIdle(): void {
    const { idleTimeout } = this.#settings;
    this.#idle.stop();
    if (idleTimeout > 0 && this.#phase === 'open') this.#idle.start(idleTimeout);
  }

  /** A frame that has begun must be complete within `frameTimeout`. */
  #watchFrame(another: boolean): void {
    const { frameTimeout } = this.#settings;
    const { kind } = this.#delimiter;
    const begun = this.#framer.length > 0 && kind !== 'none' && kind !== 'nothing';
    if (!begun || !this.#mayDeliver || another) this.#frame.stop();
    if (begun && this.#mayDeliver && frameTimeout > 0) this.#frame.start(frameTimeout);
  }

  #timedOut(code: string, message: string): void {
    this.#finish('timeout', codedError(code, message));
  }

  /** After `end()` the peer must take the tail, and then finish too; but not be waited for for ever. */
  #linger(): void {
    if (!this.#ended || this.#phase !== 'open') return;
    this.#pendingAtLinger = this.#sender.pendingBytes;
    this.#lingering.restart(this.#settings.lingerTimeout);
  }

  #lingerTimedOut(): void {
    const pending = this.#sender.pendingBytes;
    if (pending === 0) this.#finish('end');
    else if (pending < this.#pendingAtLinger) this.#linger();
    else this.#timedOut('ERR_LINGER_TIMEOUT', 'end() made no progress');
  }

  // Closing

  #finishIfBothEnded(): void {
    if (this.#socketClosed && (this.#ended || this.#onEndCalled)) this.#finish('end');
  }

  #finish(reason: CloseInfo['reason'], error?: Error): void {
    if (this.#closeInfo !== null) return;
    const unsentBytes = this.#sender.pendingBytes;
    this.#closeInfo = error ? { reason, error, unsentBytes } : { reason, unsentBytes };
    this.#phase = 'closed';
    for (const countdown of [this.#idle, this.#frame, this.#lingering]) countdown.stop();
    const cutOff = unsentBytes > 0 || this.#refusing || this.#reset;
    if (this.#socket === null || this.#socketClosed) setImmediate(() => this.#emitClose());
    else if (cutOff && canReset(this.#socket)) reset(this.#socket);
    else this.#socket.destroy();
    this.#sender.close();
  }

  #emitClose(): void {
    const info = this.#closeInfo;
    if (info === null) return;
    this._closed();
    this._hook(() => this.onClose(info));
    this._waits.tellClosed(info);
    this.#source.info = info;
    this.#source.frames?.finish(info.error ?? null);
    this.#localAddr = null;
    this.#remoteAddr = null;
    this._afterClose();
  }
}
