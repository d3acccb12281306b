import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ExecutionContext } from 'ava';

import type {
  Data,
  Implementation,
  UnixClientLike,
  UnixConnectionConstructor,
  UnixImplementation,
  UnixListenOptions,
  UnixServerLike,
} from './implementation.ts';
import { type Log, record } from './log.ts';
import { Peer } from './peer.ts';

/** One test's Unix sockets, in a directory of its own; both are gone when it ends. */
export class UnixScene {
  readonly t: ExecutionContext;
  readonly impl: Implementation & UnixImplementation;
  readonly directory: string = mkdtempSync(join(tmpdir(), 'pants-'));

  constructor(t: ExecutionContext, impl: Implementation & UnixImplementation) {
    this.t = t;
    this.impl = impl;
    t.teardown(() => rmSync(this.directory, { recursive: true }));
  }

  path(name = 'sock'): string {
    return join(this.directory, name);
  }

  server(
    path: string,
    options: UnixListenOptions = {},
    ConnectionClass?: UnixConnectionConstructor,
  ): UnixServerLike {
    const server = new this.impl.UnixServer(ConnectionClass);
    this.t.teardown(() => server.close());
    return server.listen({ path, ...options });
  }

  /** A server that sends back what it gets. */
  echo(path: string, options: UnixListenOptions = {}): UnixServerLike {
    class Echo extends this.impl.UnixConnection {
      override onRead(data: Data): void {
        this.write(data);
      }
    }
    return this.server(path, options, Echo);
  }

  client(): { client: UnixClientLike; log: Log } {
    const client = new this.impl.UnixClient();
    this.t.teardown(() => client.close());
    return { client, log: record(client) };
  }

  /** What a client's `onConnectError` gets. */
  async refused(path: string): Promise<NodeJS.ErrnoException | undefined> {
    const { client, log } = this.client();
    client.connect(path);
    await log.closed();
    return log.connectError;
  }

  /** What an echo there says to a plain client. */
  async answer(path: string): Promise<string> {
    const peer = await this.peer(path);
    await peer.write('hello');
    await peer.received(5);
    return peer.text;
  }

  /** A plain client. */
  peer(path: string): Promise<Peer> {
    return new Promise((resolve, reject) => {
      const socket = connect({ path, allowHalfOpen: true });
      this.t.teardown(() => socket.destroy());
      socket.once('error', reject);
      socket.once('connect', () => resolve(new Peer(socket)));
    });
  }
}
