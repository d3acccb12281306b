// The public types of pants-native, generated from js/index.ts by `npm run build:ts`.

/// <reference types="node" />

import { BlockList, LookupFunction } from 'node:net';
import { Duplex } from 'node:stream';
import {
  ReadableStream as ReadableStream$1,
  WritableStream as WritableStream$1,
} from 'node:stream/web';

/** Both ends of a TCP channel are told like this. */
export interface Address {
  /**
   * The numeric address, `'127.0.0.1'` or `'::1'`; a link-local one with its zone. An IPv4 address
   * is told in its own form, also where a socket for both families has it as `'::ffff:127.0.0.1'`;
   * that form is taken wherever an address is.
   */
  address: string;
  port: number;
  family: 'IPv4' | 'IPv6';
}
/** The process at the other end of a Unix socket, when the two were connected. */
export interface PeerCredentials {
  /** `null` where the platform does not say, or the process is in another PID namespace. */
  pid: number | null;
  uid: number;
  gid: number;
}
/**
 * Wherever an address is taken: a port alone, `[host, port]`, `{ host?, port }`, or what
 * `localAddr` gives back.
 */
export type AddressLike =
  | number
  | readonly [host: string | null, port: number]
  | {
      host?: string | null | undefined;
      port: number;
    }
  | {
      address: string;
      port: number;
    };
/** What a proxy has said of a connection, by the PROXY protocol. */
export interface ProxyInfo {
  version: 1 | 2;
  /** `'LOCAL'`: the proxy speaks for itself, as when it checks its server's health. */
  command: 'PROXY' | 'LOCAL';
  /** What stands behind the addresses, in the order in which it came; version 2 only. */
  tlvs: {
    type: number;
    value: Buffer;
  }[];
  /** The proxy's own address; `null` on a Unix socket without a name, `port` on any. */
  address: string | null;
  port: number | null;
}
/** A socket that was accepted, before a channel has taken it. `A`: its addresses; a Unix one's are paths. */
export interface Socket<A extends Address | string = Address> {
  /** The descriptor's number. */
  readonly fileno: number;
  readonly localAddr: A | null;
  readonly remoteAddr: A | null;
  /** The process at the other end, where it is a Unix socket and the platform says so. */
  readonly peerCredentials: PeerCredentials | null;
  /** Closes a socket that no channel has taken. A no-op afterwards. */
  close(): void;
}
/** Counters of a stream since it began. */
export interface StreamStats {
  /** Bytes received from the operating system. */
  bytesRead: number;
  /** Bytes accepted by `write()` and `writeFile()`. */
  bytesWritten: number;
  /** Of those, bytes that the operating system has not taken yet. */
  pendingBytes: number;
  /**
   * Bytes that `write()` and `writeFile()` have dropped, and returned false: written after the
   * channel had ended by no wish of this side, or past `maxPendingBytes`. A refused file counts its
   * `nbytes`: it is not opened to learn its size.
   */
  refusedBytes: number;
  /**
   * Bytes that the reactor has taken from the operating system, and `onRead` was not given yet:
   * they wait for a delimiter, for `resume()`, or for this thread.
   */
  waitingBytes: number;
  /** How often `onRead` was called, if it is overridden: frames, or pieces without a delimiter. */
  frames: number;
  /** System calls that read bytes of this channel. */
  reads: number;
  /** System calls that sent bytes of this channel. */
  writes: number;
}
/** Counters of a `Datagram` since it began. */
export interface DatagramStats extends StreamStats {
  /** Datagrams that arrived and were lost; see `Datagram`'s `drops`. */
  drops: number;
}
/** Counters of a server since it began. */
export interface ServerStats {
  /** Connections accepted. */
  accepted: number;
  /** Connections refused by `maxConnections` or by `blockList`. */
  refused: number;
  /** Connections closed because their proxy's header was missing, malformed or late. */
  badProxyHeaders: number;
  /** Connections that are open. */
  connections: number;
}
/** Counters of an engine since it began: of all its channels, also of those that have closed. */
export interface EngineStats {
  /** Rounds of the reactor's loop. */
  turns: number;
  /** Times the reactor woke the JS thread. */
  rings: number;
  /** Connections accepted. */
  accepted: number;
  /** Connections refused by `maxConnections` or by `blockList`. */
  refused: number;
  bytesRead: number;
  bytesWritten: number;
  /** How often `onRead` was called. */
  frames: number;
  /** System calls that read. */
  reads: number;
  /** System calls that wrote. */
  writes: number;
  /** Datagrams that arrived and were lost; see `Datagram`'s `drops`. */
  drops: number;
  /** Open sockets. */
  channels: number;
  /** Batches of completions that wait for the JS thread. */
  queuedBatches: number;
  /** Batches of submissions that wait for the reactor. */
  queuedSubmissions: number;
  /** Bytes of memory kept for large writes; given back where it is not needed for a second. */
  spareBytes: number;
  /** Who drives the reactor just now: its thread, or the event loop of the JS thread. */
  driver: 'thread' | 'loop';
  /** How often the event loop has taken over from the thread; see {@link EngineOptions.driver}. */
  handOvers: number;
}
/** The codes of the errors that the package itself makes. System errors have Node's. */
export type ErrorCode =
  | 'ABORT_ERR'
  | 'ERR_ADDON_LOAD_FAILED'
  | 'ERR_ADDON_NOT_INSTALLED'
  | 'ERR_ADDON_VERSION_MISMATCH'
  | 'ERR_ADDONS_DISABLED'
  | 'ERR_BUFFER_DETACHED'
  | 'ERR_CHANNEL_ACTIVE'
  | 'ERR_CHANNEL_CLOSED'
  | 'ERR_CHANNEL_NOT_CONNECTED'
  | 'ERR_DATAGRAM_TRUNCATED'
  | 'ERR_ENGINE_CLOSED'
  | 'ERR_ENGINE_FAILED'
  | 'ERR_FILE_TRUNCATED'
  | 'ERR_FRAME_OVERFLOW'
  | 'ERR_FRAME_TIMEOUT'
  | 'ERR_IDLE_TIMEOUT'
  | 'ERR_ILLEGAL_CONSTRUCTOR'
  | 'ERR_INVALID_ARG_TYPE'
  | 'ERR_INVALID_ARG_VALUE'
  | 'ERR_LIBC_TOO_OLD'
  | 'ERR_LINGER_TIMEOUT'
  | 'ERR_PENDING_OVERFLOW'
  | 'ERR_PROXY_HEADER'
  | 'ERR_SENDER_EVICTED'
  | 'ERR_SOCKET_BAD_PORT'
  | 'ERR_UNIX_UNSUPPORTED'
  | 'ERR_UNKNOWN_OPTION'
  | 'ERR_UNSUPPORTED_PLATFORM';
/** An error that the package itself makes. */
export interface ChannelError extends Error {
  code: ErrorCode;
  /** Whose datagrams it is about, where it is about datagrams. */
  address?: string;
  port?: number;
}
/** An error of the operating system, with the fields that Node gives it. */
export interface SystemError extends Error {
  /** `'ECONNREFUSED'`, `'EADDRINUSE'`, … */
  code: string;
  /** Negative, as Node has it. */
  errno: number;
  syscall: string;
  address?: string;
  port?: number;
  /** The file that could not be opened. */
  path?: string;
  /** The name that was looked up, where the look-up failed. */
  hostname?: string;
  /** Every attempt, where a connect tried several addresses. */
  errors?: SystemError[];
}
/** What hooks are given: an error of this package, or one of the operating system. */
export type HookError = ChannelError | SystemError;
/** What `write()` takes. A string is sent as UTF-8. The bytes are taken at the call. */
export type Data = string | ArrayBufferView | ArrayBufferLike;
/** As `Data`, or several pieces of it that belong together. */
export type Gathered = Data | readonly Data[];
/** What `onRead` gets: a string where `readEncoding` is set. */
export type Frame = Buffer | string;
/**
 * What `onRead` and `onEnd` of a class get, as far as its `readEncoding` says: strings for a class field
 * such as `readEncoding = 'utf8' as const`, Buffers for `readEncoding = null`. Where it only says that
 * it may be anything, the hook's own parameter does: `Buffer`, `string`, or `Frame` for both.
 */
