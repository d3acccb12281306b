/** Unix stream sockets: clients, servers and their connections. */

import { acceptedOptions, adoptAccepted } from './accepted.ts';
import { checkPath } from './address.ts';
import { hasUnixSockets } from './binding.ts';
import { family } from './channel.ts';
import { invalidValue, unixUnsupported } from './errors.ts';
import { Family } from './generated/wire.ts';
import { checkOptions } from './options.ts';
import { connectTo, Stream } from './stream.ts';
import { defaultConnections, hasDescriptor, listenAt, StreamServer } from './stream-server.ts';
import type {
  ConnectionConstructor,
  DescriptorOptions,
  Socket,
  StreamOptions,
  UnixConnectOptions,
  UnixListenOptions,
  UnixServerOptions,
} from './types.ts';

/** A client of a Unix socket. `new UnixClient().connect('/run/app/control')`. */
export class UnixClient extends Stream<string> {
  constructor(options?: UnixConnectOptions & DescriptorOptions) {
    super(options);
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
  connect(path: string, options?: UnixConnectOptions): this;
  connect(to: { path: string } & UnixConnectOptions): this;
  connect(first: unknown, second?: unknown): this {
    const { path, options } = pathArguments(first, second);
    return this[connectTo](path, options);
  }
}

/** A connection to a `UnixServer`; a class of your own is a protocol. */
export class UnixConnection extends Stream<string> {
  /** The server that accepted it. */
  readonly server: StreamServer<string, UnixConnection>;

  /**
   * Wraps a socket that `onAccept` was given. `onConnect` follows from the event loop.
   *
   * @throws `ERR_INVALID_ARG_TYPE`; `ERR_CHANNEL_CLOSED` for a socket that is closed or taken;
   *   `ERR_INVALID_ARG_VALUE` for a server or an option `engine` with another engine
   */
  constructor(socket: Socket<string>, server: StreamServer, options?: StreamOptions) {
    super(acceptedOptions(socket, server, options));
    this.server = server as StreamServer<string, UnixConnection>;
    adoptAccepted(this, socket, server);
  }
}

/** A server on a Unix socket. `new UnixServer(MyConnection).listen('/run/app/control')`. */
export class UnixServer extends StreamServer<string, UnixConnection> {
  constructor(
    ConnectionClass?: ConnectionConstructor<UnixConnection> | null,
    options?: UnixServerOptions,
  );
  constructor(options?: UnixServerOptions);
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
   * replaced: a socket on which nobody answers, and nothing else. The file is removed when the
   * server closes or the process exits (not when it is killed), if it is still the same one.
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
    const backlog = second === undefined ? {} : { backlog: second as number };
    const { path, options } = pathArguments(first, { ...checkOptions(third), ...backlog });
    const mode = options.mode ?? this.connectionOptions.mode;
    if (path.startsWith('\0') && mode !== undefined) {
      throw invalidValue('mode', 'left out: an abstract name has no permissions', mode);
    }
    return this[listenAt](path, options);
  }
}

UnixServer.prototype.ConnectionClass = UnixConnection;
defaultConnections.set(Family.UNIX, UnixConnection);

function pathArguments(
  first: unknown,
  second: unknown,
): { path: string; options: UnixConnectOptions & UnixListenOptions } {
  if (!hasUnixSockets) throw unixUnsupported();
  const isObject = typeof first === 'object' && first !== null;
  const given = isObject ? (first as { path?: unknown }) : { path: first };
  const { path, ...inline } = given;
  return { path: checkPath(path), options: { ...inline, ...checkOptions(second) } };
}
