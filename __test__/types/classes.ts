// What the types say of classes; compiled, never run.

import {
  Channel,
  type ChannelError,
  Client,
  type CloseInfo,
  type Connection,
  type HookError,
  Server,
  type Socket,
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
// A server gives its connections a socket and itself.
class Rooms extends Server<Chat> {
  rooms = new Map<string, Chat>();
}
class Chat extends Stream {
  declare readonly server: Rooms;
  constructor(socket: Socket, server: Rooms) {
    super(socket, server, { noDelay: false });
  }
  override onConnect(): void {
    same<typeof this.server.channels, Map<number, Chat>>(true);
    this.server.rooms.set('lobby', this);
  }
}
const rooms = new Rooms(Chat);
for (const chat of rooms.channels.values()) same<typeof chat, Chat>(true);
new StreamServer({ ConnectionClass: Chat });
class Named extends Stream {
  readonly name: string;
  constructor(name: string) {
    super();
    this.name = name;
  }
}
class Extra extends Stream {
  constructor(socket: Socket, server: Server, _name: string) {
    super(socket, server);
  }
}
// @ts-expect-error: its constructor takes a name
new Server(Named);
// @ts-expect-error: it needs a third argument
new Server(Extra);
// @ts-expect-error: as above
new UnixServer({ ConnectionClass: Named });
// @ts-expect-error: no Stream
new Server(Date);
// @ts-expect-error: no Stream
new StreamServer({ ConnectionClass: Map });

same<Extract<ChannelError['code'], 'ERR_ILLEGAL_CONSTRUCTOR'>, 'ERR_ILLEGAL_CONSTRUCTOR'>(true);

// Errors have their codes, without a cast.
export class Telling extends Client {
  override onError(error: HookError): void {
    if (error.code === 'ECONNRESET') this.reset();
    // @ts-expect-error: not every error has it
    void error.errno;
    if ('errno' in error) same<typeof error.errno, number>(true);
  }
  override onOverflowError({ code }: ChannelError): void {
    // @ts-expect-error: no such code
    if (code === 'ERR_FRAME_OVERFLOWN') this.close();
  }
  override onClose({ error }: CloseInfo): void {
    same<string | undefined, NonNullable<typeof error>['code']>(true);
  }
}
// One that names less is taken as well.
new Client().onError = (error: Error): void => void error;
new Client().onError = (error: NodeJS.ErrnoException): void => void error.errno;
