// What the types say of Unix channels; compiled, never run.

import {
  type Address,
  type ChannelError,
  Client,
  Connection,
  type PeerCredentials,
  Server,
  type Socket,
  Stream,
  StreamServer,
  UnixClient,
  UnixConnection,
  UnixServer,
} from 'pants-native';

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function same<A, B>(_equal: Equal<A, B>): void {}

class Line extends UnixConnection {
  override readDelimiter = '\n';
  override readEncoding = 'utf8' as const;
  override onRead(line: string): void {
    this.write(line);
  }
}

class LineServer extends UnixServer {
  override ConnectionClass = Line;
  override onAccept(socket: Socket<string>, addr: string | null): void {
    new Line(socket, this);
    super.onAccept(socket, addr);
  }
}

const server = new UnixServer(Line, { mode: 0o600, bufferSize: 1 });
server.listen('/run/sock').listen('/run/sock', 16, { mode: 0o600 }).listen({ path: '/run/sock' });
new LineServer().listen({ path: '/run/sock', backlog: 1, maxConnections: 2 });
same<typeof server.localAddr, string | null>(true);
same<typeof server.channels, Map<number, Line>>(true);
const plain = new UnixServer();
same<typeof plain.channels, Map<number, UnixConnection>>(true);
// @ts-expect-error: a path, and no port
server.listen(8080);
// @ts-expect-error: another class than it was made for
server.ConnectionClass = Connection;

const client = new UnixClient({ readDelimiter: '\n', connectTimeout: 1 });
client.connect('/run/sock').connect('/run/sock', { signal: new AbortController().signal });
client.connect({ path: '/run/sock', readEncoding: 'utf8' });
same<typeof client.remoteAddr, string | null>(true);
same<typeof client.peerCredentials, PeerCredentials | null>(true);
// @ts-expect-error: a path, and no host and port
client.connect('localhost', 80);
// @ts-expect-error: there is nothing to look up
client.connect('/run/sock', { lookup: () => {} });

// Sockets that were made elsewhere.
same<Stream['remoteAddr'], Address | string | null>(true);
new Stream({ fd: 3, readDelimiter: '\n' });
new Client({ fd: 3 });
new UnixClient({ fd: 3 });
new StreamServer({ fd: 3 }).listen({ fd: 3, backlog: 1 });
new Server(Connection, { fd: 3 }).listen({ fd: 3 });
new UnixServer(Line, { fd: 3 }).listen({ fd: 3 });
// @ts-expect-error: a port stands with its host
new StreamServer().listen('', 8080, 1024, 1);

// Either kind is what they have in common.
const channels: Stream[] = [client, new Client()];
const servers: StreamServer[] = [server, new Server()];
for (const { remoteAddr } of channels) same<typeof remoteAddr, Address | string | null>(true);
for (const { channels: connections } of servers) {
  for (const connection of connections.values()) connection.end();
}

same<Extract<ChannelError['code'], 'ERR_UNIX_UNSUPPORTED'>, 'ERR_UNIX_UNSUPPORTED'>(true);
