/** A stream-oriented, connecting channel. */

import type { ReadableStream, WritableStream } from 'node:stream/web';

import type { Destination } from '../check/address.ts';
import { connectAnywhere } from '../check/destination.ts';
import { type FileLike, FileRequest } from '../check/file.ts';
import { checkFlush, socketOptions } from '../check/options.ts';
import { Family, Flag } from '../generated/wire.ts';
import { defineFields, streamFields } from '../link/fields.ts';
import { link } from '../link/link.ts';
import { StreamLink } from '../link/stream-link.ts';
import type {
  Address,
  AddressLike,
  ChannelError,
  CloseInfo,
  DescriptorOptions,
  FrameFor,
  FramesOptions,
  Gathered,
  HookError,
  PeerCredentials,
  ProxyInfo,
  ReadDelimiter,
  Socket,
  SocketOptions,
  StreamProperties,
  StreamStats,
  WaitOptions,
} from '../types.ts';
import type { ServerChannel } from './accepted.ts';
import { ChannelDuplex } from './adapters/duplex.ts';
import { type FrameOf, framesOf } from './adapters/frames.ts';
import type { FrameIterator } from './adapters/iterator.ts';
import { coverable } from './adapters/own.ts';
import { drainedOf } from './adapters/promises.ts';
import { readableOf, writableOf } from './adapters/web.ts';
import { Channel } from './engine.ts';
import type { ConnectOptions, StreamOptions, UnixConnectOptions } from './options.ts';
import { begin, connectTo, family, setupOf, startConnect } from './stream-setup.ts';
import { warnUnhandled } from './unhandled.ts';

/**
 * A stream-oriented channel: bytes in order, cut into frames as `readDelimiter` says. `A` is what
 * its addresses are: an `Address` for TCP, a path for Unix sockets.
 *
 * ```ts
 * class Shout extends Client {
 *   readDelimiter = '\r\n';
 *   readEncoding = 'utf8' as const;
 *   onConnect() { this.write('hello\r\n'); }
 *   onRead(line: string) { console.log(line); }
 * }
 * new Shout().connect('localhost', 4040);
 * ```
 */
