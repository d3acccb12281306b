/** Unix stream sockets: clients, servers and their connections. */

import { connectToPath, listenAtPath } from '../check/destination.ts';
import { Family } from '../generated/wire.ts';
import type { DescriptorOptions, Socket, UnixListenOptions } from '../types.ts';
import { checkSocket } from './accepted.ts';
import type { StreamOptions, UnixConnectOptions } from './options.ts';
import { Stream } from './stream.ts';
import {
  type ConnectionClass,
  defaultConnections,
  hasDescriptor,
  listenAt,
  StreamServer,
} from './stream-server.ts';
import { connectTo, family } from './stream-setup.ts';

/** A client of a Unix socket. `new UnixClient().connect('/run/app/control')`. */
export class UnixClient extends Stream<string> {
  constructor(options?: UnixConnectOptions & DescriptorOptions);
  constructor(socket: Socket<string>, server: StreamServer, options?: StreamOptions);
  constructor(first?: unknown, second?: unknown, third?: unknown) {
    super(first as never, second as never, third as never);
  }

  /** @internal */
  override get [family](): number {
    return Family.UNIX;
  }

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
  override connect(path: string, options?: UnixConnectOptions): this;
  override connect(to: { path: string } & UnixConnectOptions): this;
  override connect(first: unknown, second?: unknown): this {
    const { to, options } = connectToPath(first, second);
    return this[connectTo](to, options);
  }
}

/** A connection to a `UnixServer`; a class of your own is a protocol. */
export class UnixConnection extends Stream<string> {
  /** The server that accepted it. */
  declare readonly server: StreamServer<string, UnixConnection>;

  /**
   * Wraps a socket that `onAccept` was given. `onConnect` follows from the event loop.
   *
   * @throws `ERR_INVALID_ARG_TYPE`; `ERR_CHANNEL_CLOSED` for a socket that is closed or taken;
   *   `ERR_INVALID_ARG_VALUE` for a server or an option `engine` with another engine
   */
  constructor(socket: Socket<string>, server: StreamServer, options?: StreamOptions) {
    super(checkSocket(socket), server, options);
  }
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
export class UnixServer<C extends Stream = UnixConnection> extends StreamServer<string, C> {
  constructor(ConnectionClass?: ConnectionClass<C> | null, options?: UnixServerOptions<C>);
  constructor(options?: UnixServerOptions<C>);
  constructor(first?: never, second?: never) {
    super(first, second);
  }

  /** @internal */
  override get [family](): number {
    return Family.UNIX;
  }

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
  override listen(path: string, backlog?: number, options?: UnixListenOptions): this;
  override listen(at: { path: string } & UnixListenOptions): this;
  override listen(socket: { fd: number } & UnixListenOptions): this;
  override listen(first: unknown, second?: unknown, third?: unknown): this {
    if (hasDescriptor(first)) return super.listen(first);
    const { at, options } = listenAtPath(first, second, third);
    return this[listenAt](at, options);
  }
}

UnixServer.prototype.ConnectionClass = UnixConnection;
defaultConnections.set(Family.UNIX, UnixConnection);
