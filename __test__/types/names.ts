// Every public name that other files here do not name: what it is; compiled, never run.

import {
  type Address,
  type AddressLike,
  Client,
  type CloseReason,
  Connection,
  type ConnectionConstructor,
  type ConnectOptions,
  type Data,
  type DatagramOptions,
  type DatagramStats,
  type DescriptorOptions,
  Engine,
  type EngineStats,
  type ErrorCode,
  type FileLike,
  type FrameFor,
  type Gathered,
  type KeepAliveOptions,
  type LengthPrefix,
  type LengthPrefixOptions,
  type ListenOptions,
  lengthPrefix,
  type ProxyInfo,
  type ReadyState,
  Server,
  type ServerOptions,
  type ServerStats,
  type SocketOptions,
  type StreamOptions,
  type StreamStats,
  type SystemError,
  type UnixConnectOptions,
  type UnixListenOptions,
  type UnixServerOptions,
  type version,
} from 'pants-native';

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function same<A, B>(_equal: Equal<A, B>): void {}

const client = new Client();
const server = new Server();

// Where to.
const addresses: AddressLike[] = [80, ['::1', 80], { port: 80 }, { host: '::1', port: 80 }];
for (const address of addresses) client.connect(address);
// @ts-expect-error: a path is no address
addresses.push('/run/socket');
same<typeof client.localAddr, Address | null>(true);

// What is written.
const data: Data[] = ['text', new Uint8Array(1), new DataView(new ArrayBuffer(1)), Buffer.of(1)];
const gathered: Gathered[] = [...data, data];
for (const one of gathered) client.write(one);
// @ts-expect-error: no number
client.write(1);
// @ts-expect-error: no number in it
client.write(['x', 1]);
const files: FileLike[] = ['path', new URL('file:///path'), 3, { fd: 3 }];
for (const file of files) client.writeFile(file);

// Options: each as a whole, and none more.
const socket: Required<SocketOptions> = {
  noDelay: true,
  keepAlive: { idle: 1, interval: 1, count: 1 } satisfies Required<KeepAliveOptions>,
  recvBufferSize: 1,
  sendBufferSize: 1,
  userTimeout: 1,
  typeOfService: 1,
};
const stream: StreamOptions = { ...socket, engine: new Engine(), idleTimeout: 1 };
const connect: ConnectOptions = { ...stream, localAddress: '::1', family: 6 };
const listen: ListenOptions = { ...socket, proxyProtocol: 'optional', reusePort: true };
const unixListen: UnixListenOptions = { mode: 0o600, proxyProtocol: true };
const unixConnect: UnixConnectOptions = { connectTimeout: 1 };
const ofServer: ServerOptions = { ...listen, fd: 3 };
const ofUnixServer: UnixServerOptions = { ...unixListen, fd: 3 };
const descriptor: DescriptorOptions = { fd: 3 };
const datagram: DatagramOptions = { family: 'unix', mode: 0o600 };
void [connect, unixConnect, ofServer, ofUnixServer, descriptor, datagram];
// @ts-expect-error: a misspelt one
const misspelt: ListenOptions = { reuseport: true };
// @ts-expect-error: no such value
const wrong: ListenOptions = { proxyProtocol: 'always' };
void [misspelt, wrong];
const Class: ConnectionConstructor = Connection;
void Class;

// What is told.
same<ReadyState, typeof client.readyState>(true);
same<Extract<CloseReason, 'timeout' | 'overflow'>, 'timeout' | 'overflow'>(true);
same<ReturnType<typeof client.stats>, StreamStats>(true);
same<ReturnType<typeof server.stats>, ServerStats>(true);
same<ServerStats['badProxyHeaders'], number>(true);
same<ReturnType<Engine['stats']>, EngineStats>(true);
same<DatagramStats['drops'], number>(true);
same<typeof client.proxy, ProxyInfo | null>(true);
same<ProxyInfo['tlvs'], { type: number; value: Buffer }[]>(true);
same<ProxyInfo['version'], 1 | 2>(true);
same<typeof version, string>(true);
same<Extract<ErrorCode, 'ERR_PROXY_HEADER'>, 'ERR_PROXY_HEADER'>(true);
same<SystemError['errno'], number>(true);
same<FrameFor<{ readEncoding: 'utf8' }>, string>(true);
same<FrameFor<{ readEncoding: null }>, Buffer>(true);

// Settings of a live channel.
client.idleTimeout = 1;
client.setNoDelay(false).setKeepAlive(true, 1_000, 1_000, 3);
// @ts-expect-error: a number of milliseconds
client.frameTimeout = '1s';
server.onDrop = (addr) => same<typeof addr, Address | null>(true);
server.setBlockList(null);

// Length headers.
const options: LengthPrefixOptions = { bytes: 'varint', adjust: 1 };
const prefix: LengthPrefix = lengthPrefix(options);
same<ReturnType<typeof prefix.encode>, Buffer>(true);
client.readDelimiter = prefix;
// @ts-expect-error: no such size
lengthPrefix({ bytes: 3 });
