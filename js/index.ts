/** Pants for Node.js: channels over non-blocking sockets, on a Rust reactor. */

export { version } from './binding.ts';
export { Channel } from './channel.ts';
export { Datagram } from './datagram.ts';
export { Engine } from './engine.ts';
export type { FileLike } from './file.ts';
export { Client, Connection, Server } from './network.ts';
export {
  type LengthPrefix,
  type LengthPrefixOptions,
  lengthPrefix,
  type ReadDelimiter,
} from './read-delimiter.ts';
export { Stream } from './stream.ts';
export { StreamServer } from './stream-server.ts';
export type * from './types.ts';
export { UnixClient, UnixConnection, UnixServer } from './unix.ts';