export class Stream<A extends Address | string = Address | string>
  extends Channel
  implements StreamProperties
{
  /** @internal */
  readonly [link]: StreamLink;
  /** What the constructor was given; a call's own options come before. */
  #options: ConnectOptions;

  declare readDelimiter: ReadDelimiter;
  declare readEncoding: StreamProperties['readEncoding'];
  declare bufferSize: number;
  declare highWaterMark: number;
  declare maxPendingBytes: number;
  declare allowHalfOpen: boolean;
  declare idleTimeout: number;
  declare frameTimeout: number;
  declare lingerTimeout: number;

  /**
   * `new Stream({ fd })` takes over a socket that was connected elsewhere, TCP or Unix. It is
   * connected from the start; `onConnect` follows from the event loop.
   *
   * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`. For `fd` also what the operating system
   *   says: `EBADF` (not open), `ENOTSOCK`, `ENOTCONN`; then the descriptor is still the caller's
   */
  constructor(options?: ConnectOptions & DescriptorOptions);
  /**
   * Wraps a socket that `onAccept` was given: so a server makes its connections. `onConnect`
   * follows from the event loop; the connection's `server` is the server.
   *
   * @throws `ERR_INVALID_ARG_TYPE`; `ERR_CHANNEL_CLOSED` for a socket that is closed or taken;
   *   `ERR_INVALID_ARG_VALUE` for a server or an option `engine` with another engine
   */
  constructor(socket: Socket<A>, server: ServerChannel<Stream>, options?: StreamOptions);
  constructor(first?: unknown, second?: unknown, third?: unknown) {
    super(link);
    const setup = setupOf(this[family], first, second, third);
    this[link] = new StreamLink(this, Stream.prototype, setup.engine, setup.settings);
    this.#options = setup.options;
    begin(this[link], setup);
  }

  /** @internal */
  get [family](): number {
    return Family.NONE;
  }

  /**
   * This end's address; `null` before there is one, after `onClose`, and for a Unix socket that has
   * no name.
   */
  get localAddr(): A | null {
    return this[link].localAddr as A | null;
  }

  /** The peer's address; `null` where `localAddr` would be. */
  get remoteAddr(): A | null {
    return this[link].remoteAddr as A | null;
  }

  /**
   * The process at the other end of a Unix socket, as the operating system vouches for it: as it
   * was when the two were connected. `null` for TCP, before that, and where the platform does not
   * say.
   */
  get peerCredentials(): PeerCredentials | null {
    return this[link].peerCredentials;
  }

  /**
   * What a proxy has said of this connection, where its server has `proxyProtocol`: then `remoteAddr`
   * and `localAddr` are those of the connection to the proxy. `null` where none has said anything,
   * and after `onClose`.
   */
  get proxy(): ProxyInfo | null {
    return this[link].proxy;
  }

  /** Bytes received, those included that `onRead` was not given yet; see `stats()`. */
  get bytesRead(): number {
    return this[link].stats().bytesRead;
  }

  /** Bytes accepted by `write()` and `writeFile()`, pending ones included. */
  get bytesWritten(): number {
    return this[link].outbox.accepted;
  }

  /** Bytes accepted by `write()` and `writeFile()`, and not yet by the operating system. */
  get pendingBytes(): number {
    return this[link].outbox.pending;
  }

  /** Counters since the channel began; they can be read in `onClose` and after it, too. */
  override stats(): StreamStats {
    return this[link].stats();
  }

  /**
   * Connects to an address or to a path: `([host, port])`, `({ host, port })`, `(port)`, or, for a
   * Unix socket, `('/path')`, `({ path })`. Options may stand behind it, or in the object. What each
   * of them does: see `Client` and `UnixClient`.
   *
   * @throws `ERR_CHANNEL_ACTIVE`, `ERR_CHANNEL_CLOSED`, `ERR_ENGINE_CLOSED`,
   *   `ERR_UNIX_UNSUPPORTED`, and for wrong arguments `ERR_INVALID_ARG_TYPE`,
   *   `ERR_INVALID_ARG_VALUE`, `ERR_SOCKET_BAD_PORT`; then nothing happens
   */
  connect(
    to:
      | AddressLike
      | (AddressLike & ConnectOptions)
      | string
      | ({ path: string } & UnixConnectOptions),
    options?: ConnectOptions,
  ): this;
  connect(first: unknown, second?: unknown): this {
    const { to, options } = connectAnywhere(first, second);
    return this[connectTo](to, options);
  }

  /** @internal */
  [connectTo](to: Destination, options: ConnectOptions): this {
    const all = { ...this.#options, ...options };
    startConnect(this[link], to, options, all);
    this.#options = all;
    return this;
  }

  /**
   * Sends; the bytes are taken at the call. What is written in one turn of the event loop leaves
   * together (what a hook has written, after half a millisecond of other hooks); `flush` sends it now.
   * The pieces of an array leave one after the other, and are accepted or refused as a whole.
   *
   * Returns false when more than `highWaterMark` is pending: wait for `onWrite`. Nothing that was
   * accepted is dropped silently: `onClose` counts what never left. With more than
   * `maxPendingBytes` pending before the call, the data is refused: `onOverflowError` follows, and
   * the channel closes.
   *
   * Where the channel has ended by no wish of this side (the peer finished, an error, a timeout, a
   * limit, a connect that failed), the data is dropped, counted in `stats().refusedBytes`, and false
   * returned: who writes to many channels need not ask which of them are still there.
   *
   * @throws `ERR_CHANNEL_NOT_CONNECTED` before `connect()`; `ERR_CHANNEL_CLOSED` after this side's
   *   own `end()`, `shutdown()`, `close()` or its server's `close()`; `ERR_INVALID_ARG_TYPE`
   *   (also for a `flush` that is no boolean), `ERR_BUFFER_DETACHED`
   */
  write(data: Gathered, flush = false): boolean {
    return this[link].write(data, checkFlush(flush));
  }

  /**
   * Sends a file, or part of it, in order with what is written before and after; the bytes go from
   * the file to the socket without passing through JavaScript, or (by `sendfile(2)`, on Linux,
   * macOS and FreeBSD) through the memory of this process at all. They count as those of `write()`
   * do: in what is returned, `pendingBytes`, `bytesWritten`, `onWrite` and `unsentBytes`; but not
   * towards `maxPendingBytes`, as they take no memory.
   *
   * `nbytes` bytes are sent from `offset` on; 0 is all up to the end that the file has at this call.
   * (Files as those in `/proc`, whose size the system gives as 0, have no bytes to send.)
   * The position of a descriptor is neither used nor moved.
   *
   * The file is opened (or its descriptor duplicated) during the call, and checked; nothing is sent
   * where that throws. Afterwards it may be closed, renamed or deleted: it is still sent. What is
   * written into it before it has left is sent as it is then. When it becomes shorter than what is
   * to be sent, the channel fails with `ERR_FILE_TRUNCATED` after its last byte; nothing is padded.
   *
   * The reactor reads the file as it sends it, 64 KiB at a time and 256 KiB before other channels
   * have their turn. Where those are not in the page cache it waits for the disk, and the engine's
   * other channels wait with it: serve slow disks from an `Engine` of their own.
   *
   * Each file that is pending holds a descriptor, whether or not you wait for `onWrite`. Where
   * `write()` would drop its data, the file is not even opened.
   *
   * @throws what `fs.openSync()` and `fs.fstatSync()` throw (`ENOENT`, `EACCES`, `EMFILE`, `EBADF`,
   *   …), `EISDIR`, `ERR_INVALID_ARG_VALUE` for what is no regular file or a range that is not in
   *   it, `ERR_INVALID_ARG_TYPE`, and as `write()` does `ERR_CHANNEL_NOT_CONNECTED` and
   *   `ERR_CHANNEL_CLOSED`
   */
  writeFile(file: FileLike, nbytes = 0, offset = 0, flush = false): boolean {
    return this[link].writeFile(new FileRequest(file, nbytes, offset), checkFlush(flush));
  }

  /** Sends now what was written in this turn. */
  flush(): void {
    this[link].reactor.submission.flush();
  }

  /**
   * Whether small writes are sent at once (`TCP_NODELAY`): the option `noDelay`. On a channel that is
   * not connected yet it holds when it is. A Unix socket has no such thing.
   *
   * @throws `ERR_INVALID_ARG_TYPE`
   */
  setNoDelay(noDelay = true): this {
    return this.#setOptions({ noDelay });
  }

  /**
   * Whether keep-alive probes are sent, and when: the option `keepAlive`, as `KeepAliveOptions` has
   * its times. What is 0 or left out stays as it is. Before it is connected: as `setNoDelay()`.
   *
   * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
   */
  setKeepAlive(enable = false, idle = 0, interval = 0, count = 0): this {
    const probes = count === 0 ? { idle, interval } : { idle, interval, count };
    // What is no boolean is refused as the option is.
    return this.#setOptions({ keepAlive: enable === true ? probes : enable });
  }

  /**
   * Resolves with the next `onWrite`, after that hook, or at once where nothing is pending: the whole
   * of back-pressure is `if (!channel.write(data)) await channel.drained();`. Rejects when the channel
   * closes before: with what has closed it, or `ERR_CHANNEL_CLOSED`; `ABORT_ERR` by the signal.
   */
  drained(options?: WaitOptions): Promise<void> {
    return drainedOf(this[link], options);
  }

  /**
   * The frames, as `readDelimiter` cuts them, instead of `onRead`; `for await (const frame of channel)`
   * is the same with the defaults. The other hooks run as ever. From this call on what is not asked for
   * waits, and the peer is held back when `highWaterMark` frames do; so a channel that is paused may be
   * read so.
   *
   * ```ts
   * for await (const line of channel) {
   *   if (!channel.write(answerTo(line))) await channel.drained();
   * }
   * ```
   *
   * It ends when the peer has finished sending, after what no delimiter completed where `rest` is true,
   * and when this side closes the channel. It throws what has closed the channel otherwise: what
   * `onConnectError`, `onError` or `onOverflowError` gets, or a timeout's error; `ABORT_ERR` by the signal.
   *
   * A delimiter that is set in the loop's body holds from the very next byte. Leaving the loop early
   * (`break`, `return`, an error) ends the channel, as by `end()`, unless `keepOpen` is true: then
   * `onRead` gets what follows, or another `frames()`.
   *
   * @throws `ERR_CHANNEL_ACTIVE` where something else reads it so; `ERR_INVALID_ARG_TYPE`,
   *   `ERR_INVALID_ARG_VALUE`, `ERR_UNKNOWN_OPTION`
   */
  frames(options?: FramesOptions): FrameIterator<FrameOf<this['readEncoding']>> {
    return framesOf(this[link], options);
  }

  /** As `frames()`. */
  [Symbol.asyncIterator](): FrameIterator<FrameOf<this['readEncoding']>> {
    return framesOf(this[link], undefined);
  }

  /**
   * A Duplex of Node that owns the channel from then on, for all that takes one: `stream.pipeline`,
   * `readline`, `tls.connect({ socket })`, `server.emit('connection', duplex)` of `node:http`, clients of
   * databases. It reads bytes as they arrive, whatever `readDelimiter` and `readEncoding` say; hooks
   * but `onRead` run as ever.
   *
   * Back-pressure works both ways. Its `end()` is `shutdown()`; where the peer finishes first, it ends
   * by itself when what is written has left, unless the channel has `allowHalfOpen` (as the sockets of a
   * server of `node:http` have: one that is given a Duplex wants it, too). `destroy()` is `close()`, and the other way round. What closes the channel otherwise is its `'error'`, with Node's
   * codes. `'connect'` and `'ready'` follow `onConnect`; `'close'` follows `onClose`.
   *
   * @throws `ERR_CHANNEL_ACTIVE` where something else reads the channel, a `frames()` or a Duplex
   */
  toDuplex(): ChannelDuplex {
    return new ChannelDuplex(this[link], this);
  }

  /**
   * What arrives, as a Web stream of bytes (also for BYOB readers), whatever `readDelimiter` and
   * `readEncoding` say; made when it is first asked for, and instead of `onRead`. It closes when the peer
   * has finished, and fails with what closes the channel otherwise. `cancel()` ends the channel; where
   * `writable` was asked for, what comes is dropped instead.
   *
   * @throws `ERR_CHANNEL_ACTIVE` where something else reads the channel
   */
  get readable(): ReadableStream<Uint8Array> {
    return readableOf(this[link]);
  }

  /**
   * A Web stream that takes what `write()` takes, with its back-pressure; made when it is first asked
   * for. From then on the channel stays writable when the peer has finished, until the writer closes
   * it. `close()` is `shutdown()`, `abort()` is `close()`; it fails with what closes the channel.
   */
  get writable(): WritableStream<Gathered> {
    return writableOf(this[link]);
  }

  /** Delivers no further frame, and stops reading, so that the peer feels it. */
  pause(): this {
    this[link].pause();
    return this;
  }

  /** Takes `pause()` back. Frames follow from the event loop, never inside this call. */
  resume(): this {
    this[link].resume();
    return this;
  }

  /**
   * Finishes sending (FIN) when what is pending has left; reading goes on.
   *
   * @throws `ERR_CHANNEL_NOT_CONNECTED` before `connect()`
   */
  shutdown(): void {
    this[link].shutdown();
  }

  /**
   * Writes `data`, if given; then sends what is pending and closes, without losing the tail to a
   * reset when the peer is still sending: what it sends is read and dropped, until it finishes or
   * `lingerTimeout` has passed without progress. Further hooks: `onWrite`, `onClose`. A second call
   * is a no-op, unless it has data, which throws.
   *
   * @throws what `write(data)` throws; then nothing has happened. Without data: nothing
   */
  end(data?: Gathered): void {
    if (data !== undefined) this[link].write(data, false);
    this[link].end();
  }

  /**
   * Closes at once: what is pending is dropped, and counted in `onClose`'s `unsentBytes`. No other
   * hook follows. A second call is a no-op.
   *
   * Where bytes are dropped so (also by a timeout, a limit, or `server.close()`), the peer of a TCP
   * connection gets a reset: it shall not take what it got for all there was. What the operating
   * system had accepted, and not sent yet, is lost with it.
   */
  close(): void {
    this[link].close();
  }

  /**
   * `close()`, by a reset (RST) whatever is pending: a proxy passes its peer's reset on so. Before
   * there is a connection, and on a Unix socket, it is a plain `close()`.
   */
  reset(): void {
    this[link].close({ reason: 'close' }, Flag.RESET);
  }

  /** The channel is connected. */
  onConnect(): void {}

  /**
   * The connect has failed; `onClose` follows. The default tells of it by `process.emitWarning()`, a
   * `PantsWarning`, once for each class and code.
   */
  onConnectError(error: HookError): void {
    warnUnhandled(this, 'onConnectError', error);
  }

  /** A frame: a Buffer, or a string where `readEncoding` is set. */
  onRead(_data: FrameFor<this>): void {}

  /** Everything written so far has been handed to the operating system; once per drain. */
  onWrite(): void {}

  /**
   * The peer has finished sending; `rest` is what no delimiter completed. Unless `allowHalfOpen` is
   * set, the channel ends after this hook as if by `end()`.
   */
  onEnd(_rest: FrameFor<this>): void {}

  /**
   * A frame outgrew `bufferSize`, or what was pending `maxPendingBytes`. The default closes the
   * channel. A hook that sets another `readDelimiter` or `bufferSize` has the bytes cut again; one
   * that does neither has the channel closed.
   */
  onOverflowError(_error: ChannelError): void {
    this.close();
  }

  /** The socket has failed; `onClose` follows. The default does nothing: peers may reset. */
  onError(_error: HookError): void {}

  /** The channel has closed. Exactly once, and the last hook. */
  onClose(_info: CloseInfo): void {}

  #setOptions(changed: SocketOptions): this {
    const options = { ...this.#options, ...changed };
    this[link].setSocketOptions(socketOptions(options));
    this.#options = options;
    return this;
  }
}

coverable(Stream.prototype, 'readable', 'writable');
defineFields(Stream.prototype, streamFields);
