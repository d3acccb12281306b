import { connect, createServer, type Server, type Socket } from 'node:net';

import { wasReset } from '../reference/socket.ts';
import type { Address } from './implementation.ts';
import { freePort, unixPath } from './over-unix.ts';
import { Condition } from './wait.ts';

/** What a test asks of a Unix socket, and only a TCP one can do. */
export class OnlyTcp extends Error {}

/** How peers come to their sockets. */
export interface Sockets {
  connect(to: { host: string; port: number } | { path: string }): Socket;
  createServer(): Server;
}

let sockets: Sockets = {
  connect: (to) => connect({ ...to, allowHalfOpen: true }),
  createServer: () => createServer({ allowHalfOpen: true }),
};

/** From now on, in this process. */
export function peersBy(others: Sockets): void {
  sockets = others;
}

/** The other end of a connection: a plain socket, so that nothing is tested against itself. */
export class Peer {
  readonly socket: Socket;
  /** Whether the other side has finished sending. */
  ended = false;
  closed = false;
  error: NodeJS.ErrnoException | undefined;
  #received: Buffer[] = [];
  #length = 0;
  #reset = false;
  readonly #condition = new Condition(() => ({
    received: this.length,
    last: this.bytes.subarray(-200).toString('latin1'),
    ended: this.ended,
  }));

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#received.push(chunk);
      this.#length += chunk.length;
      this.#condition.changed();
    });
    socket.on('end', () => {
      this.ended = true;
      // Where data came with it, node:net takes a reset for an end.
      this.#reset = wasReset(socket);
      this.#condition.changed();
    });
    socket.on('error', (error) => {
      this.error = error;
    });
    socket.on('close', () => {
      this.closed = true;
      this.#condition.changed();
    });
  }

  /** Connects, and stays half open, whatever the other side does. */
  static connect(to: Address): Promise<Peer> {
    return new Promise((resolve, reject) => {
      const path = unixPath(to);
      const where = path === null ? { host: to.address, port: to.port } : { path };
      const socket = sockets.connect(where);
      socket.once('error', reject);
      socket.once('connect', () => resolve(new Peer(socket)));
    });
  }

  /** Whether the other side has reset the connection. */
  get wasReset(): boolean {
    return this.#reset || this.error?.code === 'ECONNRESET';
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#received);
  }

  get length(): number {
    return this.#length;
  }

  get text(): string {
    return this.bytes.toString('latin1');
  }

  /** Resolves when the operating system has taken the bytes. */
  write(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
    return new Promise((resolve) => this.socket.write(bytes, () => resolve()));
  }

  /** Sends `data`, and FIN. */
  end(data: string | Uint8Array = ''): void {
    this.socket.end(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
  }

  /** Sends RST. */
  reset(): void {
    if (this.socket.remoteAddress === undefined) throw new OnlyTcp('there is no reset');
    this.socket.resetAndDestroy();
  }

  /** Resolves when so many bytes have come. */
  received(length: number): Promise<void> {
    return this.#condition.until(`${length} bytes`, () => this.#length >= length);
  }

  /** Resolves when the other side has finished sending. */
  finished(): Promise<void> {
    return this.#condition.until('end', () => this.ended);
  }

  /** Resolves when there is nothing more to come, in whichever way. */
  gone(): Promise<void> {
    return this.#condition.until('close', () => this.ended || this.closed);
  }
}

/** A plain listening socket whose connections are peers. */
export class PeerServer {
  readonly server: Server;
  readonly address: Address;
  readonly peers: Peer[] = [];
  readonly #condition = new Condition(() => `${this.peers.length} connections`);

  private constructor(server: Server, address: Address) {
    this.server = server;
    this.address = address;
    server.on('connection', (socket) => {
      this.peers.push(new Peer(socket));
      this.#condition.changed();
    });
  }

  static listen(host = '127.0.0.1', port = 0): Promise<PeerServer> {
    return new Promise((resolve) => {
      const server = sockets.createServer();
      const address: Address = { address: host, port: port || freePort(), family: 'IPv4' };
      const path = unixPath(address);
      if (path === null) {
        const listening = () => resolve(new PeerServer(server, server.address() as Address));
        server.listen(port, host, listening);
      } else {
        server.listen(path, () => resolve(new PeerServer(server, address)));
      }
    });
  }

  get port(): number {
    return this.address.port;
  }

  async peer(index = 0): Promise<Peer> {
    await this.#condition.until(`connection ${index}`, () => this.peers.length > index);
    const peer = this.peers[index];
    if (peer === undefined) throw new Error(`no connection ${index}`);
    return peer;
  }

  close(): void {
    for (const { socket } of this.peers) socket.destroy();
    this.server.close();
  }
}
