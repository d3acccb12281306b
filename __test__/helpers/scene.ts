import type { ExecutionContext } from 'ava';

import type {
  Address,
  ConnectionLike,
  ConnectOptions,
  Implementation,
  ListenOptions,
  ServerLike,
  SocketLike,
  StreamHooks,
  StreamLike,
  StreamOptions,
} from './implementation.ts';
import { type Log, record } from './log.ts';
import type { OverUnix } from './over-unix.ts';
import { Peer, PeerServer } from './peer.ts';
import { Condition } from './wait.ts';

/** What a test does in a stream's hooks; the stream is there only when it is asked. */
export type Hooks = (channel: StreamLike) => Partial<StreamHooks>;

/** A connected stream of the implementation, what it was told, and its plain other end. */
export interface Pair {
  channel: StreamLike;
  log: Log;
  peer: Peer;
  server?: ServerLike;
}

export type Side = 'client' | 'connection';

/** One test's channels and peers; whatever is still open at its end is closed then. */
export class Scene {
  readonly t: ExecutionContext;
  readonly impl: Implementation;

  readonly #peerServers: PeerServer[] = [];

  /** Where peers listen. */
  readonly #host: string;

  constructor(t: ExecutionContext, impl: Implementation | OverUnix) {
    this.t = t;
    this.impl = impl;
    this.#host = 'directory' in impl ? impl.directory : '127.0.0.1';
  }

  /** A connected pair; the implementation's end is on the side that is asked for. */
  open(side: Side, options: StreamOptions = {}, hooks: Hooks = () => ({})): Promise<Pair> {
    return side === 'client'
      ? this.openClient(options, hooks)
      : this.openConnection(options, hooks);
  }

  async openClient(options: ConnectOptions = {}, hooks: Hooks = () => ({})): Promise<Pair> {
    const listening = await this.peerServer();
    const { channel, log } = this.client(options, hooks);
    channel.connect('127.0.0.1', listening.port);
    const peer = await listening.peer();
    await log.seen('connect');
    return { channel, log, peer };
  }

  async openConnection(options: StreamOptions = {}, hooks: Hooks = () => ({})): Promise<Pair> {
    const { server, accepted } = this.server(options, hooks);
    const peer = await this.peer(server);
    const { channel, log } = await accepted(0);
    await log.seen('connect');
    return { channel, log, peer, server };
  }

  /** A client that is not connected yet. */
  client(options: ConnectOptions = {}, hooks: Hooks = () => ({})) {
    const channel = new this.impl.Client(options);
    const log = record(channel, hooks(channel));
    this.t.teardown(() => channel.close());
    return { channel, log };
  }

  /** A listening server, whose connections are recorded. */
  server(options: StreamOptions = {}, hooks: Hooks = () => ({}), listen: ListenOptions = {}) {
    const connections: { channel: ConnectionLike; log: Log }[] = [];
    const condition = new Condition(() => `${connections.length} connections`);
    class Recorded extends this.impl.Connection {
      constructor(socket: SocketLike, server: ServerLike) {
        super(socket, server, options);
        connections.push({ channel: this, log: record(this, hooks(this)) });
        condition.changed();
      }
    }
    const server = this.listening(new this.impl.Server(Recorded), listen);
    const accepted = async (index: number) => {
      await condition.until(`connection ${index}`, () => connections.length > index);
      const connection = connections[index];
      if (connection === undefined) throw new Error(`no connection ${index}`);
      return connection;
    };
    return { server, connections, accepted };
  }

  listening<S extends ServerLike>(server: S, options: ListenOptions = {}): S {
    server.listen({ host: '127.0.0.1', port: 0, ...options });
    this.t.teardown(() => server.close());
    return server;
  }

  async peer(server: ServerLike): Promise<Peer> {
    if (server.localAddr === null) throw new Error('the server does not listen');
    return this.peerTo(server.localAddr);
  }

  async peerTo(address: Address): Promise<Peer> {
    const peer = await Peer.connect(address);
    this.t.teardown(() => peer.socket.destroy());
    return peer;
  }

  async peerServer(host?: string): Promise<PeerServer> {
    const server = await PeerServer.listen(host ?? this.#host);
    this.#peerServers.push(server);
    this.t.teardown(() => server.close());
    return server;
  }

  /** Before the test ends: what the peers' side holds is counted too. */
  closePeerServers(): void {
    for (const server of this.#peerServers.splice(0)) server.close();
  }
}
