/**
 * The vocabulary that users and all rooms share. What names a class of channels is where that is:
 * options with an engine in `api/options.ts`.
 */

import type { BlockList, LookupFunction } from 'node:net';

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
  | { host?: string | null | undefined; port: number }
  | { address: string; port: number };

/** What a proxy has said of a connection, by the PROXY protocol. */
export interface ProxyInfo {
  version: 1 | 2;
  /** `'LOCAL'`: the proxy speaks for itself, as when it checks its server's health. */
  command: 'PROXY' | 'LOCAL';
  /** What stands behind the addresses, in the order in which it came; version 2 only. */
  tlvs: { type: number; value: Buffer }[];
  /** The proxy's own address; `null` on a Unix socket without a name, `port` on any. */
  address: string | null;
  port: number | null;
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
  error?: Error & { code?: string };
  /**
   * Bytes that `write()` and `writeFile()` had accepted and that never reached the operating system.
   */
  unsentBytes: number;
}

/** What `onRead` gets: a string where `readEncoding` is set. */
export type Frame = Buffer | string;

/**
 * What `onRead` and `onEnd` of a class get, as far as its `readEncoding` says: strings for a class field
 * such as `readEncoding = 'utf8' as const`, Buffers for `readEncoding = null`. Where it only says that
 * it may be anything, the hook's own parameter does: `Buffer`, `string`, or `Frame` for both.
 */
export type FrameFor<C> = C extends { readEncoding: null }
  ? Buffer
  : C extends { readEncoding: BufferEncoding }
    ? string
    : Buffer & string;

/** What `write()` takes. A string is sent as UTF-8. The bytes are taken at the call. */
export type Data = string | ArrayBufferView | ArrayBufferLike;

/** As `Data`, or several pieces of it that belong together. */
export type Gathered = Data | readonly Data[];

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

/** Options of a stream. Sizes are bytes, times milliseconds. */
export interface StreamCallOptions extends SocketOptions {
  /** Default: null. */
  readDelimiter?: ReadDelimiter | undefined;
  /** Default: null, `onRead` gets Buffers. */
  readEncoding?: BufferEncoding | (string & {}) | null | undefined;
  /** How much may wait for a delimiter. Default: 65,536. */
  bufferSize?: number | undefined;
  /** `write()` and `writeFile()` return false above this much pending. Default: 65,536. */
  highWaterMark?: number | undefined;
  /** A writer that ignores `false` is stopped here; files do not count. Default: 64 MiB. */
  maxPendingBytes?: number | undefined;
  /** Stay writable when the peer has finished sending. Default: false. */
  allowHalfOpen?: boolean | undefined;
  /** Close when nothing was sent or received for so long. Default: never. */
  idleTimeout?: number | undefined;
  /** Close when a frame that has begun is not complete after so long. Default: never. */
  frameTimeout?: number | undefined;
  /** How long `end()` waits without progress for the peer to take the tail. Default: 5,000. */
  lingerTimeout?: number | undefined;
}

/** Options of `connect()`. */
export interface ConnectCallOptions extends StreamCallOptions {
  /** Bounds name look-up and all attempts together. Default: none. */
  connectTimeout?: number | undefined;
  /** Aborts the connect. */
  signal?: AbortSignal | undefined;
  /** The address to connect from. */
  localAddress?: string | undefined;
  /** The port to connect from. Default: any. */
  localPort?: number | undefined;
  /** Only this family. Default: 0, both. */
  family?: 0 | 4 | 6 | 'IPv4' | 'IPv6' | undefined;
  /** Looks names up. Default: `dns.lookup`. */
  lookup?: LookupFunction | undefined;
}

/** Options of `UnixClient.connect()`. */
export interface UnixConnectCallOptions extends StreamCallOptions {
  /** Bounds the connect, which a Unix socket decides at once. Default: none. */
  connectTimeout?: number | undefined;
  /** Aborts the connect. */
  signal?: AbortSignal | undefined;
}

/** Options of `drained()`. */
export interface WaitOptions {
  /** Ends the wait: the promise rejects with `ABORT_ERR`. The channel goes on. */
  signal?: AbortSignal | undefined;
}

