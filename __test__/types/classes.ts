// What the types say of classes; compiled, never run.

import {
  Channel,
  type ChannelError,
  Client,
  type CloseInfo,
  type Connection,
  Server,
  Stream,
  StreamServer,
  UnixServer,
} from 'pants-native';

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function same<A, B>(_equal: Equal<A, B>): void {}

// @ts-expect-error: abstract
new Channel();

const channels: Channel[] = [new Client(), new Server(), new Stream()];
for (const { fileno, connected, connecting, listening, readyState } of channels) {
  const state: [number | null, boolean, boolean, boolean, string] = [
    fileno,
    connected,
    connecting,
    listening,
    readyState,
  ];
  void state;
}

export class Ending extends Client {
  override onClose({ reason, error, unsentBytes }: CloseInfo): void {
    // @ts-expect-error: there is no such reason
    if (reason === 'because') throw error;
    if (unsentBytes > 0) throw error;
  }
}

// The low-level classes by themselves.
new Stream().connect(['example.com', 80]).connect({ host: 'example.com', port: 80 }).connect(80);
new Stream().connect(['example.com', 80], { connectTimeout: 1 }).connect('/run/sock');
new Stream().connect({ path: '/run/sock', readDelimiter: '\n' });
// @ts-expect-error: a port stands with its host
new Stream().connect('example.com', 80);
new StreamServer().listen(['', 8080]).listen(8080).listen({ port: 8080, backlog: 16 }, 16);
new StreamServer().listen('/run/sock', 16, { mode: 0o600 }).listen({ path: '/run/sock', mode: 0 });
new Server().listen(['', 8080], 16, { ipv6Only: true });

// A class that extends Stream itself: it serves both kinds of server.
class Any extends Stream {
  declare readonly server: StreamServer;
  override onRead(data: Buffer): void {
    this.write(data);
  }
}
const tcp = new Server(Any);
same<typeof tcp.channels, Map<number, Any>>(true);
const unix = new UnixServer(Any, { mode: 0o600 });
same<typeof unix.channels, Map<number, Any>>(true);
const either = new StreamServer(Any);
same<typeof either.channels, Map<number, Any>>(true);
const plain = new Server();
same<typeof plain.channels, Map<number, Connection>>(true);
const servers: StreamServer[] = [tcp, unix, either, plain];
for (const server of servers) server.close();
// @ts-expect-error: no Stream
new Server(Date);
// @ts-expect-error: no Stream
new StreamServer({ ConnectionClass: Map });

same<Extract<ChannelError['code'], 'ERR_ILLEGAL_CONSTRUCTOR'>, 'ERR_ILLEGAL_CONSTRUCTOR'>(true);
