/** A stream-oriented, listening channel. */

import type { BlockList } from 'node:net';

import type { Destination } from '../check/address.ts';
import { checkBlockList } from '../check/block-list.ts';
import { listenAnywhere } from '../check/destination.ts';
import { invalidType, invalidValue } from '../check/errors.ts';
import { checkOptions, namesOf } from '../check/option-names.ts';
import {
  checkDescriptor,
  encodingOf,
  listenSettings,
  socketOptions,
  streamSettings,
  time,
} from '../check/options.ts';
import { framingOf } from '../check/read-delimiter.ts';
import { isCallable, isReadable } from '../check/values.ts';
import { Family } from '../generated/wire.ts';
import type { ConnectionDefaults } from '../link/hooks.ts';
import { link } from '../link/link.ts';
import { ServerLink } from '../link/server-link.ts';
import { AcceptedSocket } from '../link/socket.ts';
import { currentContext } from '../reactor/context.ts';
import type {
  Address,
  AddressLike,
  CloseInfo,
  DescriptorOptions,
  HookError,
  ListenOptions,
  ServerStats,
  Socket,
  UnixListenOptions,
} from '../types.ts';
import { connectionsOf } from './adapters/connections.ts';
import type { FrameIterator } from './adapters/iterator.ts';
import { Channel, Engine } from './engine.ts';
import type { StreamOptions } from './options.ts';
import { Stream } from './stream.ts';
import { family } from './stream-setup.ts';
import { warnUnhandled } from './unhandled.ts';

/** @internal What `listen()` of each kind of server comes to. */
export const listenAt: unique symbol = Symbol('pants.listenAt');

/**
 * A class that extends `Stream`; its instances wrap accepted sockets. Servers make them, as
 * `new C(socket, server)`, so its constructor needs no more than that.
 */
export type ConnectionClass<C extends Stream> = new (socket: Socket<never>, server: never) => C;

/** @internal What wraps the sockets of a family where nothing else is said. */
export const defaultConnections: Map<number, ConnectionClass<Stream>> = new Map();

/** Options of a server; those of a stream are the defaults of its connections. */
export interface StreamServerOptions<C extends Stream>
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
export class StreamServer<
  A extends Address | string = Address | string,
  C extends Stream = Stream,
