import { EventEmitter } from 'node:events';
import type { Server as NetServer, Socket } from 'node:net';

import { type Address, Client, Connection, Server } from 'pants-native';

import type { Sockets } from './peer.ts';

/**
 * Peers whose sockets are Duplexes of the package's channels: what is asked of `net.Socket`s, all over
 * the conformance suite, is asked of those. To be tried against the reference.
 */
export const duplexSockets: Sockets = {
  connect(to) {
    if ('path' in to) throw new Error('by TCP only');
    return new Client({ allowHalfOpen: true }).connect(to.host, to.port).toDuplex() as never;
  },
  createServer: () => new DuplexServer() as unknown as NetServer,
};

/** As much of a `net.Server` as peers need. */
class DuplexServer extends EventEmitter {
  #server: Server | null = null;

  listen(port: number, host: string, listening: () => void): this {
    const accepted = (duplex: unknown) => this.emit('connection', duplex as Socket);
    class Duplexed extends Connection {
      override onConnect(): void {
        accepted(this.toDuplex());
      }
    }
    this.#server = new Server(Duplexed, { allowHalfOpen: true }).listen(port, host);
    setImmediate(listening);
    return this;
  }

  address(): Address | null {
    return this.#server?.localAddr ?? null;
  }

  close(): void {
    // At once: whoever connects to it now is refused.
    this.#server?.close();
    void this.#server?.closed.then(() => this.emit('close'));
  }
}
