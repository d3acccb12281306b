import { AsyncResource } from 'node:async_hooks';
import { type BlockList, createServer, type Server as NetServer } from 'node:net';

import { Accepted } from './accepted.ts';
import { Channel } from './channel.ts';
import { Connections } from './connections.ts';
import { codedError, typeError, valueError } from './errors.ts';
import { bind, bindPath, filenoOfServer, type Handle, listenWith } from './listening.ts';
import { warnMisspelt } from './misspelt.ts';
import { ADDRESS, checkNames, MADE_WITH, names } from './names.ts';
import {
  checkBlockList,
  checkMilliseconds,
  checkServerOptions,
  type Endpoint,
  parseAddress,
  plainHost,
} from './options.ts';
import { isPath, isTooLong, pathOf, tooLong } from './path.ts';
import { listeningAddress, paths, remoteAddressOf } from './socket.ts';
import { ByteStream } from './stream.ts';
import type { Address, CloseInfo, ReadyState, ServerOptions, StreamOptions } from './types.ts';
import { warnUnhandled } from './unhandled.ts';

export type ConnectionConstructor = new (socket: Accepted, server: StreamServer) => ByteStream;

/** Where to listen; an object may hold options beside it. */
export type ListenTarget = number | string | [host: string, port: number] | (ServerOptions & Place);
type Place = { host?: string; address?: string; port?: number } | { path: string };

interface Options extends ServerOptions {
  ConnectionClass?: ConnectionConstructor;
}

export class StreamServer extends Channel {
  /** What wraps the sockets of a path, where nobody has said what does. */
  static wrapsPaths: ConnectionConstructor | null = null;

  /** Wraps what is accepted. On the prototypes, so that a class field may take its place. */
  declare ConnectionClass: ConnectionConstructor;

  /** The live connections, by descriptor. */
  readonly channels = new Map<number, ByteStream>();
  /** Those whose onClose has not returned yet; by then their descriptor may be another's. */
  readonly #open = new Set<ByteStream>();

  #options: ServerOptions;
  #connectionContext = new AsyncResource('reference');
  #phase: 'idle' | 'listening' | 'ending' | 'closed' = 'idle';
  #listener: NetServer | null = null;
  #localAddr: Address | string | null = null;
  #referenced = true;
  #closeInfo: CloseInfo = { reason: 'close', unsentBytes: 0 };
  #listenerClosed = true;
  #onCloseCalled = false;
  #waiting: (() => void)[] = [];
  #iterated: Connections | null = null;

  constructor(connectionClass?: ConnectionConstructor, options?: ServerOptions);
  constructor(options?: Options);
  constructor(first?: ConnectionConstructor | Options, second?: Options) {
    super();
    const isClass = typeof first === 'function' || (first != null && second != null);
    const given = (isClass ? second : (first ?? second)) ?? {};
    checkNames(given, this._names, MADE_WITH);
    const { ConnectionClass, ...options } = given as Options;
    const wrapper = isClass ? first : ConnectionClass;
    checkServerOptions(options);
    this.#options = options;
    if (wrapper !== undefined) this.ConnectionClass = checkWrapper(wrapper);
  }

  /** Which options it is made with. */
  protected get _names(): string[] {
    return [...names.server, ...names.unixServer];
  }

