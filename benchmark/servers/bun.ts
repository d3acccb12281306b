// What the servers for Bun use of its interface; and a TCP or Unix server as the benchmark asks.

import { announce, unixPath } from './harness.ts';

export interface BunSocket<Data> {
  data: Data;
  /** Returns how many bytes were taken. */
  write(data: string | Uint8Array): number;
  end(): void;
}

export interface Handlers<Data> {
  open(socket: BunSocket<Data>): void;
  data(socket: BunSocket<Data>, received: Buffer): void;
  drain?(socket: BunSocket<Data>): void;
  close?(socket: BunSocket<Data>): void;
  error?(socket: BunSocket<Data>, error: Error): void;
}

export interface BunDatagramSocket {
  readonly port: number;
  readonly hostname: string;
  /** False: not taken, wait for `drain`. */
  send(data: Uint8Array, port: number, address: string): boolean;
  /** Data, port and address of each in turn. Returns how many were taken. */
  sendMany(packets: readonly (Uint8Array | number | string)[]): number;
}

interface BunInterface {
  listen<Data>(options: {
    hostname?: string;
    port?: number;
    unix?: string;
    socket: Handlers<Data>;
  }): { readonly hostname: string; readonly port: number };
  udpSocket(options: {
    hostname: string;
    socket: {
      data(socket: BunDatagramSocket, data: Buffer, port: number, address: string): void;
      drain?(socket: BunDatagramSocket): void;
    };
  }): Promise<BunDatagramSocket>;
}

export const { Bun } = globalThis as unknown as { readonly Bun: BunInterface };

export function serve<Data>(handlers: Handlers<Data>, state?: () => unknown): void {
  const socket: Handlers<Data> = { error() {}, ...handlers };
  if (unixPath === null) {
    const server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket });
    announce({ address: '127.0.0.1', port: server.port }, state);
  } else {
    Bun.listen({ unix: unixPath, socket });
    announce(unixPath, state);
  }
}

/** Keeps, and writes in order, what the socket does not take at once. */
export class Outbox {
  #rest: Uint8Array[] = [];

  /** True: the socket has taken everything. */
  write(socket: BunSocket<unknown>, data: Uint8Array): boolean {
    const written = this.#rest.length > 0 ? 0 : socket.write(data);
    if (written >= data.length) return true;
    // A copy: the buffer of what was received may be used again.
    this.#rest.push(new Uint8Array(data.subarray(Math.max(written, 0))));
    return false;
  }

  /** To be called by `drain`. True: nothing is left. */
  drain(socket: BunSocket<unknown>): boolean {
    const rest = this.#rest;
    this.#rest = [];
    for (const [index, data] of rest.entries()) {
      if (!this.write(socket, data)) {
        this.#rest.push(...rest.slice(index + 1));
        return false;
      }
    }
    return true;
  }
}