/** Options of `frames()` of a `Datagram`. */
export interface DatagramFramesOptions {
  /** Ends the iteration: it throws `ABORT_ERR`. Frames that wait are not given any more. */
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

/** Options of a datagram channel. Sizes are bytes, times milliseconds. */
export interface DatagramCallOptions {
  /** Only this family, or Unix sockets. Default: IPv6 and IPv4 alike. */
  family?: 0 | 4 | 6 | 'IPv4' | 'IPv6' | 'unix' | undefined;
  /** Default: null, a datagram is a frame. */
  readDelimiter?: ReadDelimiter | undefined;
  /** Default: null, `onRead` gets Buffers. */
  readEncoding?: BufferEncoding | (string & {}) | null | undefined;
  /** With a delimiter: how much may wait of one sender. Default: 65,536. */
  bufferSize?: number | undefined;
  /** With a delimiter: of how many senders something may wait. Default: 1,024. */
  maxSenders?: number | undefined;
  /** `write()` returns false above this much pending. Default: 65,536. */
  highWaterMark?: number | undefined;
  /** A writer that ignores `false` is stopped here. Default: 64 MiB. */
  maxPendingBytes?: number | undefined;
  /** How long `end()` waits without progress. Default: 5,000. */
  lingerTimeout?: number | undefined;
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

/** Options of `listen()`; those of a stream are the defaults of the server's connections. */
export interface ListenOptions extends StreamCallOptions {
  /** Connections that may wait to be accepted. Default: 1024. */
  backlog?: number | undefined;
  /** On an IPv6 address: no IPv4. Default: false. */
  ipv6Only?: boolean | undefined;
  /** Share the port with other sockets that ask for the same. Default: false. */
  reusePort?: boolean | undefined;
  /** Connections beyond this number are closed at once, by the reactor. Default: none. */
  maxConnections?: number | undefined;
  /**
   * Who may not connect: such connections are closed at once, by the reactor, and counted as refused.
   * Its rules are read by `listen()`; for those that are added later, see `setBlockList()`.
   */
  blockList?: BlockList | undefined;
  /**
   * Connections come from a proxy, which says in front of each whose it is (the PROXY protocol, versions
   * 1 and 2): `remoteAddr`, `localAddr` and `blockList` are about that one then, `channel.proxy` is what
   * was said. The header is read by the reactor, before `onConnect`. Where it is missing, malformed, or not whole after
   * `frameTimeout` (or 5 s), the connection is closed, counted in `stats().badProxyHeaders`, and told to
   * `onError` with `ERR_PROXY_HEADER`, at most 100 times a second.
   *
   * `'optional'`: what begins otherwise, or says nothing for that time, is served as it is. Only for
   * servers that nobody but proxies can reach: anybody else could name any address. Default: false.
   */
  proxyProtocol?: boolean | 'optional' | undefined;
  /** Closes the server when aborted. */
  signal?: AbortSignal | undefined;
}

/** Options of `UnixServer.listen()`; those of a stream are the defaults of its connections. */
export interface UnixListenOptions extends StreamCallOptions {
  /** Connections that may wait to be accepted. Default: 1024. */
  backlog?: number | undefined;
  /**
   * The permissions of the socket's file, such as `0o600`: who may connect. They hold before the
   * first connection can be made. Default: what the process's umask leaves of `0o777`.
   */
  mode?: number | undefined;
  /** Connections beyond this number are closed at once, by the reactor. Default: none. */
  maxConnections?: number | undefined;
  /**
   * Connections come from a proxy, which says in front of each whose it is (the PROXY protocol, versions
   * 1 and 2): `remoteAddr` and `localAddr` are about that one then, `channel.proxy` is what
   * was said. The header is read by the reactor, before `onConnect`. Where it is missing, malformed, or not whole after
   * `frameTimeout` (or 5 s), the connection is closed, counted in `stats().badProxyHeaders`, and told to
   * `onError` with `ERR_PROXY_HEADER`, at most 100 times a second.
   *
   * `'optional'`: what begins otherwise, or says nothing for that time, is served as it is. Only for
   * servers that nobody but proxies can reach: anybody else could name any address. Default: false.
   */
  proxyProtocol?: boolean | 'optional' | undefined;
  /** Closes the server when aborted. */
  signal?: AbortSignal | undefined;
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

/** How an engine's reactor works. */
export interface EngineOptions {
  /**
   * Who drives the reactor. `'auto'`: its thread does, and while there is little to do, and the JS
   * thread is idle, Node's own event loop, which saves a lone request one wake-up. As soon as there is
   * more, or JavaScript runs for more than 20 ms, it is the thread's again: limits and timeouts hold
   * all the time. `'thread'`: its thread, always; so it is on Windows, and where this is not Node.js.
   *
   * @default 'auto'
   */
  driver?: 'auto' | 'thread';
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
