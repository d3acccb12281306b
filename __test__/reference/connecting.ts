import dns from 'node:dns';
import { connect, type LookupFunction, type NetConnectOpts } from 'node:net';
import os from 'node:os';

import { Accepted } from './accepted.ts';
import { abortError, codedError, typeError } from './errors.ts';
import { ADDRESS, checkNames, MADE_WITH, names } from './names.ts';
import { checkConnectOptions, parseAddress, plainHost } from './options.ts';
import { isPath, isTooLong, pathOf, tooLong } from './path.ts';
import { paths } from './socket.ts';
import { ByteStream } from './stream.ts';
import { StreamServer } from './stream-server.ts';
import type { ConnectOptions, StreamOptions } from './types.ts';
import { isReadable } from './values.ts';

/** Where to connect to, in the words of node:net, and in those of the errors. */
export interface Way {
  to: NetConnectOpts;
  fields: { address: string; port?: number };
  /** Why it is not even tried. */
  refused?: Error;
}

/** An address in any form, or a path; an object may hold options beside it. */
export type Target = number | string | [host: string, port: number] | (ConnectOptions & Place);
type Place = { host?: string; address?: string; port: number } | { path: string };

/** A stream that connects, or that wraps a socket which a server has accepted. */
export class Stream extends ByteStream {
  readonly #defaults: ConnectOptions;
  #server: StreamServer | null = null;
  #stopWaiting: () => void = () => {};

  constructor(options?: ConnectOptions);
  constructor(socket: Accepted, server: StreamServer, options?: StreamOptions);
  constructor(
    first: ConnectOptions | Accepted = {},
    server?: StreamServer,
    options: StreamOptions = {},
  ) {
    const accepted = isReadable(first) && first instanceof Accepted ? first : null;
    const own = (accepted ? options : first) as ConnectOptions;
    if (accepted && !(server instanceof StreamServer))
      throw typeError('server', 'a server', server);
    super(accepted ? server?._connectionOptions : {});
    checkNames(own, accepted ? names.connection : this._names, accepted ? [] : MADE_WITH);
    this._configure(own);
    checkConnectOptions(own);
    this.#defaults = own;
    if (accepted && server) this.#adopt(accepted, server);
  }

  /** Which options it is made with. */
  protected get _names(): string[] {
    return names.client;
  }

  connect(target: Target, options?: ConnectOptions): this {
    if (typeof target === 'number' && typeof options === 'string') {
      throw typeError('options', 'an object (a host stands before its port)', options);
    }
    if (!isPath(target)) return this._connectTo(parseAddress(target, ''), target, options);
    const path = pathOf(target);
    return this._connect(target, options, () => wayToPath(path), names.unixClient);
  }

  // For Client

  protected _connectTo(
    { host, port }: { host: string; port: number },
    first: unknown,
    given: ConnectOptions | undefined,
  ): this {
    return this._connect(first, given, ({ localAddress, localPort, lookup, family }) => ({
      to: {
        host: host === '' ? 'localhost' : host,
        port,
        ...(localAddress !== undefined && { localAddress: plainHost(localAddress) }),
        ...(localPort !== undefined && { localPort }),
        lookup: ipv6First(lookup),
        ...(family !== undefined && { family: familyNumber(family) }),
      },
      fields: { address: host, port },
    }));
  }

  /** `first` is what `connect` was given: an object may hold options beside the address. */
  protected _connect(
    first: unknown,
    given: ConnectOptions | undefined,
    wayOf: (options: ConnectOptions) => Way,
    known: string[] = names.client,
  ): this {
    // Checks every option, given in whichever place, before anything is changed.
    checkNames(given ?? {}, known);
    const isInline = typeof first === 'object' && first !== null && !Array.isArray(first);
    const inline = isInline ? { ...first } : {};
    checkNames(inline, known, ADDRESS);
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
      const closed = () => this.close();
      signal?.addEventListener('abort', closed, { once: true });
      this.#stopWaiting = () => signal?.removeEventListener('abort', closed);
      this._open();
    });
  }

  #timedOut(fields: Way['fields']): void {
    const where = Object.values(fields).join(':');
    const error = codedError('ETIMEDOUT', `connect ETIMEDOUT ${where}`);
    const errno = -os.constants.errno.ETIMEDOUT;
    this._connectFailed(Object.assign(error, { errno, syscall: 'connect' }, fields));
  }

  #adopt(accepted: Accepted, server: StreamServer): void {
    Object.assign(this, { server });
    this.#server = server;
    this._runIn(server._connectionContext);
    this._attach(Accepted.take(accepted, this));
    this._begin();
    server._add(this, accepted.fileno);
    setImmediate(() => this.#opened());
  }

  /** The constructors of an accepted one have run. */
  #opened(): void {
    try {
      this._adoptFields();
    } catch (error) {
      this._connectFailed(error as Error);
      process.nextTick(() => {
        throw error;
      });
      return;
    }
    this._open();
    if (this.readyState !== 'closed') this.#server?._ready(this);
  }

  protected override _closed(): void {
    this.#stopWaiting();
    super._closed();
    this.#server?._forget(this);
  }

  protected override _afterClose(): void {
    this.#server?._connectionClosed(this);
  }
}

function wayToPath(path: string): Way {
  const way = { to: { path }, fields: { address: path } };
  return isTooLong(path) ? { ...way, refused: tooLong('connect', path) } : way;
}

/** Node begins with the family of the first address, and then takes turns: so IPv6 has to be first. */
function ipv6First(given: LookupFunction | undefined): LookupFunction {
  return (hostname, options, callback) => {
    const lookup = given ?? (dns.lookup as LookupFunction);
    lookup(hostname, options, (error, found, family) => {
      if (!Array.isArray(found)) callback(error, found, family);
      else
        callback(
          error,
          [...found].sort((a, b) => Number(b.family) - Number(a.family)),
        );
    });
  };
}

function familyNumber(family: NonNullable<ConnectOptions['family']>): number {
  return typeof family === 'number' ? family : Number(family.slice('IPv'.length));
}