export type FrameFor<C> = C extends {
  readEncoding: null;
}
  ? Buffer
  : C extends {
        readEncoding: BufferEncoding;
      }
    ? string
    : Buffer & string;
/** Options of `lengthPrefix`. */
export interface LengthPrefixOptions {
  /** The header's size; `'varint'`: an unsigned LEB128, as Protocol Buffers have it. */
  bytes: 1 | 2 | 4 | 8 | 'varint';
  /** The order of the header's bytes. Default: `'big'`; a varint has its own, which is little. */
  endian?: 'big' | 'little' | undefined;
  /** Added to the header's value to get the body's length. Default: 0. */
  adjust?: number | undefined;
}
/** A delimiter made by `lengthPrefix`. */
export interface LengthPrefix {
  readonly bytes: 1 | 2 | 4 | 8 | 'varint';
  readonly endian: 'big' | 'little';
  readonly adjust: number;
  /**
   * A body with its header in front, as one Buffer: what `readDelimiter` cuts on the other side. A
   * string is encoded as UTF-8. The header's value is the body's length, less `adjust`.
   *
   * @throws `ERR_INVALID_ARG_VALUE` where the header cannot hold that; `ERR_INVALID_ARG_TYPE`,
   *   `ERR_BUFFER_DETACHED`
   */
  encode(body: Data): Buffer;
}
/**
 * How a stream's bytes become frames:
 *
 * - `null`: data as it arrives
 * - a string (as UTF-8) or bytes: everything up to that sequence, which is dropped
 * - a positive integer: exactly that many bytes
 * - 0, on streams only: one empty frame for each time it is set, then nothing until another value is
 *   set, so that a protocol that counts needs no special case for a length of 0. What arrives
 *   meanwhile waits, up to `bufferSize`; then the peer is held back
 * - `lengthPrefix(…)`: the body behind a length header
 * - a `RegExp`: everything up to the match, which is dropped
 *
 * A `RegExp` is matched in linear time, as the bytes come, and with the same result however they
 * come: a match counts as soon as no further byte can change it, or when the peer has finished. So
 * `/\r?\n/`, `/\s\s/` and `/\s\s+?/` cut at once; `/\r\n?|\n/` waits for the byte behind a `\r`, and
 * `/\s\s+/` for one that is no space, as each space belongs to the match. A protocol whose peer
 * waits for an answer at that place wants a delimiter with a certain end. A match longer than
 * 65,536 bytes is an overflow, as is a frame longer than `bufferSize`.
 *
 * The bytes are taken as UTF-8; a character is a code point, with or without the flag `u`; what is
 * no UTF-8 matches nothing. `^` is the beginning of the frame, under `m` of a line too; `$` is the
 * end of the stream. The flags `d` and `g` and `lastIndex` mean nothing here.
 *
 * Most patterns cost one look-up a byte. Those with large counted repetitions (`/.{1,500};/`,
 * `/x[^]{10}y/`) are determinized as the bytes come, in at most 2 MiB a pattern and thread: a byte
 * not seen before at such a place costs a step for each way to match that is on its way, hundreds
 * of times as much. A channel has some milliseconds of that a turn; then others are served.
 *
 * `ERR_INVALID_ARG_VALUE` where that cannot be done: look-ahead, look-behind, back-references; the
 * flags `v` and `y`; `$` under `m`; `\b` under `iu`; old octal and incomplete escapes; what matches
 * the empty string, or nothing at all; and repetitions so large that the pattern takes more than
 * 32,768 states: one for each byte of a character, up to some 300 for a property such as `\p{L}`,
 * times what its counts multiply to. To find that out, or to compile a pattern, takes a few
 * milliseconds at most.
 */
export type ReadDelimiter =
  | null
  | string
  | number
  | ArrayBufferView
  | ArrayBufferLike
  | LengthPrefix
  | RegExp;
/**
 * Keep-alive probes. Times are in milliseconds, at most 32,767,000; the operating system counts in
 * seconds, to which they are rounded up. 0 or left out: the operating system's default.
 */
