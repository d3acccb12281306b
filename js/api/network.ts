/** TCP: clients, servers and their connections. */

import {
  connectToAddress,
  connectToHost,
  listenAtAddress,
  listenAtPort,
} from '../check/destination.ts';
import { Family } from '../generated/wire.ts';
import type { Address, AddressLike, ListenOptions, Socket } from '../types.ts';
import { checkSocket } from './accepted.ts';
import type { ConnectOptions, StreamOptions } from './options.ts';
import { Stream } from './stream.ts';
import {
  type ConnectionClass,
  defaultConnections,
  hasDescriptor,
  listenAt,
  StreamServer,
  type StreamServerOptions,
} from './stream-server.ts';
import { connectTo, family } from './stream-setup.ts';

/** A TCP client. `new Client().connect(host, port)`. */
export class Client extends Stream<Address> {
  /** @internal */
  override get [family](): number {
    return Family.INET;
  }

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
  override connect(host: string | null, port: number, options?: ConnectOptions): this;
  override connect(address: AddressLike, options?: ConnectOptions): this;
  override connect(address: AddressLike & ConnectOptions): this;
  override connect(first: unknown, second?: unknown, third?: unknown): this {
    const named = typeof first === 'string' || first === null || first === undefined;
    const { to, options } =
      named || typeof second === 'number'
        ? connectToHost(first, second, third)
        : connectToAddress(first, second);
    return this[connectTo](to, options);
  }
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
export class Connection extends Stream<Address> {
  /** The server that accepted it. */
  declare readonly server: StreamServer<Address, Connection>;

  /**
   * Wraps a socket that `onAccept` was given. `onConnect` follows from the event loop.
   *
   * @throws `ERR_INVALID_ARG_TYPE`; `ERR_CHANNEL_CLOSED` for a socket that is closed or taken;
   *   `ERR_INVALID_ARG_VALUE` for a server or an option `engine` with another engine
   */
  constructor(socket: Socket, server: StreamServer, options?: StreamOptions) {
    super(checkSocket(socket), server, options);
  }
}

/** A class that extends `Stream`; its instances wrap accepted sockets. */
export type ConnectionConstructor<C extends Stream = Connection> = ConnectionClass<C>;

/** Options of a server; those of a stream are the defaults of its connections. */
export interface ServerOptions<C extends Stream = Connection> extends StreamServerOptions<C> {}

/** A TCP server. `new Server(MyConnection).listen(4040)` is a whole program. */
export class Server<C extends Stream = Connection> extends StreamServer<Address, C> {
  /** @internal */
  override get [family](): number {
    return Family.INET;
  }

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
  override listen(
    port?: number,
    host?: string | null,
    backlog?: number,
    options?: ListenOptions,
  ): this;
  override listen(
    address: AddressLike | (AddressLike & ListenOptions),
    backlog?: number,
    options?: ListenOptions,
  ): this;
  override listen(socket: { fd: number } & ListenOptions): this;
  override listen(
    first: unknown = 8080,
    second?: unknown,
    third?: unknown,
    fourth?: unknown,
  ): this {
    if (hasDescriptor(first)) return super.listen(first);
    const { at, options } =
      typeof first === 'object' && first !== null
        ? listenAtAddress(first, second, third)
        : listenAtPort(first, second, third, fourth);
    return this[listenAt](at, options);
  }
}

StreamServer.prototype.ConnectionClass = Connection;
defaultConnections.set(Family.INET, Connection);
