// Options of calls and constructors. Those that name an engine are where that is: in `api/options.ts`.

import type { BlockList, LookupFunction } from 'node:net';

import type { ReadDelimiter } from './frames.ts';

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

/** Options of streams and datagram channels alike. Sizes are bytes, times milliseconds. */
export interface FlowCallOptions {
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

/** Options of a stream. Sizes are bytes, times milliseconds. */
export interface StreamCallOptions extends SocketOptions, FlowCallOptions {
  /** Stay writable when the peer has finished sending. Default: false. */
  allowHalfOpen?: boolean | undefined;
  /** Close when nothing was sent or received for so long. Default: never. */
  idleTimeout?: number | undefined;
  /** Close when a frame that has begun is not complete after so long. Default: never. */
  frameTimeout?: number | undefined;
}

/** Options of `UnixClient.connect()`. */
export interface UnixConnectCallOptions extends StreamCallOptions {
  /** Bounds name look-up and all attempts together; a Unix socket decides at once. Default: none. */
  connectTimeout?: number | undefined;
  /** Aborts the connect (`ABORT_ERR`). Fired later, it closes the channel, as by `close()`. */
  signal?: AbortSignal | undefined;
}

/** Options of `connect()`. */
export interface ConnectCallOptions extends UnixConnectCallOptions {
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

/** Options of a datagram channel. Sizes are bytes, times milliseconds. */
export interface DatagramCallOptions extends FlowCallOptions {
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

/** Options of any server's `listen()`; those of a stream are the defaults of its connections. */
export interface AnyListenOptions extends StreamCallOptions {
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
