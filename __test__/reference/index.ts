/**
 * The same classes, written as plainly as possible over `node:net` and `node:dgram`: no batching, no reactor, no
 * cleverness. What the package must do is what this does; the tests run against both.
 */
export { Accepted } from './accepted.ts';
export { Channel } from './channel.ts';
export { Client } from './client.ts';
export { Stream } from './connecting.ts';
export { Connection, UnixConnection } from './connection.ts';
export { Datagram } from './datagram.ts';
export { Engine } from './engine.ts';
export { LengthPrefix, lengthPrefix } from './length-prefix.ts';
export { Server } from './server.ts';
export { StreamServer } from './stream-server.ts';
export type * from './types.ts';
export { UnixClient, UnixServer } from './unix.ts';
