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

/**
 * The ends find each other by the address that is connected to, which no other connection has. The port of the one that
 * connects would not do: of a connection that is reset before it is accepted, the operating system no longer tells it.
 */
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
    return key(remoteAddr?.address, localAddr?.port);
  }

  keyOfAccepted({ localAddress, remotePort }: Socket): string {
    return key(localAddress, remotePort);
  }

  async connectPeer({ localAddr }: ServerLike): Promise<[Peer, string]> {
    const host = this.#host();
    const port = localAddr?.port ?? 0;
    const peer = await Peer.connect({ address: host, port, family: 'IPv4' });
    return [peer, key(host, peer.socket.localPort)];
  }

  keyOfConnection({ localAddr, remoteAddr }: ConnectionLike): string {
    return key(localAddr?.address, remoteAddr?.port);
  }

  /** The next loopback address. */
  #host(): string {
    if (!MANY_HOSTS) return '127.0.0.1';
    this.#count = (this.#count % 0xfffffe) + 1;
    const bytes = [this.#count >> 16, this.#count >> 8, this.#count];
    return `127.${bytes.map((byte) => byte & 0xff).join('.')}`;
  }
}

/** All of 127.0.0.0/8 is this machine. */
const MANY_HOSTS = process.platform === 'linux';

/** Where there is one host, the ports must do, as long as nobody is reset before it is accepted. */
function key(host: string | undefined, port: number | undefined): string {
  return MANY_HOSTS ? `${host}` : `${host} ${port}`;
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
