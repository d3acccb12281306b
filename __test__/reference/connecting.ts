import { connect, type NetConnectOpts } from 'node:net';

import { abortError, codedError } from './errors.ts';
import { checkConnectOptions, checkObject } from './options.ts';
import { paths } from './socket.ts';
import { Stream } from './stream.ts';
import type { ConnectOptions } from './types.ts';

/** Where to connect to, in the words of node:net, and in those of the errors. */
export interface Way {
  to: NetConnectOpts;
  fields: { address: string; port?: number };
  /** Why it is not even tried. */
  refused?: Error;
}

/** What Client and UnixClient have in common. */
export abstract class Connecting extends Stream {
  readonly #defaults: ConnectOptions;
  #stopWaiting: () => void = () => {};

  constructor(options: ConnectOptions = {}) {
    super(options);
    checkConnectOptions(options);
    this.#defaults = options;
  }

  /** `first` is what `connect` was given: an object may hold options beside the address. */
  protected _connect(
    first: unknown,
    given: ConnectOptions | undefined,
    wayOf: (options: ConnectOptions) => Way,
  ): this {
    // Checks every option, given in whichever place, before anything is changed.
    checkObject(given ?? {});
    const inline = typeof first === 'object' && !Array.isArray(first) ? first : {};
    const own: ConnectOptions = { ...inline, ...given };
    checkConnectOptions(own);
    const options = { ...this.#defaults, ...own };
    if (this.readyState === 'closed') throw codedError('ERR_CHANNEL_CLOSED', 'already closed');
    if (this.readyState !== 'idle') throw codedError('ERR_CHANNEL_ACTIVE', 'already connected');
    this._adoptFields();
    this._configure(own);
    this._begin();
    this.#start(wayOf(options), options);
    return this;
  }

  #start({ to, fields, refused }: Way, { connectTimeout = 0, signal }: ConnectOptions): void {
    if (signal?.aborted || refused) {
      setImmediate(() => this._connectFailed(refused ?? abortError(signal?.reason)));
      return;
    }
    // Not at once: abort() is a call that user code is making.
    const aborted = () => setImmediate(() => this._connectFailed(abortError(signal?.reason)));
    const timer =
      connectTimeout > 0 ? setTimeout(() => this.#timedOut(fields), connectTimeout) : undefined;
    signal?.addEventListener('abort', aborted);
    this.#stopWaiting = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
    };
    const socket = connect({ ...to, allowHalfOpen: true });
    if ('path' in to) paths.set(socket, { local: null, remote: to.path });
    this._attach(socket);
    socket.on('connect', () => {
      if (signal?.aborted) return;
      this.#stopWaiting();
      this._open();
    });
  }

  #timedOut(fields: Way['fields']): void {
    const where = Object.values(fields).join(':');
    const error = codedError('ETIMEDOUT', `connect ETIMEDOUT ${where}`);
    this._connectFailed(Object.assign(error, { errno: -110, syscall: 'connect' }, fields));
  }

  protected override _closed(): void {
    this.#stopWaiting();
    super._closed();
  }
}
