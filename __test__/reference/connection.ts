import { Accepted } from './accepted.ts';
import { Stream } from './connecting.ts';
import { typeError } from './errors.ts';
import { StreamServer } from './stream-server.ts';
import type { StreamOptions } from './types.ts';

/** A server's end of a TCP connection. */
export class Connection extends Stream {
  declare readonly server: StreamServer;

  constructor(socket: Accepted, server: StreamServer, options?: StreamOptions) {
    if (!(socket instanceof Accepted)) throw typeError('socket', 'an accepted socket', socket);
    super(socket, server, options);
  }
}

export class UnixConnection extends Connection {}

StreamServer.prototype.ConnectionClass = Connection;
StreamServer.wrapsPaths = UnixConnection;
