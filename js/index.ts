/** Pants for Node.js: channels over non-blocking sockets, on a Rust reactor. */

export { Channel } from './api/channel.ts';
export { Datagram } from './api/datagram.ts';
export { Engine } from './api/engine.ts';
export { Client, Connection, Server } from './api/network.ts';
export { Stream } from './api/stream.ts';
export { StreamServer } from './api/stream-server.ts';
export { UnixClient, UnixConnection, UnixServer } from './api/unix.ts';
export { version } from './binding.ts';
export type { FileLike } from './check/file.ts';
export {
  type LengthPrefix,
  type LengthPrefixOptions,
  lengthPrefix,
  type ReadDelimiter,
} from './check/read-delimiter.ts';
export type * from './types.ts';