export interface KeepAliveOptions {
  /** Silence before the first probe. */
  idle?: number;
  /** Time between probes. */
  interval?: number;
  /** Probes without an answer before the connection fails. */
  count?: number;
}
/** Options of a TCP socket. */
export interface SocketOptions {
  /** Send small writes at once. Default: true. */
  noDelay?: boolean | undefined;
  /** Default: false. */
  keepAlive?: boolean | KeepAliveOptions | undefined;
  /** `SO_RCVBUF` in bytes. Default: the operating system's. */
  recvBufferSize?: number | undefined;
  /** `SO_SNDBUF` in bytes. Default: the operating system's. */
  sendBufferSize?: number | undefined;
  /**
   * `TCP_USER_TIMEOUT` in milliseconds (on Linux; elsewhere it does nothing): how long what was sent
   * may stay unacknowledged before the connection fails with `ETIMEDOUT`. Default: 0, the operating
   * system's.
   */
  userTimeout?: number | undefined;
  /**
   * The type of service of what is sent, 0 to 255: `IP_TOS` and `IPV6_TCLASS`, a DSCP times 4. On
   * Windows it does nothing. Default: 0, the operating system's.
   */
  typeOfService?: number | undefined;
}
interface FlowCallOptions {
  /** Default: null; of a datagram channel, a datagram is a frame then. */
  readDelimiter?: ReadDelimiter | undefined;
  /** Default: null, `onRead` gets Buffers. */
  readEncoding?: BufferEncoding | (string & {}) | null | undefined;
  /** How much may wait for a delimiter: of one sender, where they are datagrams. Default: 65,536. */
  bufferSize?: number | undefined;
  /** `write()` and `writeFile()` return false above this much pending. Default: 65,536. */
  highWaterMark?: number | undefined;
  /** A writer that ignores `false` is stopped here; files do not count. Default: 64 MiB. */
  maxPendingBytes?: number | undefined;
  /** How long `end()` waits without progress for the peer to take the tail. Default: 5,000. */
  lingerTimeout?: number | undefined;
}
interface StreamCallOptions extends SocketOptions, FlowCallOptions {
  /** Stay writable when the peer has finished sending. Default: false. */
  allowHalfOpen?: boolean | undefined;
  /** Close when nothing was sent or received for so long. Default: never. */
  idleTimeout?: number | undefined;
  /** Close when a frame that has begun is not complete after so long. Default: never. */
  frameTimeout?: number | undefined;
}
interface UnixConnectCallOptions extends StreamCallOptions {
  /** Bounds name look-up and all attempts together; a Unix socket decides at once. Default: none. */
  connectTimeout?: number | undefined;
  /** Aborts the connect (`ABORT_ERR`). Fired later, it closes the channel, as by `close()`. */
  signal?: AbortSignal | undefined;
}
interface ConnectCallOptions extends UnixConnectCallOptions {
  /** The address to connect from. */
  localAddress?: string | undefined;
  /** The port to connect from. Default: any. */
  localPort?: number | undefined;
  /** Only this family. Default: 0, both. */
  family?: 0 | 4 | 6 | 'IPv4' | 'IPv6' | undefined;
  /** Looks names up. Default: `dns.lookup`. */
  lookup?: LookupFunction | undefined;
}
/** Options of `drained()`. */
export interface WaitOptions {
  /** Ends the wait: the promise rejects with `ABORT_ERR`. The channel goes on. */
  signal?: AbortSignal | undefined;
}
/** Options of `frames()` of a `Datagram`. */
export interface DatagramFramesOptions {
  /**
   * Ends the iteration: it throws `ABORT_ERR`. Frames that wait are not given any more by this loop;
   * with `keepOpen`, the next `frames()` or `onRead` gets them.
   */
  signal?: AbortSignal | undefined;
  /** So many frames may wait for the loop before the channel stops reading. Default: 64. */
  highWaterMark?: number | undefined;
  /** The channel goes on when the loop is left early, or aborted. Default: false, it ends. */
  keepOpen?: boolean | undefined;
}
/** Options of `frames()`. */
export interface FramesOptions extends DatagramFramesOptions {
  /** What no delimiter has completed when the peer finishes is the last frame. Default: false. */
  rest?: boolean | undefined;
}
/** A socket that was made elsewhere: inherited, or passed by a supervisor. */
export interface DescriptorOptions {
  /**
   * Its descriptor. The channel owns it from then on, and closes it; nobody else may use it. Where
   * adopting it fails, it stays the caller's.
   */
  fd?: number | undefined;
}
interface DatagramCallOptions extends FlowCallOptions {
  /** Only this family, or Unix sockets. Default: IPv6 and IPv4 alike. */
  family?: 0 | 4 | 6 | 'IPv4' | 'IPv6' | 'unix' | undefined;
  /** With a delimiter: of how many senders something may wait. Default: 1,024. */
  maxSenders?: number | undefined;
  /** Let others bind the same address (`SO_REUSEADDR`). Default: false. */
  reuseAddr?: boolean | undefined;
  /** Let others bind the same address, and share what is sent to it. Default: false. */
  reusePort?: boolean | undefined;
  /** On an IPv6 address: no IPv4. Default: false. */
  ipv6Only?: boolean | undefined;
  /** Let it send to broadcast addresses. Default: false. */
  broadcast?: boolean | undefined;
  /** `SO_RCVBUF`: what arrives while it is full is dropped. */
  recvBufferSize?: number | undefined;
  /** `SO_SNDBUF`. */
  sendBufferSize?: number | undefined;
  /** Unix sockets: the permissions of the file. Default: what the process's umask leaves. */
  mode?: number | undefined;
  /** Looks names up. Default: `dns.lookup`. */
  lookup?: LookupFunction | undefined;
  /** Closes the channel when aborted. */
  signal?: AbortSignal | undefined;
}
interface AnyListenOptions extends StreamCallOptions {
  /** Connections that may wait to be accepted. Default: 1024. */
  backlog?: number | undefined;
  /** Connections beyond this number are closed at once, by the reactor. Default: none. */
  maxConnections?: number | undefined;
  /**
   * Connections come from a proxy, which says in front of each whose it is (the PROXY protocol, versions
   * 1 and 2): `remoteAddr`, `localAddr` and `blockList` are about that one then, `channel.proxy` is what
   * was said. The header is read by the reactor, before `onConnect`. Where it is missing, malformed, or
   * not whole after `frameTimeout` (or 5 s), the connection is closed, counted in
   * `stats().badProxyHeaders`, and told to `onError` with `ERR_PROXY_HEADER`, at most 100 times a second.
   *
   * `'optional'`: what begins otherwise, or says nothing for that time, is served as it is. Only for
   * servers that nobody but proxies can reach: anybody else could name any address. Default: false.
   */
  proxyProtocol?: boolean | 'optional' | undefined;
  /** Closes the server when aborted. */
  signal?: AbortSignal | undefined;
}
/** Options of `listen()`; those of a stream are the defaults of the server's connections. */
export interface ListenOptions extends AnyListenOptions {
  /** On an IPv6 address: no IPv4. Default: false. */
  ipv6Only?: boolean | undefined;
  /** Share the port with other sockets that ask for the same. Default: false. */
  reusePort?: boolean | undefined;
  /**
   * Who may not connect: such connections are closed at once, by the reactor, and counted as refused.
   * Its rules are read by `listen()`; for those that are added later, see `setBlockList()`.
   */
  blockList?: BlockList | undefined;
}
/** Options of `UnixServer.listen()`; those of a stream are the defaults of its connections. */
export interface UnixListenOptions extends AnyListenOptions {
  /**
   * The permissions of the socket's file, such as `0o600`: who may connect. They hold before the
   * first connection can be made. Default: what the process's umask leaves of `0o777`.
   */
  mode?: number | undefined;
}
/** How an engine's reactor works. */
export interface EngineOptions {
  /**
   * Who drives the reactor. `'auto'`: its thread does, and while there is little to do, and the JS
   * thread is idle, Node's own event loop, which saves a lone request one wake-up. As soon as there is
   * more, or JavaScript runs for more than 20 ms, it is the thread's again: limits and timeouts hold
   * all the time. On Linux the event loop drives, too, while large data comes and other programs leave
   * the two threads no more than one core. `'thread'`: its thread, always; so it is on Windows, and where this is not Node.js.
   *
   * @default 'auto'
   */
  driver?: 'auto' | 'thread';
}
interface FlowProperties {
  /**
   * `null` (default): `onRead` gets Buffers, which are yours for ever. An encoding that Buffer
   * knows: strings; a character that is split over reads of a stream never breaks. Data that is longer
   * than a string may be ends the channel: `onError` with Node's `ERR_STRING_TOO_LONG`.
   */
  readEncoding: BufferEncoding | (string & {}) | null;
  /**
   * The option of that name. It can be set at any time, and as a class field: what is written next
   * is judged by it.
   *
   * Setting throws `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`, and then changes nothing.
   */
  highWaterMark: number;
  /** The option of that name; see `highWaterMark`. */
  maxPendingBytes: number;
  /**
   * The option of that name; see `highWaterMark`. Its clock begins anew when it is set, after `end()`,
   * too; 0 stops it.
   */
  lingerTimeout: number;
}
interface StreamProperties extends FlowProperties {
  /**
   * How the bytes become frames; see `ReadDelimiter`. Default: null.
   *
   * It can be set at any time. Set inside `onRead`, it holds from the very next byte, also for
   * bytes that were received already. Set elsewhere, what is buffered is cut again at once.
   *
   * Setting throws `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`, and then changes nothing.
   */
  readDelimiter: ReadDelimiter;
  /**
   * How many bytes may wait for a delimiter. Default: 65,536. A frame of exactly that size passes,
   * one byte more is an overflow. An integer delimiter that is larger raises it.
   */
  bufferSize: number;
  /** The option of that name; see `highWaterMark`. */
  allowHalfOpen: boolean;
  /**
   * The option of that name; see `highWaterMark`. Its clock begins anew when it is set, however long
   * nothing has happened; 0 stops it.
   */
  idleTimeout: number;
  /** The option of that name; see `idleTimeout`. A frame that has begun has so long from then on. */
  frameTimeout: number;
}
interface DatagramProperties extends FlowProperties {
  /**
   * `null` (default): each datagram is given to `onRead` as it is, an empty one too. Otherwise the
   * bytes of each sender become frames as a stream's do, over the bounds of datagrams; see
   * `ReadDelimiter`. It can be set at any time, and holds from the very next byte. 0 is for streams:
   * who sends datagrams cannot be held back.
   *
   * Setting throws `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`, and then changes nothing.
   */
  readDelimiter: ReadDelimiter;
  /**
   * With a delimiter: how many bytes of one sender may wait for it. Default: 65,536. All senders
   * together may leave 64 times as much waiting.
   */
  bufferSize: number;
  /** The option of that name; see `highWaterMark`. */
  maxSenders: number;
}
/**
 * - `'idle'`: neither `connect()` nor `listen()` was called
 * - `'opening'`: connecting
 * - `'open'`: both ways
 * - `'readOnly'`: this side has finished sending
 * - `'writeOnly'`: the peer has finished sending
 * - `'listening'`: a server that accepts, a datagram channel that is bound
 * - `'closed'`
 */
export type ReadyState =
  | 'idle'
  | 'opening'
  | 'open'
  | 'readOnly'
  | 'writeOnly'
  | 'listening'
  | 'closed';
/**
 * Why a channel has closed:
 *
 * - `'close'`: this side called `close()`
 * - `'end'`: in order; `end()` has finished, or the peer has and nothing was left to send
 * - `'error'`: the connect or the socket failed
 * - `'overflow'`: a frame outgrew `bufferSize`, or what was pending `maxPendingBytes`
 * - `'timeout'`: `idleTimeout`, `frameTimeout` or, after `end()`, `lingerTimeout`
 */
