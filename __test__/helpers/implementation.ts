import type { BlockList, LookupFunction } from 'node:net';

/**
 * What the conformance and the differential tests need of an implementation, as far as they use it:
 * they know neither which one they test nor how it is made.
 */
export interface Implementation {
  Channel: new () => object;
  Stream: new (options?: ConnectOptions) => LowStreamLike;
  StreamServer: StreamServerConstructor;
  Client: new (options?: ConnectOptions) => ClientLike;
  Connection: new (
    socket: SocketLike,
    server: ServerLike,
    options?: StreamOptions,
  ) => ConnectionLike;
  Server: ServerConstructor;
  Datagram: new (options?: DatagramOptions) => DatagramLike;
  Engine: { instance(): EngineLike };
  lengthPrefix(options: Prefix): LengthPrefix;
}

/** The same over Unix sockets. */
export interface UnixImplementation {
  UnixClient: new (options?: StreamOptions) => UnixClientLike;
  UnixConnection: new (
    socket: SocketLike<string>,
    server: UnixServerLike,
    options?: StreamOptions,
  ) => UnixConnectionLike;
  UnixServer: UnixServerConstructor;
}

/** A stream by itself: its addresses may be of either kind. */
export interface LowStreamLike extends StreamLike<Address | string> {
  connect(target: StreamConnectTarget, options?: ConnectOptions): this;
}

export type StreamConnectTarget = Target | string | ({ path: string } & ConnectOptions);

export type StreamListenTarget =
  | number
  | string
  | [host: string, port: number]
  | Address
  | (ListenOptions & { port: number })
  | ({ path: string } & UnixListenOptions);

/** A server by itself. */
export interface LowServerLike extends ChannelLike, ServerHooks<Address | string> {
  ConnectionClass: ConnectionConstructor;
  readonly channels: Map<number, StreamLike<Address | string>>;
  readonly localAddr: Address | string | null;
  listen(target: StreamListenTarget, backlog?: number, options?: ListenOptions): this;
}

export interface StreamServerConstructor {
  new (connectionClass?: ConnectionConstructor, options?: ServerOptions): LowServerLike;
  new (options?: ServerOptions): LowServerLike;
}

export interface UnixServerConstructor {
  new (connectionClass?: UnixConnectionConstructor, options?: UnixServerOptions): UnixServerLike;
  new (options?: UnixServerOptions): UnixServerLike;
}

export type UnixConnectionConstructor = new (
  socket: SocketLike<string>,
  server: UnixServerLike,
) => UnixConnectionLike;

export interface UnixClientLike extends StreamLike<string> {
  connect(path: string, options?: ConnectOptions): this;
  connect(target: { path: string } & ConnectOptions): this;
}

export interface UnixConnectionLike extends StreamLike<string> {
  readonly server: UnixServerLike;
}

export interface UnixServerLike extends ChannelLike, ServerHooks<string> {
  ConnectionClass: UnixConnectionConstructor;
  readonly channels: Map<number, UnixConnectionLike>;
  readonly localAddr: string | null;
  listen(path: string, backlog?: number, options?: UnixListenOptions): this;
  listen(target: { path: string } & UnixListenOptions): this;
  end(timeoutMs?: number): Promise<void>;
}

export interface UnixListenOptions {
  backlog?: number;
  mode?: number;
  maxConnections?: number;
}

export interface UnixServerOptions extends StreamOptions, UnixListenOptions {}

export interface ServerConstructor {
  new (connectionClass?: ConnectionConstructor, options?: ServerOptions): ServerLike;
  new (options?: ServerOptions): ServerLike;
}

export type ConnectionConstructor = new (socket: SocketLike, server: ServerLike) => ConnectionLike;

export type ReadDelimiter = null | string | number | Uint8Array | LengthPrefix | RegExp;
export type Data = Buffer | string;
type Bytes = string | ArrayBufferView | ArrayBufferLike;

export interface Address {
  address: string;
  port: number;
  family: 'IPv4' | 'IPv6';
}

