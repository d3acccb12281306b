// What the servers for Deno use of its interface; and a TCP or Unix server as the benchmark asks.

import { announce, unixPath } from './harness.ts';

export interface DenoConnection {
  /** Null: the peer has finished. */
  read(buffer: Uint8Array): Promise<number | null>;
  write(data: Uint8Array): Promise<number>;
  close(): void;
  setNoDelay?(on: boolean): void;
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

interface NetAddress {
  readonly transport: 'udp';
  readonly hostname: string;
  readonly port: number;
}

interface Listener extends AsyncIterable<DenoConnection> {
  readonly addr: { readonly hostname: string; readonly port: number };
}

interface DenoInterface {
  listen(options: { hostname: string; port: number; tcpBacklog?: number }): Listener;
  listen(options: { transport: 'unix'; path: string }): Listener;
  listenDatagram(options: { transport: 'udp'; hostname: string; port: number }): AsyncIterable<
    readonly [Uint8Array, NetAddress]
  > & {
    readonly addr: NetAddress;
    receive(buffer?: Uint8Array): Promise<readonly [Uint8Array, NetAddress]>;
    send(data: Uint8Array, to: NetAddress): Promise<number>;
  };
  open(path: string): Promise<{ readonly readable: ReadableStream<Uint8Array> }>;
}

export const { Deno } = globalThis as unknown as { readonly Deno: DenoInterface };

/** Calls `onConnection` for each; one that fails has gone. */
export async function serve(
  onConnection: (connection: DenoConnection) => Promise<void>,
  state?: () => unknown,
): Promise<void> {
  const listener =
    unixPath === null
      ? Deno.listen({ hostname: '127.0.0.1', port: 0, tcpBacklog: 1024 })
      : Deno.listen({ transport: 'unix', path: unixPath });
  announce(unixPath ?? { address: listener.addr.hostname, port: listener.addr.port }, state);
  for await (const connection of listener) {
    connection.setNoDelay?.(true);
    onConnection(connection)
      .catch(() => {})
      .finally(() => {
        try {
          connection.close();
        } catch {
          // A stream that was piped has closed it.
        }
      });
  }
}

/** Hands over what arrives, in one buffer that is used again; writes what comes back. */
export async function respond(
  connection: DenoConnection,
  onData: (received: Uint8Array) => Uint8Array | null,
): Promise<void> {
  const buffer = new Uint8Array(65_536);
  for (;;) {
    const received = await connection.read(buffer);
    if (received === null) return;
    const answer = onData(buffer.subarray(0, received));
    if (answer !== null) await writeAll(connection, answer);
  }
}

export async function writeAll(connection: DenoConnection, data: Uint8Array): Promise<void> {
  for (let written = 0; written < data.length; ) {
    written += await connection.write(data.subarray(written));
  }
}