export type CloseReason = 'close' | 'end' | 'error' | 'overflow' | 'timeout';
/** What `onClose` is told. */
export interface CloseInfo {
  reason: CloseReason;
  /** There for `'error'`, `'overflow'` and `'timeout'`. */
  error?: Error & {
    code?: string;
  };
  /**
   * Bytes that `write()` and `writeFile()` had accepted and that never reached the operating system.
   */
  unsentBytes: number;
}
/** Where a Duplex connects to. */
export type DuplexTarget =
  | {
      port: number;
      host?: string | undefined;
    }
  | {
      path: string;
    };
/**
 * What `toDuplex()` gives: a Duplex with what a `net.Socket` has beside. Its errors are those of the
 * channel, with Node's codes.
 */
export declare class ChannelDuplex extends Duplex {
  #private;
  /** What `setTimeout()` was given. */
  timeout: number;
  /** A connect is under way. */
  get connecting(): boolean;
  /** It is not connected yet. */
  get pending(): boolean;
  /** As of a `net.Socket`. */
  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed';
  /** Bytes received, those included that nobody has read yet. */
  get bytesRead(): number;
  /** Bytes written, those included that have not left yet. */
  get bytesWritten(): number;
  get remoteAddress(): string | undefined;
  get remotePort(): number | undefined;
  get remoteFamily(): string | undefined;
  get localAddress(): string | undefined;
  get localPort(): number | undefined;
  get localFamily(): string | undefined;
  /** This end's address; empty where there is none, and for a Unix socket. */
  address(): Address | Record<string, never>;
  /**
   * Connects the channel, as clients do that are given a stream: `'connect'` and `'ready'` follow.
   *
   * @throws as the channel's `connect()`
   */
  connect(port: number, host?: string, listener?: () => void): this;
  connect(port: number, listener?: () => void): this;
  connect(path: string, listener?: () => void): this;
  connect(to: DuplexTarget, listener?: () => void): this;
  /** Whether small writes are sent at once. */
  setNoDelay(noDelay?: boolean): this;
  /** Whether keep-alive probes are sent, and after how many milliseconds of silence. */
  setKeepAlive(enable?: boolean, initialDelay?: number): this;
  /**
   * Emits `'timeout'` when nothing was sent or received for so many milliseconds; 0: never. It ends
   * nothing; the channel's `idleTimeout` does.
   */
  setTimeout(timeout: number, listener?: () => void): this;
  /** The channel keeps the process alive. That is the default. */
  ref(): this;
  unref(): this;
  /** Destroys it when all that was written has left. */
  destroySoon(): void;
  /** Destroys it by a reset, as the channel's `reset()`. */
  resetAndDestroy(): this;
}
/** What `readEncoding` makes of frames. */
export type FrameOf<E extends string | null> = E extends string ? string : Buffer;
/** The frames of a channel, one by one. Leaving a loop over it early ends the channel; see `frames()`. */
export interface FrameIterator<F> extends AsyncIterableIterator<F> {
  next(): Promise<IteratorResult<F, undefined>>;
  return(): Promise<IteratorResult<F, undefined>>;
  [Symbol.asyncIterator](): this;
  /** As `return()`. */
  [Symbol.asyncDispose](): Promise<void>;
}
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
export declare class Engine {
  #private;
  /** This JS thread's engine. */
  static instance(): Engine;
  /** The open channels, by descriptor. */
  readonly channels: Map<number, Channel>;
  /**
   * An engine of its own, with a reactor thread of its own.
   *
   * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_UNKNOWN_OPTION` for what is no option
   */
  constructor(options?: EngineOptions);
  /** Counters since the engine began; none is above 0 before its first channel. */
  stats(): EngineStats;
  /**
   * Closes every channel, cancels every timer and stops the reactor. Resolves when all that is
   * done. The engine cannot be used afterwards; `Engine.instance()` makes another.
   */
  close(): Promise<void>;
  /** Runs `fn(...args)` in the next turn of the event loop. Returns a function that cancels it. */
  callback<A extends unknown[]>(fn: (...args: A) => void, ...args: A): () => void;
  /** Runs `fn(...args)` in every turn of the event loop. Returns a function that cancels it. */
  loop<A extends unknown[]>(fn: (...args: A) => void, ...args: A): () => void;
  /**
   * Runs `fn(...args)` once, after so many seconds. Returns a function that cancels it. Any time is
   * taken, of years, too; 0 is as soon as timers run, which is a millisecond for Node.
   *
   * @throws `ERR_INVALID_ARG_VALUE` for less than 0, `NaN` and `Infinity`; `ERR_INVALID_ARG_TYPE`
   */
  defer<A extends unknown[]>(seconds: number, fn: (...args: A) => void, ...args: A): () => void;
  /**
   * Runs `fn(...args)` every so many seconds. Returns a function that cancels it. What holds of
   * `defer()` holds of each time; `cycle(0)` is every millisecond, and lets all else have its turn.
   *
   * @throws `ERR_INVALID_ARG_VALUE` for less than 0, `NaN` and `Infinity`; `ERR_INVALID_ARG_TYPE`
   */
  cycle<A extends unknown[]>(seconds: number, fn: (...args: A) => void, ...args: A): () => void;
  /**
   * Keeps the process alive until `stop()`, also without a channel. Node's event loop runs by
   * itself: this is for programs that were written for an engine that has to be started.
   */
  start(): void;
  /** Takes `start()` back. Open channels go on, and keep the process alive themselves. */
  stop(): void;
  /** Sends now what was written in this turn. */
  flush(): void;
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
export declare abstract class Channel {
  /** The engine that this channel belongs to. */
  get engine(): Engine;
  /** The descriptor's number, `null` before there is a socket and after it is closed. */
  get fileno(): number | null;
  /**
   * Whether data can flow: until it has closed, after `end()` too. Whether one may write is told by
   * `readyState`.
   */
  get connected(): boolean;
  /** Whether a connect is under way. */
  get connecting(): boolean;
  /** Whether the channel listens. */
  get listening(): boolean;
  get readyState(): ReadyState;
  /** Counters since the channel began; they can be read in `onClose` and after it, too. */
  stats(): StreamStats | DatagramStats | ServerStats;
  /**
   * Resolves with the channel when it is connected, listens or is bound, after that hook; also where
   * that was before it was asked. Rejects with what `onConnectError` gets, or, where the channel has
   * closed before, with what has closed it: `ERR_CHANNEL_CLOSED` where nothing but a wish has.
   *
   * Of a datagram channel it is about being bound: a `connect()` that fails is told by `onError` only.
   *
   * A connect that fails gives no warning where this, or `closed`, was asked for.
   */
  get opened(): Promise<this>;
  /** Resolves after `onClose`, with what that gets; never rejects. */
  get closed(): Promise<CloseInfo>;
  /**
   * What `await using` calls: ends the channel, and resolves after `onClose`. What was written leaves
   * first, as by `end()`; a connect that is under way, with nothing written, is given up. A server
   * closes, and so do its connections, as by `close()`.
   */
  [Symbol.asyncDispose](): Promise<void>;
  /** The channel keeps the process alive while it is open. That is the default. */
  ref(): this;
  /** The channel does not keep the process alive. */
  unref(): this;
}
/** Options of a stream, by constructor or by call. Sizes are bytes, times milliseconds. */
export interface StreamOptions extends StreamCallOptions {
  /** Default: this thread's engine. Only for constructors. */
  engine?: Engine | undefined;
}
/** Options of `connect()`. */
export interface ConnectOptions extends StreamOptions, ConnectCallOptions {}
/** Options of `UnixClient.connect()`. */
export interface UnixConnectOptions extends StreamOptions, UnixConnectCallOptions {}
/** Options of a datagram channel, by constructor or by call. Sizes are bytes, times milliseconds. */
export interface DatagramOptions extends DatagramCallOptions {
  /** Default: this thread's engine. Only for the constructor. */
  engine?: Engine | undefined;
}
/**
 * A packet-oriented channel: UDP, or with `family: 'unix'` Unix datagrams.
 *
 * ```ts
 * class Echo extends Datagram {
 *   onRead(data: Buffer, addr: Address) { this.write(data); }
 * }
 * new Echo().listen(4040);
 * ```
 *
 * Datagrams are lost on their way, doubled and reordered, as the network pleases; but what arrives
 * is never merged, split or cut. An error of one datagram is told by `onError`, and the channel
 * lives on. `A` is what addresses are: `Address`, or for Unix sockets `string | null` (a sender may
 * have no name).
 */
export declare class Datagram<A extends Address | string | null = Address>
  extends Channel
  implements DatagramProperties
{
  #private;
  readDelimiter: ReadDelimiter;
  readEncoding: DatagramProperties['readEncoding'];
  bufferSize: number;
  highWaterMark: number;
  maxPendingBytes: number;
  lingerTimeout: number;
  maxSenders: number;
  /**
   * `new Datagram({ fd })` takes over a socket that was bound elsewhere, UDP or Unix, also one that
   * has a peer. It receives from the start; `onListen` follows from the event loop. A Unix socket's
   * file is left to who made it.
   *
   * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_UNKNOWN_OPTION`. For `fd` also what
   *   the operating system says (`EBADF`, `ENOTSOCK`, …), and `ERR_INVALID_ARG_VALUE` for a socket of
   *   another kind, one that is not bound, or one that a channel has; then the descriptor is still
   *   the caller's
   */
  constructor(options?: DatagramOptions & DescriptorOptions);
  /** Whether it receives: it is bound, and not closed. */
  get listening(): boolean;
  /**
   * Whether it has a peer, by `connect()`: until it has closed, after `end()` too. Whether one may
   * write is told by `readyState`.
   */
  get connected(): boolean;
  /** This end's address, as soon as it is bound; `null` before, and after `onClose`. */
  get localAddr(): A | null;
  /** Inside `onRead`: the sender. Otherwise the peer that `connect()` has set, or `null`. */
  get remoteAddr(): A | null;
  /** Bytes of datagrams received, those included that `onRead` was not given yet. */
  get bytesRead(): number;
  /** Bytes accepted by `write()`, pending ones included. */
  get bytesWritten(): number;
  /** Bytes accepted by `write()`, and not yet taken or refused by the operating system. */
  get pendingBytes(): number;
  /**
   * Datagrams that arrived and were lost: by the operating system, because the receive buffer was
   * full (where it tells, on Linux), or here, because one was longer than 64 KiB (Unix sockets).
   */
  get drops(): number;
  /** Counters since the channel began; they can be read in `onClose` and after it, too. */
  stats(): DatagramStats;
  /**
   * Binds, and receives from then on: `(port)`, `(port, host)`, `([host, port])`, `({ host, port,
   * …options })`, with `family: 'unix'` `(path)`. Without a host: every interface, IPv6 and IPv4
   * alike; without a port, or with 0: a free one. Of a name's addresses, IPv4 comes first; it is
   * looked up while the call waits.
   *
   * @throws what the operating system says, as Node has it (`EADDRINUSE`, `EACCES`, …);
   *   `ERR_CHANNEL_ACTIVE`, `ERR_CHANNEL_CLOSED`, `ERR_ENGINE_CLOSED`, `ABORT_ERR`; for wrong
   *   arguments `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_SOCKET_BAD_PORT`
   */
  listen(port?: number, host?: string | null, options?: DatagramOptions): this;
  listen(address: AddressLike | string, options?: DatagramOptions): this;
  listen(address: AddressLike & DatagramOptions): this;
  /**
   * Sends one datagram: to `addr`, or without it to the peer that `connect()` has set, or inside
   * `onRead` to the sender. The bytes are taken at the call. Datagrams to one address leave in the
   * order of the calls; those of one turn of the event loop leave together, unless `flush` is true.
   *
   * A channel that is not bound yet is bound to a free port. A host's name is looked up by
   * `dns.lookup`, once for all that ask while the answer is on its way; IPv4 comes first. A port
   * without a host: this machine. What cannot be sent is told by `onError`, with its address.
   * Unix sockets are reliable: one whose receiver does not read waits for it, and so do those behind it.
   *
   * Where the channel has closed by no wish of this side, the data is dropped, counted in
   * `stats().refusedBytes`, and false returned.
   *
   * @returns false above `highWaterMark` pending (a datagram counts as 64 bytes at least): wait for
   *   `onWrite`
   *
   * @throws `ERR_CHANNEL_NOT_CONNECTED` without an address where there is none to answer or send
   *   to; `ERR_CHANNEL_ACTIVE` with one, where `connect()` has set another; `ERR_CHANNEL_CLOSED`
   *   after `end()` or `close()`; `ERR_INVALID_ARG_TYPE` (also for a `flush` that is no boolean),
   *   `ERR_INVALID_ARG_VALUE`, `ERR_BUFFER_DETACHED`; `ERR_SOCKET_BAD_PORT`, also for port 0
   */
  write(data: Data, addr?: AddressLike | A | null, flush?: boolean): boolean;
  /** Sends now what this turn has written, to any channel of this engine. */
  flush(): void;
  /**
   * Sets the peer: datagrams without an address go to it, and only its own are received. `onConnect`
   * follows; where it fails, `onError`, and the channel lives on without a peer. What is written
   * meanwhile waits.
   *
   * @throws as `write()` and `listen()`; `ERR_CHANNEL_ACTIVE` where there is a peer
   */
  connect(addr: AddressLike | A): this;
  /**
   * Takes the peer back, behind what was written to it.
   *
   * @throws `ERR_CHANNEL_NOT_CONNECTED`, also between `connect()` and `onConnect`
   */
  disconnect(): this;
  /**
   * Resolves with the next `onWrite`, after that hook, or at once where nothing is pending: the whole
   * of back-pressure is `if (!channel.write(data)) await channel.drained();`. Rejects when the channel
   * closes before: with what has closed it, or `ERR_CHANNEL_CLOSED`; `ABORT_ERR` by the signal.
   */
  drained(options?: WaitOptions): Promise<void>;
  /**
   * The datagrams, or with a delimiter the frames, each with its sender, instead of `onRead`;
   * `for await (const [data, addr] of channel)` is the same with the defaults. The other hooks run as
   * ever. From this call on what is not asked for waits; when `highWaterMark` of them do, the rest is
   * left to the receive buffer.
   *
   * It ends when the channel closes, and throws what has closed it, where that is an error. What is told
   * to `onError` ends nothing: the channel lives on. Leaving the loop early ends the channel, as by
   * `end()`, unless `keepOpen` is true. Inside the loop's body no address is that of the sender by
   * itself: `channel.write(answer, addr)`.
   *
   * @throws as a stream's `frames()`
   */
  frames(options?: DatagramFramesOptions): FrameIterator<[FrameOf<this['readEncoding']>, A]>;
  /** As `frames()`. */
  [Symbol.asyncIterator](): FrameIterator<[FrameOf<this['readEncoding']>, A]>;
  /** Delivers nothing until `resume()`; what arrives waits in the receive buffer, or is dropped. */
  pause(): this;
  /** Takes `pause()` back. What has waited follows from the event loop, never inside this call. */
  resume(): this;
  /** Sends what is pending, then closes. Further hooks: `onWrite`, `onClose`. */
  end(): void;
  /** Closes at once: what is pending is dropped, and counted in `onClose`'s `unsentBytes`. */
  close(): void;
  /** Whether it may send to broadcast addresses. @throws as `setTTL` */
  setBroadcast(on: boolean): void;
  /**
   * How many hops a datagram may take, 1 to 255.
   *
   * @throws what the operating system says (`EINVAL`, …); `ERR_CHANNEL_NOT_CONNECTED` before
   *   `listen()`; `ERR_CHANNEL_CLOSED`, `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
   */
  setTTL(ttl: number): void;
  /** How many hops a datagram to a group may take, 0 to 255. @throws as `setTTL` */
  setMulticastTTL(ttl: number): void;
  /** Whether what it sends to a group comes back to this machine. @throws as `setTTL` */
  setMulticastLoopback(on: boolean): void;
  /**
   * By which interface it sends to groups: its IPv4 address, or for IPv6 `'::%eth0'`.
   *
   * @throws as `setTTL`
   */
  setMulticastInterface(multicastInterface: string): void;
  /** Receives what is sent to a group, by one interface. @throws as `setTTL` */
  addMembership(multicastAddress: string, multicastInterface?: string): void;
  /** Takes `addMembership()` back. @throws as `setTTL` */
  dropMembership(multicastAddress: string, multicastInterface?: string): void;
  /** Receives what one source sends to a group. @throws as `setTTL` */
  addSourceSpecificMembership(source: string, group: string, multicastInterface?: string): void;
  /** Takes `addSourceSpecificMembership()` back. @throws as `setTTL` */
  dropSourceSpecificMembership(source: string, group: string, multicastInterface?: string): void;
  /** `SO_RCVBUF`, in bytes. @throws as `setTTL` */
  setRecvBufferSize(size: number): void;
  /** `SO_SNDBUF`, in bytes. @throws as `setTTL` */
  setSendBufferSize(size: number): void;
  /** `SO_RCVBUF`, in bytes as the operating system counts them. @throws as `setTTL` */
  getRecvBufferSize(): number;
  /** `SO_SNDBUF`, in bytes as the operating system counts them. @throws as `setTTL` */
  getSendBufferSize(): number;
  /** The channel is bound: after `listen()`, or after what has bound it without. */
  onListen(): void;
  /** `connect()` has set the peer. */
  onConnect(): void;
  /**
   * A datagram, or with a delimiter a frame: a Buffer, or a string where `readEncoding` is set.
   * `addr` is its sender; nobody may change it.
   */
  onRead(_data: FrameFor<this>, _addr: A): void;
  /** Everything written so far has been handed to the operating system; once per drain. */
  onWrite(): void;
  /**
   * A sender's frame outgrew `bufferSize`: what waited of this sender is dropped, unless the hook
   * sets another `readDelimiter` or `bufferSize`. Or more than `maxPendingBytes` was pending: then
   * the channel closes. The default closes the channel, as every channel's does. Where a sender can
   * be anyone, override it: then one who sends too much harms nobody but himself.
   */
  onOverflowError(_error: ChannelError): void;
  /**
   * One operation failed, and the channel lives on: `address` and `port` of the error tell whose
   * datagram was not sent or not received whole. Also, with syscall `recvmsg`, where the network has
   * answered that one did not arrive (ICMP: `ECONNREFUSED`, `EHOSTUNREACH`, …): on Linux of every
   * channel, elsewhere of one that has a peer.
   *
   * The default tells of it by `process.emitWarning()`, a `PantsWarning`, once for each class and code.
   */
  onError(error: HookError): void;
  /** The channel has closed. Exactly once, and the last hook. */
  onClose(_info: CloseInfo): void;
}
/**
 * What `writeFile()` takes: a path, a `file:` URL, a descriptor, or what has one, such as the
 * `FileHandle` of `node:fs/promises`.
 */
export type FileLike =
  | string
  | URL
  | number
  | {
      readonly fd: number;
    };
interface ServerChannel<C extends Channel> extends Channel {
  ConnectionClass: new (socket: Socket<never>, server: never) => C;
  readonly channels: Map<number, C>;
  readonly localAddr: Address | string | null;
  readonly remoteAddr: null;
  stats(): ServerStats;
  close(): void;
  end(timeoutMs?: number): Promise<void>;
}
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
export declare class Stream<A extends Address | string = Address | string>
  extends Channel
  implements StreamProperties
{
  #private;
  readDelimiter: ReadDelimiter;
  readEncoding: StreamProperties['readEncoding'];
  bufferSize: number;
  highWaterMark: number;
  maxPendingBytes: number;
  allowHalfOpen: boolean;
  idleTimeout: number;
  frameTimeout: number;
  lingerTimeout: number;
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
  /**
   * This end's address; `null` before there is one, after `onClose`, and for a Unix socket that has
   * no name.
   */
  get localAddr(): A | null;
  /** The peer's address; `null` where `localAddr` would be. */
  get remoteAddr(): A | null;
  /**
   * The process at the other end of a Unix socket, as the operating system vouches for it: as it
   * was when the two were connected. `null` for TCP, before that, and where the platform does not
   * say.
   */
  get peerCredentials(): PeerCredentials | null;
  /**
   * What a proxy has said of this connection, where its server has `proxyProtocol`: then `remoteAddr`
   * and `localAddr` are those of the connection to the proxy. `null` where none has said anything,
   * and after `onClose`.
   */
  get proxy(): ProxyInfo | null;
  /** Bytes received, those included that `onRead` was not given yet; see `stats()`. */
  get bytesRead(): number;
  /** Bytes accepted by `write()` and `writeFile()`, pending ones included. */
  get bytesWritten(): number;
  /** Bytes accepted by `write()` and `writeFile()`, and not yet by the operating system. */
  get pendingBytes(): number;
  /** Counters since the channel began; they can be read in `onClose` and after it, too. */
  stats(): StreamStats;
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
      | ({
          path: string;
        } & UnixConnectOptions),
    options?: ConnectOptions,
  ): this;
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
  write(data: Gathered, flush?: boolean): boolean;
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
  writeFile(file: FileLike, nbytes?: number, offset?: number, flush?: boolean): boolean;
  /** Sends now what was written in this turn. */
  flush(): void;
  /**
   * Whether small writes are sent at once (`TCP_NODELAY`): the option `noDelay`. On a channel that is
   * not connected yet it holds when it is. A Unix socket has no such thing.
   *
   * @throws `ERR_INVALID_ARG_TYPE`
   */
  setNoDelay(noDelay?: boolean): this;
  /**
   * Whether keep-alive probes are sent, and when: the option `keepAlive`, as `KeepAliveOptions` has
   * its times. What is 0 or left out stays as it is. Before it is connected: as `setNoDelay()`.
   *
   * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
   */
  setKeepAlive(enable?: boolean, idle?: number, interval?: number, count?: number): this;
  /**
   * Resolves with the next `onWrite`, after that hook, or at once where nothing is pending: the whole
   * of back-pressure is `if (!channel.write(data)) await channel.drained();`. Rejects when the channel
   * closes before: with what has closed it, or `ERR_CHANNEL_CLOSED`; `ABORT_ERR` by the signal.
   */
  drained(options?: WaitOptions): Promise<void>;
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
  frames(options?: FramesOptions): FrameIterator<FrameOf<this['readEncoding']>>;
  /** As `frames()`. */
  [Symbol.asyncIterator](): FrameIterator<FrameOf<this['readEncoding']>>;
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
  toDuplex(): ChannelDuplex;
  /**
   * What arrives, as a Web stream of bytes (also for BYOB readers), whatever `readDelimiter` and
   * `readEncoding` say; made when it is first asked for, and instead of `onRead`. It closes when the peer
   * has finished, and fails with what closes the channel otherwise. `cancel()` ends the channel; where
   * `writable` was asked for, what comes is dropped instead.
   *
   * @throws `ERR_CHANNEL_ACTIVE` where something else reads the channel
   */
  get readable(): ReadableStream$1<Uint8Array>;
  /**
   * A Web stream that takes what `write()` takes, with its back-pressure; made when it is first asked
   * for. From then on the channel stays writable when the peer has finished, until the writer closes
   * it. `close()` is `shutdown()`, `abort()` is `close()`; it fails with what closes the channel.
   */
  get writable(): WritableStream$1<Gathered>;
  /** Delivers no further frame, and stops reading, so that the peer feels it. */
  pause(): this;
  /** Takes `pause()` back. Frames follow from the event loop, never inside this call. */
  resume(): this;
  /**
   * Finishes sending (FIN) when what is pending has left; reading goes on.
   *
   * @throws `ERR_CHANNEL_NOT_CONNECTED` before `connect()`
   */
  shutdown(): void;
  /**
   * Writes `data`, if given; then sends what is pending and closes, without losing the tail to a
   * reset when the peer is still sending: what it sends is read and dropped, until it finishes or
   * `lingerTimeout` has passed without progress. Further hooks: `onWrite`, `onClose`. A second call
   * is a no-op, unless it has data, which throws.
   *
   * @throws what `write(data)` throws; then nothing has happened. Without data: nothing
   */
  end(data?: Gathered): void;
  /**
   * Closes at once: what is pending is dropped, and counted in `onClose`'s `unsentBytes`. No other
   * hook follows. A second call is a no-op.
   *
   * Where bytes are dropped so (also by a timeout, a limit, or `server.close()`), the peer of a TCP
   * connection gets a reset: it shall not take what it got for all there was. What the operating
   * system had accepted, and not sent yet, is lost with it.
   */
  close(): void;
  /**
   * `close()`, by a reset (RST) whatever is pending: a proxy passes its peer's reset on so. Before
   * there is a connection, and on a Unix socket, it is a plain `close()`.
   */
  reset(): void;
  /** The channel is connected. */
  onConnect(): void;
  /**
   * The connect has failed; `onClose` follows. The default tells of it by `process.emitWarning()`, a
   * `PantsWarning`, once for each class and code.
   */
  onConnectError(error: HookError): void;
  /** A frame: a Buffer, or a string where `readEncoding` is set. */
  onRead(_data: FrameFor<this>): void;
  /** Everything written so far has been handed to the operating system; once per drain. */
  onWrite(): void;
  /**
   * The peer has finished sending; `rest` is what no delimiter completed. Unless `allowHalfOpen` is
   * set, the channel ends after this hook as if by `end()`.
   */
  onEnd(_rest: FrameFor<this>): void;
  /**
   * A frame outgrew `bufferSize`, or what was pending `maxPendingBytes`. The default closes the
   * channel. A hook that sets another `readDelimiter` or `bufferSize` has the bytes cut again; one
   * that does neither has the channel closed.
   */
  onOverflowError(_error: ChannelError): void;
  /** The socket has failed; `onClose` follows. The default does nothing: peers may reset. */
  onError(_error: HookError): void;
  /** The channel has closed. Exactly once, and the last hook. */
  onClose(_info: CloseInfo): void;
}
type ConnectionClass<C extends Stream> = new (socket: Socket<never>, server: never) => C;
interface StreamServerOptions<C extends Stream>
  extends StreamOptions,
    ListenOptions,
    DescriptorOptions {
  /** Wraps each accepted socket. Default: `Connection`, `UnixConnection` for Unix sockets. */
  ConnectionClass?: ConnectionClass<C> | undefined;
}
/**
 * A channel that listens, and wraps each accepted socket in its `ConnectionClass`. `A` is what its
 * addresses are, `C` what its connections are.
 *
 * A server that a supervisor has opened the socket for, as systemd does (`LISTEN_FDS`; its
 * descriptors begin at 3), takes that over:
 *
 * ```ts
 * new Server(Echo).listen(process.env.LISTEN_PID === `${process.pid}` ? { fd: 3 } : { port: 4040 });
 * ```
 */
