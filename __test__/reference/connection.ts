import { Accepted } from './accepted.ts';
import { typeError } from './errors.ts';
import { Stream } from './stream.ts';
import { StreamServer } from './stream-server.ts';
import type { StreamOptions } from './types.ts';

/** A server's end of a TCP connection. */
export class Connection extends Stream {
  readonly server: StreamServer;

  constructor(socket: Accepted, server: StreamServer, options: StreamOptions = {}) {
    super();
    if (!(server instanceof StreamServer)) throw typeError('server', 'a server', server);
    this._configure(server._connectionOptions);
    this._configure(options);
    this.server = server;
    this._attach(Accepted.take(socket, this));
    this._begin();
    server._add(this, socket.fileno);
    setImmediate(() => this.#start());
  }

  #start(): void {
    try {
      this._adoptFields();
    } catch (error) {
      this._connectFailed(error as Error);
      process.nextTick(() => {
        throw error;
      });
      return;
    }
    this._open();
  }

  protected override _closed(): void {
    super._closed();
    this.server._forget(this);
  }

  protected override _afterClose(): void {
    this.server._connectionClosed(this);
  }
}
