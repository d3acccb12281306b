import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Datagram } from 'pants-native';

import type { Address, DatagramLike, Target } from '../../helpers/implementation.ts';
import { Condition } from '../../helpers/wait.ts';

/** What UDP and Unix datagrams differ in. */
export interface Network {
  /** What a channel must be told so that it is of this kind. */
  readonly options: object;
  listen(channel: DatagramLike): void;
  /** Whether a channel that has not listened has an address of its own. */
  readonly bindsItself: boolean;
  peer(): Promise<Peer>;
  close(): void;
}

/** Who a channel talks to. */
export abstract class Peer {
  /** What the channel writes to. */
  abstract readonly target: Target;
  readonly received: string[] = [];
  /** Called when something has been received. */
  changed: () => void = () => {};
  readonly #condition = new Condition(() => this.received);

  /** Whether an address that the channel tells is this peer's. */
  abstract is(addr: unknown): boolean;
  /** What is sent next, also by another peer, comes after this, once the promise is resolved. */
  abstract send(bytes: Buffer, to: DatagramLike): Promise<void> | null;
  protected abstract sendToSelf(bytes: Buffer): void;
  abstract close(): void;

  /** Resolves when all that was sent to it so far has been received. */
  async drained(): Promise<void> {
    this.sendToSelf(Buffer.from(LAST));
    await this.#condition.until(LAST, () => this.received.at(-1) === LAST);
    this.received.pop();
  }

  protected take(bytes: Buffer): void {
    this.received.push(bytes.toString('latin1'));
    this.#condition.changed();
    this.changed();
  }
}

const LAST = 'the last one';
const LOOPBACK = '127.0.0.1';

export class Udp implements Network {
  readonly options = {};
  readonly bindsItself = true;

  listen(channel: DatagramLike): void {
    channel.listen([LOOPBACK, 0]);
  }

  async peer(): Promise<Peer> {
    // An address is no name: nothing waits for a look-up, and what is sent is sent at once.
    const lookup = (host: string, _: object, found: (e: null, ip: string, of: 4) => void) =>
      found(null, host, 4);
    const socket = createSocket({ type: 'udp4', lookup: lookup as never });
    const listening = once(socket, 'listening');
    socket.bind({ address: LOOPBACK, port: 0, exclusive: true });
    await listening;
    return new UdpPeer(socket);
  }

  close(): void {}
}

class UdpPeer extends Peer {
  readonly target: Address;
  readonly #socket: Socket;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    this.target = socket.address() as Address;
    socket.on('message', (bytes) => this.take(bytes));
  }

  override is(addr: Address): boolean {
    return addr.port === this.target.port && addr.address === this.target.address;
  }

  override send(bytes: Buffer, to: DatagramLike): null {
    this.#socket.send(bytes, to.localAddr?.port, LOOPBACK);
    return null;
  }

  protected override sendToSelf(bytes: Buffer): void {
    this.#socket.send(bytes, this.target.port, LOOPBACK);
  }

  override close(): void {
    this.#socket.close();
  }
}

/** Node has no Unix datagrams: the peers are channels of the package, too. */
export class UnixDatagrams implements Network {
  readonly options = { family: 'unix' };
  readonly bindsItself = false;
  readonly #directory = mkdtempSync(join(tmpdir(), 'pants-'));
  #count = 0;

  listen(channel: DatagramLike): void {
    channel.listen(this.#path() as never);
  }

  async peer(): Promise<Peer> {
    return new UnixPeer(this.#path());
  }

  close(): void {
    rmSync(this.#directory, { recursive: true });
  }

  #path(): string {
    this.#count += 1;
    return join(this.#directory, `${this.#count}`);
  }
}

class UnixPeer extends Peer {
  readonly target: never;
  readonly #channel = new Datagram<string | null>({ family: 'unix' });
  readonly #path: string;
  #sent: () => void = () => {};

  constructor(path: string) {
    super();
    this.#path = path;
    this.target = path as never;
    this.#channel.onRead = (bytes) => this.take(bytes as Buffer);
    this.#channel.onWrite = () => this.#sent();
    this.#channel.listen(path);
  }

  override is(addr: unknown): boolean {
    return addr === this.#path;
  }

  override send(bytes: Buffer, to: DatagramLike): Promise<void> {
    this.#channel.write(bytes, to.localAddr as unknown as string);
    return new Promise((resolve) => {
      this.#sent = resolve;
    });
  }

  protected override sendToSelf(bytes: Buffer): void {
    this.#channel.write(bytes, this.#path);
  }

  override close(): void {
    this.#channel.close();
  }
}
