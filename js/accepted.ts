/** What the connections of every kind of server have in common: how they get their socket. */

import { link } from './channel.ts';
import { channelClosed, invalidType, invalidValue } from './errors.ts';
import { AcceptedSocket } from './socket.ts';
import type { Stream } from './stream.ts';
import { StreamServer } from './stream-server.ts';
import type { StreamOptions } from './types.ts';

/** @internal The options of a connection; checks what it is to be made of, before it is. */
export function acceptedOptions(
  socket: unknown,
  server: unknown,
  options: StreamOptions | undefined,
): StreamOptions {
  if (!(socket instanceof AcceptedSocket)) {
    throw invalidType('socket', 'a socket that onAccept was given', socket);
  }
  if (!(server instanceof StreamServer)) throw invalidType('server', 'a StreamServer', server);
  if (!socket.isOf(server.engine)) {
    throw invalidValue('server', 'one with the engine that accepted the socket', server);
  }
  if (socket.taken) throw channelClosed('new Connection()');
  return { ...server.connectionOptions, ...options };
}

/** @internal Gives a socket, checked by `acceptedOptions`, to its channel. */
export function adoptAccepted(channel: Stream, socket: unknown, server: StreamServer): void {
  if (channel.engine !== server.engine) {
    throw invalidValue('engine', "left out, or the server's", channel.engine);
  }
  channel[link].adopt(socket as AcceptedSocket, server[link]);
}
