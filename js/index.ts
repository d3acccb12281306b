/** Pants for Node.js: channels over non-blocking sockets, on a Rust reactor. */

export type { ChannelDuplex, DuplexTarget } from './api/adapters/duplex.ts';
export type { FrameOf } from './api/adapters/frames.ts';
export type { FrameIterator } from './api/adapters/iterator.ts';
export { Datagram } from './api/datagram.ts';
export { Channel, Engine } from './api/engine.ts';
export {
  Client,
  Connection,
  type ConnectionConstructor,
  Server,
  type ServerOptions,
} from './api/network.ts';
export type {
  ConnectOptions,
  DatagramOptions,
  StreamOptions,
  UnixConnectOptions,
} from './api/options.ts';
export { Stream } from './api/stream.ts';
export { StreamServer } from './api/stream-server.ts';
export {
  UnixClient,
  UnixConnection,
  UnixServer,
  type UnixServerOptions,
} from './api/unix.ts';
export { version } from './binding.ts';
export type { FileLike } from './check/file.ts';
export { lengthPrefix } from './check/length-prefix.ts';
export type {
  Address,
  AddressLike,
  ChannelError,
  CloseInfo,
  CloseReason,
  Data,
  DatagramFramesOptions,
  DatagramStats,
  DescriptorOptions,
  EngineOptions,
  EngineStats,
  ErrorCode,
  Frame,
  FrameFor,
  FramesOptions,
  Gathered,
  HookError,
  KeepAliveOptions,
  LengthPrefix,
  LengthPrefixOptions,
  ListenOptions,
  PeerCredentials,
  ProxyInfo,
  ReadDelimiter,
  ReadyState,
  ServerStats,
  Socket,
  SocketOptions,
  StreamStats,
  SystemError,
  UnixListenOptions,
  WaitOptions,
} from './types.ts';
