import { createServer, type Server as NetServer } from 'node:net';

import { Accepted } from './accepted.ts';
import { callHook } from './call-hook.ts';
import { Channel } from './channel.ts';
import { codedError, typeError } from './errors.ts';
import { bind, filenoOfServer, type ListenTarget } from './listening.ts';
import { checkMilliseconds, checkServerOptions } from './options.ts';
import { listeningAddress } from './socket.ts';
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

export abstract class StreamServer extends Channel {
  abstract ConnectionClass: ConnectionConstructor;

  /** The live connections, by descriptor. */
  readonly channels = new Map<number, ServerConnection>();
  /** Those whose onClose has not returned yet; by then their descriptor may be another's. */
  readonly #open = new Set<ServerConnection>();

  protected _options: ServerOptions;
  #phase: 'idle' | 'listening' | 'ending' | 'closed' = 'idle';
  #listener: NetServer | null = null;
  #localAddr: Address | null = null;
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

  get localAddr(): Address | null {
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

  override onAccept(socket: Accepted, _addr: Address): void {
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

  protected _listenOn(target: ListenTarget, options: ServerOptions): void {
    checkServerOptions(options);
    if (this.#phase === 'listening') throw codedError('ERR_CHANNEL_ACTIVE', 'already listening');
    if (this.#phase !== 'idle') throw codedError('ERR_CHANNEL_CLOSED', 'already closed');
    if (typeof this.ConnectionClass !== 'function') {
      throw typeError('ConnectionClass', 'a class', this.ConnectionClass);
    }
    const handle = bind(target, options.ipv6Only ?? false);
    this._options = options;
    const listener = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    if (options.maxConnections !== undefined) listener.maxConnections = options.maxConnections;
    listener.on('connection', (socket) => this.#accept(new Accepted(socket)));
    listener.on('close', () => {
      this.#listenerClosed = true;
      this.#closeIfDone();
    });
    listener.on('error', (error) => callHook(() => this.onError(error)));
    listener.listen(handle);
    if (!this.#referenced) listener.unref();
    this.#listener = listener;
    this.#listenerClosed = false;
    this.#phase = 'listening';
    const info = listener.address();
    if (typeof info === 'object' && info !== null) this.#localAddr = listeningAddress(info);
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
    if (remoteAddr === null || this.#phase !== 'listening') {
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
    this.#localAddr = null;
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
    for (const resolve of this.#waiting) resolve();
  }
}
