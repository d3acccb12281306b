import { connect, type NetConnectOpts } from 'node:net';

import { abortError, codedError } from './errors.ts';
import {
  checkConnectOptions,
  checkObject,
  type Endpoint,
  endpoint,
  parseAddress,
} from './options.ts';
import { Stream } from './stream.ts';
import type { ConnectOptions } from './types.ts';

type Target = number | [host: string, port: number] | AddressLike;
type AddressLike = ConnectOptions & { host?: string; address?: string; port: number };

export class Client extends Stream {
  readonly #defaults: ConnectOptions;
  #stopWaiting: () => void = () => {};

  constructor(options: ConnectOptions = {}) {
    super(options);
    checkConnectOptions(options);
    this.#defaults = options;
  }

  connect(host: string, port: number, options?: ConnectOptions): this;
  connect(target: Target, options?: ConnectOptions): this;
  connect(first: string | Target, second?: number | ConnectOptions, third?: ConnectOptions): this {
    const [target, given] =
      typeof first === 'string'
        ? [endpoint(first, second), third]
        : [parseAddress(first, 'localhost'), second as ConnectOptions | undefined];
    const options = mergedOptions(this.#defaults, first, given);
    if (this.readyState === 'closed') throw codedError('ERR_CHANNEL_CLOSED', 'already closed');
    if (this.readyState !== 'idle') throw codedError('ERR_CHANNEL_ACTIVE', 'already connected');
    this._adoptFields();
    this._configure(streamOptionsOf(first, given));
    this._begin();
    this.#connect(target, options);
    return this;
  }

  #connect({ host, port }: Endpoint, options: ConnectOptions): void {
    const { connectTimeout = 0, signal, localAddress, localPort, lookup, family } = options;
    if (signal?.aborted) {
      setImmediate(() => this._connectFailed(abortError(signal.reason)));
      return;
    }
    // Not at once: abort() is a call that user code is making.
    const aborted = () => setImmediate(() => this._connectFailed(abortError(signal?.reason)));
    const timer =
      connectTimeout > 0 ? setTimeout(() => this.#timedOut(host, port), connectTimeout) : undefined;
    signal?.addEventListener('abort', aborted);
    this.#stopWaiting = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
    };
    const socket = connect({
      host: host === '' ? 'localhost' : host,
      port,
      allowHalfOpen: true,
      ...(localAddress !== undefined && { localAddress }),
      ...(localPort !== undefined && { localPort }),
      ...(lookup !== undefined && { lookup }),
      ...(family !== undefined && { family: familyNumber(family) }),
    } satisfies NetConnectOpts);
    this._attach(socket);
    socket.on('connect', () => {
      if (signal?.aborted) return;
      this.#stopWaiting();
      this._open();
    });
  }

  #timedOut(address: string, port: number): void {
    const error = codedError('ETIMEDOUT', `connect ETIMEDOUT ${address}:${port}`);
    this._connectFailed(Object.assign(error, { errno: -110, syscall: 'connect', address, port }));
  }

  protected override _closed(): void {
    this.#stopWaiting();
    super._closed();
  }
}

/** Checks every option, given in whichever place, before anything is changed. */
function mergedOptions(
  defaults: ConnectOptions,
  first: string | Target,
  given: ConnectOptions = {},
): ConnectOptions {
  checkObject(given);
  const options = streamOptionsOf(first, given);
  checkConnectOptions(options);
  return { ...defaults, ...options };
}

function streamOptionsOf(first: string | Target, given: ConnectOptions = {}): ConnectOptions {
  const inline = typeof first === 'object' && !Array.isArray(first) ? first : {};
  return { ...inline, ...given };
}

function familyNumber(family: NonNullable<ConnectOptions['family']>): number {
  return typeof family === 'number' ? family : Number(family.slice('IPv'.length));
}
