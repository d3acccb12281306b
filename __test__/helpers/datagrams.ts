import { createSocket, type Socket } from 'node:dgram';

import type { ExecutionContext } from 'ava';

import type {
  Address,
  CloseInfo,
  Data,
  DatagramHooks,
  DatagramLike,
  DatagramOptions,
  Implementation,
} from './implementation.ts';
import { codeOf, textOf } from './log.ts';
import { Condition } from './wait.ts';

/** The hooks of one datagram channel, in the order in which they were called. */
export class DatagramLog {
  /** `listen`, `connect`, `read abc`, `write`, `overflow CODE`, `error CODE`, `close reason`. */
  readonly hooks: string[] = [];
  readonly data: Data[] = [];
  /** Whom each datagram came from. */
  readonly from: (Address | undefined)[] = [];
  readonly errors: NodeJS.ErrnoException[] = [];
  info: CloseInfo | undefined;
  readonly #condition = new Condition(() => this.hooks);

  add(hook: string): void {
    this.hooks.push(hook);
    this.#condition.changed();
  }

  get reads(): string[] {
    return this.data.map(textOf);
  }

  /** Without `write`: how often a queue drains is a matter of timing. */
  get order(): string[] {
    return this.hooks.filter((hook) => hook !== 'write');
  }

  until(what: string, predicate: () => boolean): Promise<void> {
    return this.#condition.until(what, predicate);
  }

  seen(hook: string): Promise<void> {
    return this.until(hook, () => this.hooks.includes(hook));
  }

  frames(count: number): Promise<void> {
    return this.until(`${count} frames`, () => this.data.length >= count);
  }

  failures(count: number): Promise<void> {
    return this.until(`${count} errors`, () => this.errors.length >= count);
  }

  async closed(): Promise<CloseInfo> {
    await this.until('onClose', () => this.info !== undefined);
    return this.info ?? { reason: '', unsentBytes: Number.NaN };
  }
}

/** Records every hook, by assignment to the instance, and then calls the test's own or the default. */
function record(channel: DatagramLike, own: Partial<DatagramHooks>): DatagramLog {
  const log = new DatagramLog();
  const overflow = own.onOverflowError ?? channel.onOverflowError;
  channel.onListen = () => {
    log.add('listen');
    own.onListen?.();
  };
  channel.onConnect = () => {
    log.add('connect');
    own.onConnect?.();
  };
  channel.onRead = (data, addr) => {
    log.data.push(data);
    log.from.push(addr);
    log.add(`read ${textOf(data)}`);
    own.onRead?.(data, addr);
  };
  channel.onWrite = () => {
    log.add('write');
    own.onWrite?.();
  };
  channel.onOverflowError = (error) => {
    log.errors.push(error);
    log.add(`overflow ${codeOf(error)}`);
    overflow.call(channel, error);
  };
  channel.onError = (error) => {
    log.errors.push(error);
    log.add(`error ${codeOf(error)}`);
    own.onError?.(error);
  };
  channel.onClose = (info) => {
    log.info = info;
    log.add(`close ${info.reason}`);
    own.onClose?.(info);
  };
  return log;
}

/** The other end: a plain socket, so that nothing is tested against itself. */
export class UdpPeer {
  readonly socket: Socket;
  readonly address: Address;
  readonly received: { text: string; from: Address }[] = [];
  readonly #condition = new Condition(() => this.texts);

  private constructor(socket: Socket) {
    this.socket = socket;
    this.address = socket.address() as Address;
    socket.on('message', (bytes, { address, port, family }) => {
      this.received.push({ text: bytes.toString('latin1'), from: { address, port, family } });
      this.#condition.changed();
    });
  }

  static bind(t: ExecutionContext, host = '127.0.0.1', port = 0): Promise<UdpPeer> {
    return new Promise((resolve, reject) => {
      const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
      let closed = false;
      socket.once('close', () => {
        closed = true;
      });
      t.teardown(() => closed || socket.close());
      socket.once('error', reject);
      socket.bind({ address: host, port, exclusive: true }, () => resolve(new UdpPeer(socket)));
    });
  }

  get texts(): string[] {
    return this.received.map(({ text }) => text);
  }

  /** Resolves when the operating system has taken it. */
  send(to: Address | null, data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
    return new Promise((resolve, reject) => {
      this.socket.send(bytes, to?.port ?? 0, to?.address ?? '', (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** One after the other. */
  async sendAll(to: Address | null, all: Iterable<string | Uint8Array>): Promise<void> {
    for (const data of all) await this.send(to, data);
  }

  /** Resolves when so many datagrams have come. */
  datagrams(count: number): Promise<void> {
    return this.#condition.until(`${count} datagrams`, () => this.received.length >= count);
  }
}

/** One test's datagram channels and peers; whatever is still open at its end is closed then. */
export class DatagramScene {
  readonly t: ExecutionContext;
  readonly impl: Implementation;

  constructor(t: ExecutionContext, impl: Implementation) {
    this.t = t;
    this.impl = impl;
  }

  /** A channel that is not bound yet. */
  channel(
    options: DatagramOptions = {},
    hooks: (channel: DatagramLike) => Partial<DatagramHooks> = () => ({}),
  ) {
    const channel = new this.impl.Datagram(options);
    const log = record(channel, hooks(channel));
    this.t.teardown(() => channel.close());
    return { channel, log };
  }

  /** A bound channel and a peer. */
  async open(
    options: DatagramOptions = {},
    hooks: (channel: DatagramLike) => Partial<DatagramHooks> = () => ({}),
  ) {
    const { channel, log } = this.channel(options, hooks);
    channel.listen([LOOPBACK, 0]);
    const peer = await this.peer();
    await log.seen('listen');
    return { channel, log, peer };
  }

  peer(host?: string, port?: number): Promise<UdpPeer> {
    return UdpPeer.bind(this.t, host, port);
  }
}

export const LOOPBACK = '127.0.0.1';