  listen(target: ListenTarget, backlog?: number, options?: ServerOptions): this {
    if (!isPath(target)) return this._listenAt(parseAddress(target, ''), target, backlog, options);
    const path = pathOf(target);
    const given = this.#given(target, backlog, options);
    const { mode } = given;
    if (path.startsWith('\0') && mode !== undefined) throw valueError('mode', 'left out', mode);
    this.#listenOn(
      given,
      () => {
        if (isTooLong(path)) throw tooLong('listen', path);
        return bindPath(path, given.backlog ?? 1024, mode);
      },
      path,
    );
    const isGiven = Object.hasOwn(this, 'ConnectionClass');
    const { wrapsPaths } = StreamServer;
    if (!isGiven && wrapsPaths && this.ConnectionClass === StreamServer.prototype.ConnectionClass) {
      this.ConnectionClass = wrapsPaths;
    }
    return this;
  }

  get readyState(): ReadyState {
    return this.#phase === 'ending' ? 'closed' : this.#phase;
  }

  get localAddr(): Address | string | null {
    return this.#localAddr;
  }

  get remoteAddr(): null {
    return null;
  }

  get _connectionContext(): AsyncResource {
    return this.#connectionContext;
  }

  get _connectionOptions(): StreamOptions {
    return this.#options;
  }

  ref(): this {
    this.#referenced = true;
    this.#listener?.ref();
    return this;
  }

  unref(): this {
    this.#referenced = false;
    this.#listener?.unref();
    return this;
  }

  override onAccept(socket: Accepted, _addr: Address | string | null): void {
    try {
      new this.ConnectionClass(socket, this);
    } catch (error) {
      Accepted.discard(socket);
      throw error;
    } finally {
      // Nothing, where it was taken.
      socket.close();
    }
  }

  onDrop(_addr: Address | string | null): void {}

  override onError(error: Error): void {
    warnUnhandled(this, 'onError', error);
  }

  setBlockList(blockList: BlockList | null): this {
    checkBlockList(blockList);
    const { blockList: _, ...others } = this.#options;
    this.#options = blockList === null ? others : { ...others, blockList };
    return this;
  }

  /** Closes the listener and every connection, at once. */
  close(): void {
    if (this.#phase === 'closed') return;
    this.#stop('close');
    this.#phase = 'closed';
    for (const connection of this.#open) connection.close();
  }

  /** Stops accepting, waits for the connections to finish, then closes what is left. */
  end(timeoutMs?: number): Promise<void> {
    if (timeoutMs !== undefined) checkMilliseconds({ timeoutMs }, 'timeoutMs');
    if (this.#onCloseCalled) return Promise.resolve();
    const closed = new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#phase !== 'closed') this.#stop('end');
    if (timeoutMs !== undefined) setTimeout(() => this.close(), timeoutMs).unref();
    return closed;
  }

  [Symbol.asyncIterator](): Connections {
    this.#iterated ??= new Connections(this);
    return this.#iterated;
  }

  // For Server

  protected _listenAt(
    { host, port }: Endpoint,
    first: unknown,
    backlog: number | undefined,
    options: ServerOptions | undefined,
  ): this {
    const given = this.#given(first, backlog, options);
    const at = { host, port, backlog: given.backlog ?? 1024 };
    this.#listenOn(given, () => bind(at, given.ipv6Only ?? false));
    return this;
  }

  /** Options may stand in the address, and behind it. */
  #given(first: unknown, backlog: number | undefined, options: ServerOptions = {}): ServerOptions {
    const known = isPath(first) ? names.unixServer : names.server;
    checkNames(options, known);
    const inline = typeof first === 'object' && !Array.isArray(first) ? { ...first } : {};
    checkNames(inline, known, ADDRESS);
    return { ...this.#options, ...inline, ...options, ...(backlog !== undefined && { backlog }) };
  }

  #listenOn(options: ServerOptions, bind: () => Handle, path?: string): void {
    checkServerOptions(options);
    if (this.#phase === 'listening') throw codedError('ERR_CHANNEL_ACTIVE', 'already listening');
    if (this.#phase !== 'idle') throw codedError('ERR_CHANNEL_CLOSED', 'already closed');
    checkWrapper(this.ConnectionClass);
    const handle = bind();
    this.#options = options;
    this.#connectionContext = new AsyncResource('reference');
    const listener = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    if (options.maxConnections !== undefined) listener.maxConnections = options.maxConnections;
    listener.on('drop', (data) => {
      const { remoteAddress: address, remotePort: port, remoteFamily: family } = data ?? {};
      const isAddress = address !== undefined && port !== undefined;
      const peer = { address: plainHost(address ?? ''), port: port ?? 0 };
      const at = { ...peer, family: peer.address.includes(':') ? 'IPv6' : 'IPv4' } as const;
      if (family !== undefined || !isAddress) this._hook(() => this.onDrop(isAddress ? at : null));
    });
    listener.on('connection', (socket) => {
      const remote = remoteAddressOf(socket);
      const ip = typeof remote === 'object' && remote;
      if (
        ip &&
        this.#options.blockList?.check(ip.address, ip.family === 'IPv4' ? 'ipv4' : 'ipv6')
      ) {
        socket.destroy();
        this._hook(() => this.onDrop(ip));
        return;
      }
      const local = this.#localAddr;
      if (typeof local === 'string') paths.set(socket, { local, remote: null });
      this.#accept(new Accepted(socket));
    });
    listener.on('close', () => {
      this.#listenerClosed = true;
      this.#closeIfDone();
    });
    listener.on('error', (error) => this._hook(() => this.onError(error)));
    if (path === undefined) listener.listen(handle);
    else listenWith(listener, handle, path);
    if (!this.#referenced) listener.unref();
    this.#listener = listener;
    this.#listenerClosed = false;
    this.#phase = 'listening';
    const info = listener.address();
    this.#localAddr = typeof info === 'object' && info ? listeningAddress(info) : info;
    this._opened(filenoOfServer(listener));
    // Before anything can be accepted.
    process.nextTick(() => {
      if (this.#phase === 'listening') {
        warnMisspelt(this, StreamServer.prototype);
        this._hook(() => this.onListen());
        this._waits.tell('opened');
      }
    });
  }

  // For the connections

  _add(connection: ByteStream, fileno: number): void {
    this.channels.set(fileno, connection);
    this.#open.add(connection);
    // Until somebody reads it.
    if (this.#iterated !== null) connection.pause();
    if (this.#phase !== 'listening') connection.close();
  }

  _ready(connection: ByteStream): void {
    this.#iterated?.give(connection);
  }

  _left(): void {
    this.#iterated = null;
  }

  _forget(connection: ByteStream): void {
    for (const [fileno, other] of this.channels) {
      if (other === connection) this.channels.delete(fileno);
    }
  }

  _connectionClosed(connection: ByteStream): void {
    this.#open.delete(connection);
    this.#iterated?.gone(connection);
    this.#closeIfDone();
  }

  #accept(socket: Accepted): void {
    const { remoteAddr } = socket;
    // Gone again before it could be accepted.
    const gone = remoteAddr === null && typeof this.#localAddr !== 'string';
    if (gone || this.#phase !== 'listening') {
      socket.close();
      return;
    }
    this._hook(() => {
      try {
        this.onAccept(socket, remoteAddr);
      } catch (error) {
        socket.close();
        throw error;
      }
    });
  }

  #stop(reason: CloseInfo['reason']): void {
    if (this.#phase === 'listening' || this.#phase === 'idle') {
      this.#closeInfo = { reason, unsentBytes: 0 };
      this.#phase = 'ending';
    }
    this.#listener?.close();
    this.#listener = null;
    setImmediate(() => this.#closeIfDone());
  }

  #closeIfDone(): void {
    const listening = this.#phase === 'listening' || this.#phase === 'idle';
    if (listening || !this.#listenerClosed || this.#open.size > 0 || this.#onCloseCalled) return;
    this.#phase = 'closed';
    this.#onCloseCalled = true;
    this._closed();
    this._hook(() => this.onClose(this.#closeInfo));
    this._waits.tellClosed(this.#closeInfo);
    this.#iterated?.finish(this.#closeInfo.error ?? null);
    this.#localAddr = null;
    for (const resolve of this.#waiting) resolve();
  }
}

/** What wraps sockets is made as `new C(socket, server)`, and only a Stream takes them. */
function checkWrapper(value: unknown): ConnectionConstructor {
  const isStream = (made: unknown) => made === ByteStream.prototype || made instanceof ByteStream;
  if (typeof value === 'function' && isStream(value.prototype)) return value as never;
  throw typeError('ConnectionClass', 'a class that extends Stream', value);
}
