import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

import type {
  ClientLike,
  ConnectionLike,
  Implementation,
  ServerLike,
} from '../../helpers/implementation.ts';
import { freePort, type OverUnix, unixPath } from '../../helpers/over-unix.ts';
import { Peer } from '../../helpers/peer.ts';

/** Makes connections, and tells which two ends belong together: both have the same key. */
export interface Network {
  /** The plain server that clients connect to. */
  readonly listening: Server;
  serve(server: ServerLike): ServerLike;
  connect(client: ClientLike): void;
  /** Of a client that is connected. */
  keyOfClient(client: ClientLike): string;
  /** Of what the plain server has accepted; asked once, in that order. */
  keyOfAccepted(socket: Socket): string;
  connectPeer(server: ServerLike): Promise<[peer: Peer, key: string]>;
  /** Of what a server has accepted; asked once, in that order. */
  keyOfConnection(connection: ConnectionLike): string;
}

export async function networkOf(impl: Implementation | OverUnix): Promise<Network> {
  const listening = createServer({ allowHalfOpen: true });
  const port = freePort();
  if ('directory' in impl) listening.listen(unixPath({ address: impl.directory, port }) as string);
  else listening.listen(0, '0.0.0.0');
  await once(listening, 'listening');
  return 'directory' in impl ? new Unix(listening, impl.directory, port) : new Tcp(listening);
}

/** Loopback addresses to connect to in turn: a single one would run out of ports. */
const HOSTS =
  process.platform === 'linux'
    ? Array.from({ length: 64 }, (_, at) => `127.0.0.${at + 1}`)
    : ['127.0.0.1'];

/** The ends find each other by the address of the one that connects, and by where it connects to. */
class Tcp implements Network {
  readonly listening: Server;
  #count = 0;

  constructor(listening: Server) {
    this.listening = listening;
  }

  serve(server: ServerLike): ServerLike {
    return server.listen(0, '0.0.0.0');
  }

  connect(client: ClientLike): void {
    client.connect(this.#host(), (this.listening.address() as AddressInfo).port);
  }

  keyOfClient({ localAddr, remoteAddr }: ClientLike): string {
    return `${remoteAddr?.address} ${localAddr?.port}`;
  }

  keyOfAccepted({ localAddress, remotePort }: Socket): string {
    return `${localAddress} ${remotePort}`;
  }

  async connectPeer({ localAddr }: ServerLike): Promise<[Peer, string]> {
    const host = this.#host();
    const port = localAddr?.port ?? 0;
    const peer = await Peer.connect({ address: host, port, family: 'IPv4' });
    return [peer, `${host} ${peer.socket.localPort}`];
  }

  keyOfConnection({ localAddr, remoteAddr }: ConnectionLike): string {
    return `${localAddr?.address} ${remoteAddr?.port}`;
  }

  #host(): string {
    this.#count += 1;
    return HOSTS[this.#count % HOSTS.length] ?? '127.0.0.1';
  }
}

/** Clients have no names. But a connect is made during the call, and accepted in that order. */
class Unix implements Network {
  readonly listening: Server;
  readonly #directory: string;
  readonly #port: number;
  #clients = new WeakMap<ClientLike, string>();
  #connected = new Counters();
  #accepted = new Counters();

  constructor(listening: Server, directory: string, port: number) {
    this.listening = listening;
    this.#directory = directory;
    this.#port = port;
  }

  serve(server: ServerLike): ServerLike {
    return server.listen();
  }

  connect(client: ClientLike): void {
    this.#clients.set(client, this.#connected.next(this.#port));
    client.connect(this.#directory, this.#port);
  }

  keyOfClient(client: ClientLike): string {
    return this.#clients.get(client) ?? '';
  }

  keyOfAccepted(_socket: Socket): string {
    return this.#accepted.next(this.#port);
  }

  async connectPeer({ localAddr }: ServerLike): Promise<[Peer, string]> {
    const port = localAddr?.port ?? 0;
    const key = this.#connected.next(port);
    return [await Peer.connect({ address: this.#directory, port, family: 'IPv4' }), key];
  }

  keyOfConnection({ server }: ConnectionLike): string {
    return this.#accepted.next(server.localAddr?.port ?? 0);
  }
}

/** Counts by port. */
class Counters {
  #counts = new Map<number, number>();

  next(port: number): string {
    const count = (this.#counts.get(port) ?? 0) + 1;
    this.#counts.set(port, count);
    return `${port} ${count}`;
  }
}
