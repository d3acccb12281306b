/** What wraps an accepted socket, and which server it is of. */

import { channelClosed, invalidType, invalidValue } from '../check/errors.ts';
import { isReadable } from '../check/values.ts';
import { link } from '../link/link.ts';
import { ServerLink } from '../link/server-link.ts';
import { AcceptedSocket } from '../link/socket.ts';
import type { Address, ServerStats, Socket } from '../types.ts';
import { Channel } from './engine.ts';

/** A `StreamServer`, as the connections that it accepts see it. */
export interface ServerChannel<C extends Channel> extends Channel {
  ConnectionClass: new (socket: Socket<never>, server: never) => C;
  readonly channels: Map<number, C>;
  readonly localAddr: Address | string | null;
  readonly remoteAddr: null;
  stats(): ServerStats;
  close(): void;
  end(timeoutMs?: number): Promise<void>;
}

/** @internal What `onAccept` was given. */
export function checkSocket<S>(socket: S): S & AcceptedSocket {
  if (AcceptedSocket.isSocket(socket)) return socket;
  throw invalidType('socket', 'a socket that onAccept was given', socket);
}

/** @internal The server that a socket may be wrapped for; checked before anything is made of it. */
export function serverOf(socket: AcceptedSocket, server: unknown): ServerLink {
  const serverLink = isReadable(server) && server instanceof Channel ? server[link] : null;
  if (!(serverLink instanceof ServerLink)) throw invalidType('server', 'a StreamServer', server);
  if (!socket.isOf(serverLink.reactor)) {
    throw invalidValue('server', 'one with the engine that accepted the socket', server);
  }
  if (socket.taken) throw channelClosed('new Connection()');
  return serverLink;
}
