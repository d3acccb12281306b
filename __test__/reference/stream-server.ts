import { createServer, type Server as NetServer } from 'node:net';

import { Accepted } from './accepted.ts';
import { callHook } from './call-hook.ts';
import { Channel } from './channel.ts';
import { codedError, typeError } from './errors.ts';
import { filenoOfServer, type Handle, listenWith } from './listening.ts';
import { checkMilliseconds, checkServerOptions } from './options.ts';
import { listeningAddress, paths } from './socket.ts';
import type { Address, CloseInfo, ReadyState, ServerOptions, StreamOptions } from './types.ts';

/** What a server needs of the connections it holds. */
export interface ServerConnection extends Channel {
  close(): void;
}

export type ConnectionConstructor = new (
  socket: Accepted,
  server: StreamServer,
  options?: StreamOptions,
) => ServerConnection;

/** The arguments of a constructor: `(ConnectionClass, options)` or `(options)`. */
export function serverArguments(
  first: ConnectionConstructor | ServerOptions | undefined,
  second: ServerOptions | undefined,
): [ConnectionConstructor | undefined, ServerOptions | undefined] {
  if (typeof first === 'function') return [first, second];
  if (first !== undefined && second !== undefined) {
    throw typeError('ConnectionClass', 'a class', first);
  }
  return [undefined, second ?? first];
}

export abstract class StreamServer extends Channel {
  abstract ConnectionClass: ConnectionConstructor;

  /** The live connections, by descriptor. */
  readonly channels = new Map<number, ServerConnection>();
  /** Those whose onClose has not returned yet; by then their descriptor may be another's. */
  readonly #open = new Set<ServerConnection>();

  protected _options: ServerOptions;
  #phase: 'idle' | 'listening' | 'ending' | 'closed' = 'idle';
  #listener: NetServer | null = null;
  #localAddr: Address | string | null = null;
  #referenced = true;
  #closeInfo: CloseInfo = { reason: 'close', unsentBytes: 0 };
  #listenerClosed = true;
  #onCloseCalled = false;
  #waiting: (() => void)[] = [];

  constructor(options: ServerOptions = {}) {
    super();
    checkServerOptions(options);
    this._options = options;
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

  get _connectionOptions(): StreamOptions {
    return this._options;
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
    new this.ConnectionClass(socket, this);
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

  // For Server

  protected _listenOn(options: ServerOptions, bind: () => Handle, path?: string): void {
    checkServerOptions(options);
    if (this.#phase === 'listening') throw codedError('ERR_CHANNEL_ACTIVE', 'already listening');
    if (this.#phase !== 'idle') throw codedError('ERR_CHANNEL_CLOSED', 'already closed');
    if (typeof this.ConnectionClass !== 'function') {
      throw typeError('ConnectionClass', 'a class', this.ConnectionClass);
    }
    const handle = bind();
    this._options = options;
    const listener = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    if (options.maxConnections !== undefined) listener.maxConnections = options.maxConnections;
    listener.on('connection', (socket) => {
      const local = this.#localAddr;
      if (typeof local === 'string') paths.set(socket, { local, remote: null });
      this.#accept(new Accepted(socket));
    });
    listener.on('close', () => {
      this.#listenerClosed = true;
      this.#closeIfDone();
    });
    listener.on('error', (error) => callHook(() => this.onError(error)));
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
      if (this.#phase === 'listening') callHook(() => this.onListen());
    });
  }

  // For the connections

  _add(connection: ServerConnection, fileno: number): void {
    this.channels.set(fileno, connection);
    this.#open.add(connection);
    if (this.#phase !== 'listening') connection.close();
  }

  _forget(connection: ServerConnection): void {
    for (const [fileno, other] of this.channels) {
      if (other === connection) this.channels.delete(fileno);
    }
  }

  _connectionClosed(connection: ServerConnection): void {
    this.#open.delete(connection);
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
    callHook(() => {
      try {
        this.onAccept(socket, remoteAddr);
      } catch (error) {
        Accepted.discard(socket);
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
    callHook(() => this.onClose(this.#closeInfo));
    this.#localAddr = null;
    for (const resolve of this.#waiting) resolve();
  }
}