export interface CloseInfo {
  reason: string;
  error?: Error;
  unsentBytes: number;
}

export interface SocketLike<A = Address> {
  readonly fileno: number;
  readonly localAddr: A | null;
  readonly remoteAddr: A | null;
  close(): void;
}

interface ChannelLike {
  readonly connected: boolean;
  readonly connecting: boolean;
  readonly listening: boolean;
  readonly readyState: string;
  readonly fileno: number | null;
  close(): void;
  ref(): unknown;
  unref(): unknown;
  readonly opened: Promise<unknown>;
  readonly closed: Promise<CloseInfo>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface FramesOptions extends WaitOptions {
  highWaterMark?: number;
  rest?: boolean;
  keepOpen?: boolean;
}

export interface FrameIteratorLike<F> extends AsyncIterableIterator<F> {
  next(): Promise<IteratorResult<F, undefined>>;
  return(): Promise<IteratorResult<F, undefined>>;
  [Symbol.asyncIterator](): this;
}

export interface WaitOptions {
  signal?: AbortSignal;
}

export interface StreamHooks {
  onConnect(): void;
  onConnectError(error: Error): void;
  onRead(data: Data): void;
  onWrite(): void;
  onEnd(rest: Data): void;
  onOverflowError(error: Error): void;
  onError(error: Error): void;
  onClose(info: CloseInfo): void;
}

export type FileLike = string | URL | number | { readonly fd: number };

export interface StreamLike<A = Address> extends ChannelLike, StreamHooks {
  readDelimiter: ReadDelimiter;
  readEncoding: string | null;
  bufferSize: number;
  highWaterMark: number;
  maxPendingBytes: number;
  allowHalfOpen: boolean;
  idleTimeout: number;
  frameTimeout: number;
  lingerTimeout: number;
  setNoDelay(noDelay?: boolean): unknown;
  setKeepAlive(enable?: boolean, idle?: number, interval?: number, count?: number): unknown;
  readonly localAddr: A | null;
  readonly remoteAddr: A | null;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly pendingBytes: number;
  stats(): { readonly refusedBytes: number };
  write(data: Bytes | Bytes[], flush?: boolean): boolean;
  writeFile(file: FileLike, nbytes?: number, offset?: number, flush?: boolean): boolean;
  flush(): void;
  drained(options?: WaitOptions): Promise<void>;
  frames(options?: FramesOptions): FrameIteratorLike<Data>;
  [Symbol.asyncIterator](): FrameIteratorLike<Data>;
  pause(): void;
  resume(): void;
  end(data?: Bytes | Bytes[]): void;
  reset(): void;
  shutdown(): void;
}

export interface DatagramHooks {
  onListen(): void;
  onConnect(): void;
  onRead(data: Data, addr?: Address): void;
  onWrite(): void;
  onOverflowError(error: Error): void;
  onError(error: Error): void;
  onClose(info: CloseInfo): void;
}

export interface DatagramLike extends ChannelLike, DatagramHooks {
  readDelimiter: ReadDelimiter;
  readEncoding: string | null;
  bufferSize: number;
  highWaterMark: number;
  maxPendingBytes: number;
  lingerTimeout: number;
  readonly localAddr: Address | null;
  readonly remoteAddr: Address | null;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly pendingBytes: number;
  readonly drops: number;
  stats(): { readonly refusedBytes: number };
  listen(target?: Target, options?: DatagramOptions): this;
  write(
    data: string | ArrayBufferView | ArrayBufferLike,
    to?: Target | null,
    flush?: boolean,
  ): boolean;
  flush(): void;
  drained(options?: WaitOptions): Promise<void>;
  frames(options?: FramesOptions): FrameIteratorLike<[Data, Address]>;
  [Symbol.asyncIterator](): FrameIteratorLike<[Data, Address]>;
  connect(target: Target): this;
  disconnect(): this;
  pause(): void;
  resume(): void;
  end(): void;
  setBroadcast(on: boolean): void;
  setTTL(ttl: number): void;
  setMulticastTTL(ttl: number): void;
  setMulticastLoopback(on: boolean): void;
  setMulticastInterface(by: string): void;
  addMembership(group: string, by?: string): void;
  dropMembership(group: string, by?: string): void;
  addSourceSpecificMembership(source: string, group: string, by?: string): void;
  dropSourceSpecificMembership(source: string, group: string, by?: string): void;
  setRecvBufferSize(size: number): void;
  setSendBufferSize(size: number): void;
  getRecvBufferSize(): number;
  getSendBufferSize(): number;
}

export type Target =
  | number
  | [host: string, port: number]
  | ({ host?: string; port: number } & ConnectOptions)
  | Address;

export interface ClientLike extends StreamLike {
  connect(host: string, port: number, options?: ConnectOptions): this;
  connect(target: Target): this;
}

export interface ConnectionLike extends StreamLike {
  readonly server: ServerLike;
}

export interface ServerHooks<A> {
  onListen(): void;
  onAccept(socket: SocketLike<A>, addr: A): void;
  onDrop(addr: A | null): void;
  onError(error: Error): void;
  onClose(info: CloseInfo): void;
}

export interface ServerLike extends ChannelLike, ServerHooks<Address> {
  ConnectionClass: ConnectionConstructor;
  readonly channels: Map<number, ConnectionLike>;
  readonly localAddr: Address | null;
  [Symbol.asyncIterator](): FrameIteratorLike<ConnectionLike>;
  listen(port?: number, host?: string, backlog?: number, options?: ListenOptions): this;
  listen(target: [string, number] | ListenOptions, backlog?: number, options?: ListenOptions): this;
  setBlockList(blockList: BlockList | null): this;
  end(timeoutMs?: number): Promise<void>;
}

export interface EngineLike {
  readonly channels: { readonly size: number };
  callback(task: (...args: unknown[]) => void, ...args: unknown[]): () => void;
  loop(task: (...args: unknown[]) => void, ...args: unknown[]): () => void;
  defer(seconds: number, task: (...args: unknown[]) => void, ...args: unknown[]): () => void;
  cycle(seconds: number, task: (...args: unknown[]) => void, ...args: unknown[]): () => void;
  stats(): object;
  start(): void;
  stop(): void;
}

export interface LengthPrefix extends Required<Prefix> {
  encode(body: string | ArrayBufferView | ArrayBufferLike): Buffer;
}

export interface Prefix {
  readonly bytes: 1 | 2 | 4 | 8 | 'varint';
  readonly endian?: 'big' | 'little';
  readonly adjust?: number;
}

export interface StreamOptions {
  readDelimiter?: ReadDelimiter;
  readEncoding?: BufferEncoding | null;
  bufferSize?: number;
  highWaterMark?: number;
  maxPendingBytes?: number;
  allowHalfOpen?: boolean;
  idleTimeout?: number;
  frameTimeout?: number;
  lingerTimeout?: number;
}

export interface DatagramOptions {
  family?: 0 | 4 | 6;
  readDelimiter?: ReadDelimiter;
  readEncoding?: BufferEncoding | null;
  bufferSize?: number;
  maxSenders?: number;
  highWaterMark?: number;
  maxPendingBytes?: number;
  reuseAddr?: boolean;
  ipv6Only?: boolean;
  broadcast?: boolean;
  recvBufferSize?: number;
  sendBufferSize?: number;
  lookup?: LookupFunction;
}

export interface ConnectOptions extends StreamOptions {
  connectTimeout?: number;
  signal?: AbortSignal;
  localAddress?: string;
  localPort?: number;
  lookup?: LookupFunction;
  family?: 0 | 4 | 6;
}

export interface ServerOptions
  extends StreamOptions,
    Pick<ListenOptions, 'backlog' | 'ipv6Only' | 'maxConnections'> {}

export interface ListenOptions {
  blockList?: BlockList;
  host?: string;
  port?: number;
  backlog?: number;
  ipv6Only?: boolean;
  maxConnections?: number;
}