> extends Channel {
  /** @internal */
  readonly [link]: ServerLink;

  /**
   * Wraps each accepted socket, as `new ConnectionClass(socket, server)`. It extends `Stream`: mostly
   * `Connection` or `UnixConnection`, and one that extends `Stream` itself serves both. A subclass
   * may declare its own.
   */
  declare ConnectionClass: ConnectionClass<C>;

  /** The live connections, by descriptor. */
  readonly channels: Map<number, C> = new Map();

  /** @internal What the constructor was given, then `listen()`. */
  connectionDefaults: ConnectionDefaults & { readonly options: AnyServerOptions };

  /**
   * With `fd` among the options, it listens from the start, on a socket that was bound elsewhere:
   * see `listen({ fd })`.
   *
   * @throws `ERR_INVALID_ARG_TYPE` (also where `ConnectionClass` does not extend `Stream`),
   *   `ERR_INVALID_ARG_VALUE`
   */
  constructor(ConnectionClass?: ConnectionClass<C> | null, options?: StreamServerOptions<C>);
  constructor(options?: StreamServerOptions<C>);
  constructor(first?: unknown, second?: unknown) {
    super(link);
    // With options behind it, the first can be nothing else.
    const isWrapper = typeof first === 'function' || (first != null && second != null);
    const names = namesOf(this[family]).server;
    const given = checkOptions(isWrapper ? second : (first ?? second), names);
    const { engine = Engine.instance(), fd, ...options } = given as StreamServerOptions<C>;
    if (!Engine.isEngine(engine)) throw invalidType('engine', 'an Engine', engine);
    const wrapper = isWrapper ? first : options.ConnectionClass;
    if (wrapper !== undefined) checkWrapper(wrapper);
    this.connectionDefaults = checkServerOptions({ ...options, engine });
    this[link] = new ServerLink(this as never, StreamServer.prototype, engine);
    this[link].context = currentContext();
    if (wrapper !== undefined) this.ConnectionClass = wrapper as ConnectionClass<C>;
    if (fd !== undefined) StreamServer.prototype.listen.call(this, { fd });
  }

  /** @internal */
  get [family](): number {
    return Family.NONE;
  }

  /** The address that it listens on, as soon as `listen()` has returned; `null` before and after. */
  get localAddr(): A | null {
    return this[link].local as A | null;
  }

  /** A server has no peer: its connections do. */
  get remoteAddr(): null {
    return null;
  }

  /** Counters since the server began; they can be read in `onClose` and after it, too. */
  override stats(): ServerStats {
    return this[link].stats();
  }

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
      | ({ path: string } & UnixListenOptions)
      | ({ fd: number } & ListenOptions),
    backlog?: number,
    options?: ListenOptions & UnixListenOptions,
  ): this;
  listen(first: unknown, second?: unknown, third?: unknown): this {
    if (hasDescriptor(first)) return this.#adopt(first);
    const { at, options } = listenAnywhere(first, second, third);
    return this[listenAt](at, options);
  }

  #adopt(socket: unknown): this {
    const { adopt } = namesOf(this[family]);
    const { fd, ...options }: DescriptorOptions & ListenOptions = checkOptions(socket, adopt);
    const descriptor = checkDescriptor(fd);
    if (descriptor === undefined) throw invalidType('fd', 'a descriptor', fd);
    checkWrapper(this.ConnectionClass);
    const given = checkServerOptions({ ...this.connectionDefaults.options, ...options });
    this[link].adopt(
      descriptor,
      this[family],
      socketOptions(given.options),
      listenSettings(given.options),
    );
    return this.#listening(given);
  }

  /** @internal */
  [listenAt](at: Destination, options: ListenOptions & UnixListenOptions): this {
    checkWrapper(this.ConnectionClass);
    const given = checkServerOptions({ ...this.connectionDefaults.options, ...options });
    const { mode } = given.options;
    if (typeof at === 'string' && at.startsWith('\0') && mode !== undefined) {
      throw invalidValue('mode', 'left out: an abstract name has no permissions', mode);
    }
    this[link].listen(at, socketOptions(given.options), listenSettings(given.options));
    return this.#listening(given);
  }

  /** A server of no kind learns here of which one it is: so what wraps its sockets is settled. */
  #listening(given: typeof this.connectionDefaults): this {
    this.connectionDefaults = given;
    const isDefault = this.ConnectionClass === StreamServer.prototype.ConnectionClass;
    const isGiven = Object.hasOwn(this, 'ConnectionClass');
    if (isDefault && !isGiven && typeof this.localAddr === 'string') {
      this.ConnectionClass = defaultConnections.get(Family.UNIX) as ConnectionClass<C>;
    }
    return this;
  }

  /**
   * Who may not connect from now on: the rules that the list has now, also where it is the same list
   * again; `null`: nobody. Connections that are open go on. It takes the place of `blockList`; before
   * `listen()` it is kept. Unix sockets have no addresses to go by.
   *
   * @throws `ERR_INVALID_ARG_TYPE`
   */
  setBlockList(blockList: BlockList | null): this {
    const blocked = checkBlockList(blockList);
    if (blocked === undefined) throw invalidType('blockList', 'a BlockList or null', blockList);
    const { options, settings } = this.connectionDefaults;
    this.connectionDefaults = { options: { ...options, blockList: blockList as never }, settings };
    this[link].block(blocked);
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
    return this[link].end(timeoutMs === undefined ? undefined : time('timeoutMs', timeoutMs, 0));
  }

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
  [Symbol.asyncIterator](): FrameIterator<C> {
    return connectionsOf(this[link]);
  }

  /** The channel listens. */
  onListen(): void {}

  /**
   * A socket was accepted. The default wraps it in `ConnectionClass`, and closes it where that did
   * not take it. One that keeps it for later, or gives it to another class, owns it:
   * `new Connection(socket, server)` or `socket.close()`. One that drops it has it closed when it is
   * collected as garbage.
   */
  onAccept(socket: Socket<A>, _addr: A | null): void {
    const { ConnectionClass } = this;
    try {
      new ConnectionClass(socket as never, this as never);
    } catch (error) {
      if (AcceptedSocket.isSocket(socket)) this[link].reactor.turn.discard(socket);
      throw error;
    } finally {
      // A no-op where it was taken.
      socket.close();
    }
  }

  /**
   * A connection was refused, by `maxConnections` or by `blockList`: it is closed by now, and counted in
   * `stats().refused`. Told at most 100 times a second. `addr` is its peer's address.
   */
  onDrop(_addr: A | null): void {}

  /**
   * Accepting failed for now (it goes on by itself), or the listening socket has failed. The default
   * tells of it by `process.emitWarning()`, a `PantsWarning`, once for each class and code.
   */
  onError(error: HookError): void {
    warnUnhandled(this, 'onError', error);
  }

  /** The server and all of its connections have closed. Exactly once, and the last hook. */
  onClose(_info: CloseInfo): void {}
}

type AnyServerOptions = StreamOptions & ListenOptions & UnixListenOptions;

function checkServerOptions(options: AnyServerOptions): StreamServer['connectionDefaults'] {
  const settings = streamSettings(options);
  socketOptions(options);
  listenSettings(options);
  encodingOf(options.readEncoding);
  if (options.readDelimiter !== undefined) framingOf(options.readDelimiter);
  return { options, settings };
}

/** What wraps sockets is made as `new C(socket, server)`, and only a `Stream` takes them. */
function checkWrapper(value: unknown): void {
  const isStream = (made: typeof value) => made === Stream.prototype || made instanceof Stream;
  if (isCallable(value) && isStream(value.prototype)) return;
  throw invalidType('ConnectionClass', 'a class that extends Stream', value);
}

/** @internal Whether `listen()` is to take over a socket. */
export function hasDescriptor(first: unknown): first is { fd: number } {
  return isReadable(first) && 'fd' in first && first.fd !== undefined;
}
