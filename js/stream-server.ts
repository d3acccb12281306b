/** A stream-oriented, listening channel. */

import { checkAddress, checkHost, checkPort, type HostPort } from './address.ts';
import { Channel, link } from './channel.ts';
import { Engine } from './engine.ts';
import { invalidType, invalidValue } from './errors.ts';
import type { Connection } from './network.ts';
import {
  checkEncoding,
  checkOptions,
  listenSettings,
  socketOptions,
  streamSettings,
} from './options.ts';
import { framingOf } from './read-delimiter.ts';
import { ServerLink } from './server-link.ts';
import type {
  Address,
  AddressLike,
  CloseInfo,
  ConnectionConstructor,
  ListenOptions,
  ServerOptions,
  Socket,
} from './types.ts';

/** A channel that listens, and wraps each accepted socket in its `ConnectionClass`. */
export class StreamServer extends Channel {
  /** @internal */
  readonly [link]: ServerLink;

  /** Wraps each accepted socket. A subclass may declare its own. */
  declare ConnectionClass: ConnectionConstructor;

  /** The live connections, by descriptor. */
  readonly channels: Map<number, Connection> = new Map();

  /** @internal The defaults of its connections. */
  readonly connectionOptions: ServerOptions;

  /**
   * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
   */
  constructor(ConnectionClass?: ConnectionConstructor | null, options?: ServerOptions);
  constructor(options?: ServerOptions);
  constructor(first?: unknown, second?: unknown) {
    super();
    const given = checkOptions(typeof first === 'function' ? second : (first ?? second));
    const { engine = Engine.instance(), ...options } = given as ServerOptions;
    if (!(engine instanceof Engine)) throw invalidType('engine', 'an Engine', engine);
    const wrapper = typeof first === 'function' ? first : options.ConnectionClass;
    if (wrapper !== undefined && typeof wrapper !== 'function') {
      throw invalidType('ConnectionClass', 'a class', wrapper);
    }
    streamSettings(options);
    socketOptions(options);
    listenSettings(options);
    checkEncoding(options.readEncoding);
    if (options.readDelimiter !== undefined) framingOf(options.readDelimiter);
    this[link] = new ServerLink(this, StreamServer.prototype, engine);
    this.connectionOptions = { ...options, engine };
    if (wrapper !== undefined) this.ConnectionClass = wrapper as ConnectionConstructor;
  }

  /** The address that it listens on, as soon as `listen()` has returned; `null` before. */
  get localAddr(): Address | null {
    return this[link].local;
  }

  /**
   * Listens: `(port = 8080, host = '', backlog = 1024)`, `([host, port])` or
   * `({ port, host, backlog, …options })`. An empty host is every interface, IPv6 and IPv4 alike;
   * port 0 picks one. A host's name is looked up while the call waits.
   *
   * @throws what the operating system says, as Node has it (`EADDRINUSE`, `EACCES`, …);
   *   `ERR_CHANNEL_ACTIVE`, `ERR_CHANNEL_CLOSED`, `ERR_ENGINE_CLOSED`; for wrong arguments
   *   `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_SOCKET_BAD_PORT`
   */
  listen(port?: number, host?: string | null, backlog?: number, options?: ListenOptions): this;
  listen(address: AddressLike & ListenOptions): this;
  listen(first: unknown = 8080, second?: unknown, third?: unknown, fourth?: unknown): this {
    const { at, options } = listenArguments(first, second, third, fourth);
    const given = { ...this.connectionOptions, ...options };
    this[link].listen(at.host, at.port, socketOptions(given), listenSettings(given));
    return this;
  }

  /** Closes the listener and every connection, at once. A second call is a no-op. */
  close(): void {
    this[link].close();
  }

  /**
   * Stops accepting and waits for the connections to finish; after `timeoutMs` (default: never),
   * closes what is left. Resolves when all has closed.
   *
   * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
   */
  end(timeoutMs?: number): Promise<void> {
    if (timeoutMs !== undefined) {
      if (typeof timeoutMs !== 'number') throw invalidType('timeoutMs', 'a number', timeoutMs);
      if (!(timeoutMs >= 0 && timeoutMs <= 0x7fff_ffff)) {
        throw invalidValue('timeoutMs', 'from 0 to 2147483647', timeoutMs);
      }
    }
    return this[link].end(timeoutMs);
  }

  /** The channel listens. */
  onListen(): void {}

  /**
   * A socket was accepted. The default wraps it in `ConnectionClass`. One that keeps it for later,
   * or gives it to another class, owns it: `new Connection(socket, server)` or `socket.close()`.
   */
  onAccept(socket: Socket, _addr: Address | null): void {
    const { ConnectionClass } = this;
    try {
      new ConnectionClass(socket, this as never);
    } catch (error) {
      this[link].engine.discardAdopted();
      throw error;
    }
  }

  /** Accepting failed for now (it goes on by itself), or the listening socket has failed. */
  onError(_error: Error): void {}

  /** The server and all of its connections have closed. Exactly once, and the last hook. */
  onClose(_info: CloseInfo): void {}
}

function listenArguments(
  first: unknown,
  second: unknown,
  third: unknown,
  fourth: unknown,
): { at: HostPort; options: ListenOptions } {
  if (typeof first === 'object' && first !== null) {
    const at = checkAddress(first, '');
    return { at, options: Array.isArray(first) ? checkOptions(second) : checkOptions(first) };
  }
  const at = { host: checkHost('host', second, ''), port: checkPort('port', first) };
  const options = { ...checkOptions(fourth) };
  return { at, options: third === undefined ? options : { ...options, backlog: third as number } };
}