export declare class StreamServer<
  A extends Address | string = Address | string,
  C extends Stream = Stream,
> extends Channel {
  #private;
  /**
   * Wraps each accepted socket, as `new ConnectionClass(socket, server)`. It extends `Stream`: mostly
   * `Connection` or `UnixConnection`, and one that extends `Stream` itself serves both. A subclass
   * may declare its own.
   */
  ConnectionClass: ConnectionClass<C>;
  /** The live connections, by descriptor. */
  readonly channels: Map<number, C>;
  /**
   * With `fd` among the options, it listens from the start, on a socket that was bound elsewhere:
   * see `listen({ fd })`.
   *
   * @throws `ERR_INVALID_ARG_TYPE` (also where `ConnectionClass` does not extend `Stream`),
   *   `ERR_INVALID_ARG_VALUE`
   */
  constructor(ConnectionClass?: ConnectionClass<C> | null, options?: StreamServerOptions<C>);
  constructor(options?: StreamServerOptions<C>);
  /** The address that it listens on, as soon as `listen()` has returned; `null` before and after. */
  get localAddr(): A | null;
  /** A server has no peer: its connections do. */
  get remoteAddr(): null;
  /** Counters since the server began; they can be read in `onClose` and after it, too. */
  stats(): ServerStats;
  /**
   * Listens: `([host, port], backlog = 1024, options)`, `({ host, port, …options })`, `(port)`, or,
   * for a Unix socket, `('/path', backlog)`, `({ path, …options })`. What each of them does: see
   * `Server` and `UnixServer`. Where nothing says what wraps its sockets, `Connection` does, or
   * `UnixConnection`.
   *
   * `({ fd, …options })`: takes over a socket that was bound elsewhere, TCP or Unix, and listens on
   * it. One that listens already keeps its backlog. A Unix socket's file is left to who made it.
   *
   * @throws what the operating system says: `EADDRINUSE`, `EACCES`, …; for a descriptor `EBADF` (not
   *   open), `ENOTSOCK`, …, and it is still the caller's then. `ERR_INVALID_ARG_VALUE` for a socket
   *   of another kind, or one that a channel has; `ERR_INVALID_ARG_TYPE`, also where
   *   `ConnectionClass` does not extend `Stream`; `ERR_SOCKET_BAD_PORT`, `ERR_UNIX_UNSUPPORTED`,
   *   `ERR_CHANNEL_ACTIVE`, `ERR_CHANNEL_CLOSED`, `ERR_ENGINE_CLOSED`
   */
  listen(
    at:
      | AddressLike
      | (AddressLike & ListenOptions)
      | string
      | ({
          path: string;
        } & UnixListenOptions)
      | ({
          fd: number;
        } & ListenOptions),
    backlog?: number,
    options?: ListenOptions & UnixListenOptions,
  ): this;
  /**
   * Who may not connect from now on: the rules that the list has now, also where it is the same list
   * again; `null`: nobody. Connections that are open go on. It takes the place of `blockList`; before
   * `listen()` it is kept. Unix sockets have no addresses to go by.
   *
   * @throws `ERR_INVALID_ARG_TYPE`
   */
  setBlockList(blockList: BlockList | null): this;
  /** Closes the listener and every connection, at once. A second call is a no-op. */
  close(): void;
  /**
   * Stops accepting and waits for the connections to finish; after `timeoutMs` (default: never),
   * closes what is left. Resolves when all has closed.
   *
   * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
   */
  end(timeoutMs?: number): Promise<void>;
  /**
   * Its connections, as they open, each after its `onConnect`. Each is paused until somebody reads it:
   * by its `frames()` or `for await`, as a Duplex, or by `onRead` after `resume()`.
   *
   * ```ts
   * for await (const connection of server) {
   *   void answer(connection); // async, with a loop of its own
   * }
   * ```
   *
   * It ends when the server has closed. Who leaves the loop early closes the server. Connections that
   * nobody has taken yet are bounded by `maxConnections`.
   *
   * @throws `ERR_CHANNEL_ACTIVE` where it is iterated already
   */
  [Symbol.asyncIterator](): FrameIterator<C>;
  /** The channel listens. */
  onListen(): void;
  /**
   * A socket was accepted. The default wraps it in `ConnectionClass`, and closes it where that did
   * not take it. One that keeps it for later, or gives it to another class, owns it:
   * `new Connection(socket, server)` or `socket.close()`. One that drops it has it closed when it is
   * collected as garbage.
   */
  onAccept(socket: Socket<A>, _addr: A | null): void;
  /**
   * A connection was refused, by `maxConnections` or by `blockList`: it is closed by now, and counted in
   * `stats().refused`. Told at most 100 times a second. `addr` is its peer's address.
   */
  onDrop(_addr: A | null): void;
  /**
   * Accepting failed for now (it goes on by itself), or the listening socket has failed. The default
   * tells of it by `process.emitWarning()`, a `PantsWarning`, once for each class and code.
   */
  onError(error: HookError): void;
  /** The server and all of its connections have closed. Exactly once, and the last hook. */
  onClose(_info: CloseInfo): void;
}
/** A TCP client. `new Client().connect(host, port)`. */
export declare class Client extends Stream<Address> {
  /**
   * Connects: `(host, port)`, `(port)`, `([host, port])` or `({ host, port, …options })`. Without
   * a host: `localhost`.
   *
   * Host names are looked up by `dns.lookup`. Several addresses race as RFC 8305 says: IPv6 first,
   * each a quarter of a second after the one before, none cut short. `onConnect` or
   * `onConnectError` tells how it went.
   *
   * @throws `ERR_CHANNEL_ACTIVE`, `ERR_CHANNEL_CLOSED`, `ERR_ENGINE_CLOSED`, and for wrong arguments
   *   `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_SOCKET_BAD_PORT`; then nothing happens
   */
  connect(host: string | null, port: number, options?: ConnectOptions): this;
  connect(address: AddressLike, options?: ConnectOptions): this;
  connect(address: AddressLike & ConnectOptions): this;
}
/**
 * A TCP connection to a server. Servers make them; a class of your own is a protocol:
 *
 * ```ts
 * class Echo extends Connection {
 *   onRead(data: Buffer) { this.write(data); }
 * }
 * new Server(Echo).listen(4040);
 * ```
 */
