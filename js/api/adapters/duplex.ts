/** A stream channel as a Duplex of Node, for all that takes one. */

import { Duplex } from 'node:stream';

import { channelClosed } from '../../check/errors.ts';
import { Flag } from '../../generated/wire.ts';
import type { Watcher } from '../../link/link.ts';
import type { StreamLink } from '../../link/stream-link.ts';
import type { Taker } from '../../link/taker.ts';
import type { Address } from '../../types.ts';

/** Whose callback tells that something is over, and how. */
type Done = (error?: Error | null) => void;

/** @internal A stream channel, as far as its Duplex needs it. */
export interface StreamFace {
  readonly localAddr: Address | string | null;
  readonly remoteAddr: Address | string | null;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  setNoDelay(noDelay: boolean): unknown;
  setKeepAlive(enable: boolean, idle: number): unknown;
  connect(to: never): unknown;
}

/** Where a Duplex connects to. */
export type DuplexTarget = { port: number; host?: string | undefined } | { path: string };

const soon = Promise.resolve();

/**
 * What `toDuplex()` gives: a Duplex with what a `net.Socket` has beside. Its errors are those of the
 * channel, with Node's codes.
 */
export class ChannelDuplex extends Duplex {
  /** What `setTimeout()` was given. */
  timeout = 0;
  #link: StreamLink;
  #channel: StreamFace;
  #wants = false;
  /** The peer has finished sending, and that has been passed on. */
  #isAtEnd = false;
  #timer: NodeJS.Timeout | undefined;
  /** How much of what is buffered the channel has. */
  #inFlight = 0;
  /** Who waits for what is pending; one at a time. */
  #done: Done = () => {};
  #drain: Watcher = {
    drained: () => this.#drained(),
    closed: ({ error }) => this.#drained(error ?? channelClosed('write()')),
  };

  /** @internal */
  constructor(link: StreamLink, channel: StreamFace) {
    const { allowHalfOpen, highWaterMark } = link.settings;
    super({
      allowHalfOpen,
      decodeStrings: false,
      readableHighWaterMark: 65_536,
      writableHighWaterMark: highWaterMark,
    });
    this.#link = link;
    this.#channel = channel;
    const { told } = link;
    if (told !== null) {
      process.nextTick(() => this.destroy(told.error));
      return;
    }
    link.give('toDuplex()', this.#taker());
    link.beginRaw();
    // When the peer finishes, what is still buffered here leaves first.
    link.configure({ ...link.settings, allowHalfOpen: true });
  }

  /** A connect is under way. */
  get connecting(): boolean {
    return this.#link.readyState === 'opening';
  }

  /** It is not connected yet. */
  get pending(): boolean {
    return this.connecting || this.#link.readyState === 'idle';
  }

  /** As of a `net.Socket`. */
  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.connecting) return 'opening';
    if (this.readable) return this.writable ? 'open' : 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  /** Bytes received, those included that nobody has read yet. */
  get bytesRead(): number {
    return this.#channel.bytesRead;
  }

  /** Bytes written, those included that have not left yet. */
  get bytesWritten(): number {
    return this.#channel.bytesWritten + this.writableLength - this.#inFlight;
  }

  get remoteAddress(): string | undefined {
    return addressOf(this.#channel.remoteAddr)?.address;
  }

  get remotePort(): number | undefined {
    return addressOf(this.#channel.remoteAddr)?.port;
  }

  get remoteFamily(): string | undefined {
    return addressOf(this.#channel.remoteAddr)?.family;
  }

  get localAddress(): string | undefined {
    return addressOf(this.#channel.localAddr)?.address;
  }

  get localPort(): number | undefined {
    return addressOf(this.#channel.localAddr)?.port;
  }

  get localFamily(): string | undefined {
    return addressOf(this.#channel.localAddr)?.family;
  }

  /** This end's address; empty where there is none, and for a Unix socket. */
  address(): Address | Record<string, never> {
    return addressOf(this.#channel.localAddr) ?? {};
  }

  /**
   * Connects the channel, as clients do that are given a stream: `'connect'` and `'ready'` follow.
   *
   * @throws as the channel's `connect()`
   */
  connect(port: number, host?: string, listener?: () => void): this;
  connect(port: number, listener?: () => void): this;
  connect(path: string, listener?: () => void): this;
  connect(to: DuplexTarget, listener?: () => void): this;
  connect(first: unknown, second?: unknown, third?: unknown): this {
    const listener = typeof second === 'function' ? second : third;
    if (typeof listener === 'function') this.once('connect', listener as () => void);
    this.#channel.connect(targetOf(first, second) as never);
    return this;
  }

  /** Whether small writes are sent at once. */
  setNoDelay(noDelay = true): this {
    if (this.#link.told === null) this.#channel.setNoDelay(noDelay !== false);
    return this;
  }

  /** Whether keep-alive probes are sent, and after how many milliseconds of silence. */
  setKeepAlive(enable = false, initialDelay = 0): this {
    if (this.#link.told === null) this.#channel.setKeepAlive(Boolean(enable), initialDelay);
    return this;
  }

  /**
   * Emits `'timeout'` when nothing was sent or received for so many milliseconds; 0: never. It ends
   * nothing; the channel's `idleTimeout` does.
   */
  setTimeout(timeout: number, listener?: () => void): this {
    this.timeout = timeout;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (timeout > 0) {
      if (listener !== undefined) this.once('timeout', listener);
      if (!this.destroyed) this.#timer = setTimeout(() => this.emit('timeout'), timeout).unref();
    } else if (listener !== undefined) {
      this.off('timeout', listener);
    }
    return this;
  }

  /** The channel keeps the process alive. That is the default. */
  ref(): this {
    this.#link.setRef(true);
    return this;
  }

  unref(): this {
    this.#link.setRef(false);
    return this;
  }

  /** Destroys it when all that was written has left. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  /** Destroys it by a reset, as the channel's `reset()`. */
  resetAndDestroy(): this {
    this.#link.close({ reason: 'close' }, Flag.RESET);
    return this.destroy();
  }

  // ── What streams ask ────────────────────────────────────────────────────────────────────────

  /** @internal */
  override _read(): void {
    if (this.#wants) return;
    this.#wants = true;
    void soon.then(this.#supply);
  }

  /** @internal */
  override _write(chunk: string | Uint8Array, encoding: BufferEncoding, done: Done): void {
    this.#inFlight = chunk.length;
    this.#send(bytesOf(chunk, encoding), done);
  }

  /** @internal Several at once, as one. */
  override _writev(
    chunks: { chunk: string | Uint8Array; encoding: BufferEncoding }[],
    done: Done,
  ): void {
    this.#inFlight = chunks.reduce((sum, { chunk }) => sum + chunk.length, 0);
    this.#send(
      chunks.map(({ chunk, encoding }) => bytesOf(chunk, encoding)),
      done,
    );
  }

  /** @internal */
  override _final(done: Done): void {
    const link = this.#link;
    if (link.phase === 'idle' || link.told !== null) {
      link.close();
      done();
      return;
    }
    link.shutdown();
    this.#whenDrained(done);
  }

  /** @internal */
  override _destroy(error: Error | null, done: Done): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wants = false;
    const link = this.#link;
    if (link.told !== null) {
      done(error);
      return;
    }
    const isOver = error === null && this.#isAtEnd && this.writableFinished;
    if (isOver) link.end();
    else link.close();
    link.watch({ closed: () => done(error) });
  }

  // ── Below ───────────────────────────────────────────────────────────────────────────────────

  #supply = (): void => this.#link.supply();

  #send(data: Piece | Piece[], done: Done): void {
    const link = this.#link;
    this.#timer?.refresh();
    try {
      link.write(data, false);
      if (link.outbox.refuses) done(link.told?.error ?? channelClosed('write()'));
      else this.#whenDrained(done);
    } catch (error) {
      done(error as Error);
    }
  }

  /**
   * As of a `net.Socket`: when the operating system has taken it, so that who destroys it then loses
   * nothing. What is written meanwhile waits here, and follows as one.
   */
  #whenDrained(done: Done): void {
    const link = this.#link;
    if (link.outbox.pending === 0) {
      this.#inFlight = 0;
      done();
      return;
    }
    this.#done = done;
    link.watch(this.#drain);
  }

  #drained(error?: Error): void {
    const done = this.#done;
    this.#link.unwatch(this.#drain);
    this.#timer?.refresh();
    this.#inFlight = 0;
    done(error);
  }

  /** (An object of its own: what a stream has under these names is something else.) */
  #taker(): Taker {
    const duplex = this;
    return {
      most: 1,
      // Its buffer is the reader's affair, as that of a net.Socket.
      isBusy: false,
      get wants() {
        return duplex.#wants;
      },
      onRead: (bytes) => this.#received(bytes),
      onEnd: (rest) => {
        if (rest.length > 0) this.#received(rest);
        this.#isAtEnd = true;
        // An event of its own, as of a net.Socket: what came before it may be answered first.
        setImmediate(() => this.push(null));
      },
      opened: () => {
        this.#timer?.refresh();
        this.emit('connect');
        this.emit('ready');
      },
      closed: ({ reason, error }) => {
        // In order: who reads comes to the end by himself.
        const inOrder = reason === 'end' && this.#isAtEnd && this.writableEnded;
        if (!inOrder) this.destroy(error);
      },
    };
  }

  #received(bytes: Buffer | string): void {
    this.#timer?.refresh();
    this.#wants = this.push(bytes);
    if (!this.#wants) this.#link.satisfied();
  }
}

type Piece = string | Uint8Array;

/** What a channel sends of it: strings as UTF-8. */
function bytesOf(chunk: Piece, encoding: BufferEncoding): Piece {
  if (typeof chunk !== 'string') return chunk;
  return encoding === 'utf8' || encoding === 'utf-8' ? chunk : Buffer.from(chunk, encoding);
}

function addressOf(address: Address | string | null): Address | undefined {
  return typeof address === 'string' || address === null ? undefined : address;
}

function targetOf(first: unknown, second: unknown): object {
  if (typeof first === 'number') {
    return { port: first, ...(typeof second === 'string' && { host: second }) };
  }
  if (typeof first === 'string') return { path: first };
  const { port, host, path } = first as { port?: number; host?: string; path?: string };
  if (path !== undefined) return { path };
  return { port, ...(host !== undefined && { host }) };
}
