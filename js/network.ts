/** TCP: clients, servers and their connections. */

import { link } from './channel.ts';
import { channelClosed, invalidType } from './errors.ts';
import { AcceptedSocket } from './socket.ts';
import { Stream } from './stream.ts';
import { StreamServer } from './stream-server.ts';
import type { Socket, StreamOptions } from './types.ts';

/** A TCP client. `new Client().connect(host, port)`. */
export class Client extends Stream {}

/**
 * A TCP connection to a server. Servers make them; a class of your own is a protocol:
 *
 * ```ts
 * class Echo extends Connection {
 *   onRead(data: Buffer) { this.write(data); }
 * }
 * new Server(Echo).listen(4040);
 * ```
 */
export class Connection extends Stream {
  /** The server that accepted it. */
  readonly server: StreamServer;

  /**
   * Wraps a socket that `onAccept` was given. `onConnect` follows from the event loop.
   *
   * @throws `ERR_INVALID_ARG_TYPE`; `ERR_CHANNEL_CLOSED` for a socket that is closed or taken
   */
  constructor(socket: Socket, server: StreamServer, options?: StreamOptions) {
    if (!(socket instanceof AcceptedSocket)) {
      throw invalidType('socket', 'a socket that onAccept was given', socket);
    }
    if (!(server instanceof StreamServer)) throw invalidType('server', 'a StreamServer', server);
    if (socket.taken) throw channelClosed('new Connection()');
    super({ ...server.connectionOptions, ...options });
    this.server = server;
    socket.taken = true;
    this[link].adopt(socket, server[link]);
  }
}

/** A TCP server. `new Server(MyConnection).listen(4040)` is a whole program. */
export class Server extends StreamServer {}

StreamServer.prototype.ConnectionClass = Connection;