export declare class Connection extends Stream<Address> {
  /** The server that accepted it. */
  readonly server: StreamServer<Address, Connection>;
  /**
   * Wraps a socket that `onAccept` was given. `onConnect` follows from the event loop.
   *
   * @throws `ERR_INVALID_ARG_TYPE`; `ERR_CHANNEL_CLOSED` for a socket that is closed or taken;
   *   `ERR_INVALID_ARG_VALUE` for a server or an option `engine` with another engine
   */
  constructor(socket: Socket, server: StreamServer, options?: StreamOptions);
}
/** A class that extends `Stream`; its instances wrap accepted sockets. */
export type ConnectionConstructor<C extends Stream = Connection> = ConnectionClass<C>;
/** Options of a server; those of a stream are the defaults of its connections. */
export interface ServerOptions<C extends Stream = Connection> extends StreamServerOptions<C> {}
/** A TCP server. `new Server(MyConnection).listen(4040)` is a whole program. */
export declare class Server<C extends Stream = Connection> extends StreamServer<Address, C> {
  /**
   * Listens: `(port = 8080, host = '', backlog = 1024)`, `([host, port], backlog = 1024)` or
   * `({ port, host, backlog, …options })`. An empty host is every interface, IPv6 and IPv4 alike;
   * port 0 picks one. A host's name is looked up while the call waits.
   *
   * `({ fd, …options })` takes over a socket that was bound elsewhere; see `StreamServer`.
   *
   * Several processes or threads share a port by `reusePort: true`, workers of `node:cluster` too: the
   * cluster's primary hands out no sockets of this package. Without it, the second one that listens
   * throws `EADDRINUSE`.
   *
   * @throws what the operating system says, as Node has it (`EADDRINUSE`, `EACCES`, …);
   *   `ERR_CHANNEL_ACTIVE`, `ERR_CHANNEL_CLOSED`, `ERR_ENGINE_CLOSED`; for wrong arguments
   *   `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_SOCKET_BAD_PORT`
   */
  listen(port?: number, host?: string | null, backlog?: number, options?: ListenOptions): this;
  listen(
    address: AddressLike | (AddressLike & ListenOptions),
    backlog?: number,
    options?: ListenOptions,
  ): this;
  listen(
    socket: {
      fd: number;
    } & ListenOptions,
  ): this;
}
/** A client of a Unix socket. `new UnixClient().connect('/run/app/control')`. */
export declare class UnixClient extends Stream<string> {
  constructor(options?: UnixConnectOptions & DescriptorOptions);
  constructor(socket: Socket<string>, server: StreamServer, options?: StreamOptions);
  /**
   * Connects: `(path)` or `({ path, …options })`. A path that begins with NUL is a name in Linux's
   * abstract namespace. A relative one starts from the working directory of the call.
   *
   * `onConnect` or `onConnectError` tells how it went; its error has the path as `address`: `ENOENT`,
   * `ECONNREFUSED` (nobody listens), `EACCES`, `EAGAIN` (the backlog is full), `EINVAL` (the path is
   * too long for a socket; it is never cut).
   *
   * @throws `ERR_UNIX_UNSUPPORTED` where the platform has no Unix sockets; `ERR_CHANNEL_ACTIVE`,
   *   `ERR_CHANNEL_CLOSED`, `ERR_ENGINE_CLOSED`, `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
   */
  connect(path: string, options?: UnixConnectOptions): this;
  connect(
    to: {
      path: string;
    } & UnixConnectOptions,
  ): this;
}
/** A connection to a `UnixServer`; a class of your own is a protocol. */
export declare class UnixConnection extends Stream<string> {
  /** The server that accepted it. */
  readonly server: StreamServer<string, UnixConnection>;
  /**
   * Wraps a socket that `onAccept` was given. `onConnect` follows from the event loop.
   *
   * @throws `ERR_INVALID_ARG_TYPE`; `ERR_CHANNEL_CLOSED` for a socket that is closed or taken;
   *   `ERR_INVALID_ARG_VALUE` for a server or an option `engine` with another engine
   */
  constructor(socket: Socket<string>, server: StreamServer, options?: StreamOptions);
}
/** Options of a `UnixServer`; those of a stream are the defaults of its connections. */
export interface UnixServerOptions<C extends Stream = UnixConnection>
  extends StreamOptions,
    UnixListenOptions,
    DescriptorOptions {
  /** Wraps each accepted socket. Default: `UnixConnection`. */
  ConnectionClass?: ConnectionClass<C> | undefined;
}
/** A server on a Unix socket. `new UnixServer(MyConnection).listen('/run/app/control')`. */
export declare class UnixServer<C extends Stream = UnixConnection> extends StreamServer<string, C> {
  constructor(ConnectionClass?: ConnectionClass<C> | null, options?: UnixServerOptions<C>);
  constructor(options?: UnixServerOptions<C>);
  /**
   * Listens: `(path, backlog = 1024)` or `({ path, backlog, …options })`. A path that begins with
   * NUL is a name in Linux's abstract namespace, which has no file and no permissions.
   *
   * Else the socket is a file. `mode` says who may connect. A file that a server has left behind is
   * replaced: a socket on which nobody answers, and nothing else. The directory is locked (flock)
   * for that; where another program keeps it locked for longer than 100 ms, no file is replaced, and
   * one that is there is `EADDRINUSE`. The file is removed when the server closes or the process
   * exits (not when it is killed), if it is still the same one.
   *
   * `({ fd, …options })` takes over a socket that was bound elsewhere; see `StreamServer`.
   *
   * @throws what the operating system says, with the path as `address`: `EADDRINUSE` (somebody
   *   answers there, or it is no socket), `EACCES`, `ENOENT` (no such directory), `EINVAL` (the path
   *   is too long for a socket; it is never cut); `ERR_UNIX_UNSUPPORTED` where the platform has no
   *   Unix sockets; `ERR_CHANNEL_ACTIVE`, `ERR_CHANNEL_CLOSED`, `ERR_ENGINE_CLOSED`,
   *   `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
   */
  listen(path: string, backlog?: number, options?: UnixListenOptions): this;
  listen(
    at: {
      path: string;
    } & UnixListenOptions,
  ): this;
  listen(
    socket: {
      fd: number;
    } & UnixListenOptions,
  ): this;
}
/** The version of the package's native part. */
export declare const version: string;
/**
 * Frames behind a length header: `onRead` gets the body, the header is dropped. `encode(body)` makes
 * such a frame.
 *
 * `bytes` is the size of the header, or `'varint'`: an unsigned LEB128, as Protocol Buffers have it,
 * of at most 10 bytes. The limit (`bufferSize`) is judged from the header, before the body is
 * buffered. A header that announces more, or with `adjust` less than 0, is an overflow.
 *
 * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 */
export declare function lengthPrefix(options: LengthPrefixOptions): LengthPrefix;

export {};
