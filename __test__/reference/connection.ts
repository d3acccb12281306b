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
    this.configure(server.connectionOptions);
    this.configure(options);
    this.server = server;
    this.attach(Accepted.take(socket, this));
    this.begin();
    server.add(this, socket.fileno);
    setImmediate(() => this.#start());
  }

  #start(): void {
    try {
      this.adoptFields();
    } catch (error) {
      this.connectFailed(error as Error);
      process.nextTick(() => {
        throw error;
      });
      return;
    }
    this.open();
  }

  protected override closed(): void {
    super.closed();
    this.server.forget(this);
  }

  protected override afterClose(): void {
    this.server.connectionClosed(this);
  }
}
