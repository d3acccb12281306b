import type {
  Address,
  Data,
  DatagramLike,
  Implementation,
  StreamLike,
  UnixImplementation,
} from './implementation.ts';

type Both = Implementation & UnixImplementation;

/**
 * An implementation whose `onRead` is called by a `for await`: all that is asked of hooks is asked of
 * the iterator so.
 */
export function iterated(impl: Both): Both {
  class Stream extends impl.Stream {
    constructor(...args: ConstructorParameters<Both['Stream']>) {
      super(...args);
      loop(this);
    }
  }
  class Client extends impl.Client {
    constructor(...args: ConstructorParameters<Both['Client']>) {
      super(...args);
      loop(this);
    }
  }
  class UnixClient extends impl.UnixClient {
    constructor(...args: ConstructorParameters<Both['UnixClient']>) {
      super(...args);
      loop(this);
    }
  }
  class Connection extends impl.Connection {
    constructor(...args: ConstructorParameters<Both['Connection']>) {
      super(...args);
      loop(this);
    }
  }
  class UnixConnection extends impl.UnixConnection {
    constructor(...args: ConstructorParameters<Both['UnixConnection']>) {
      super(...args);
      loop(this);
    }
  }
  class Datagram extends impl.Datagram {
    #sender: Address | null = null;

    constructor(...args: ConstructorParameters<Both['Datagram']>) {
      super(...args);
      const frames = this.frames({ keepOpen: true });
      const run = async () => {
        for await (const [data, addr] of frames) {
          this.#sender = addr;
          call(() => this.onRead(data, addr));
          this.#sender = null;
        }
      };
      run().catch(() => {});
    }

    // A loop's body names the sender; a hook has it.
    override write(...[data, to, flush]: Parameters<DatagramLike['write']>): boolean {
      return super.write(data, to ?? (super.remoteAddr === null ? this.#sender : null), flush);
    }

    override get remoteAddr(): Address | null {
      return this.#sender ?? super.remoteAddr;
    }
  }
  class Server extends impl.Server {}
  Server.prototype.ConnectionClass = Connection;
  class UnixServer extends impl.UnixServer {}
  UnixServer.prototype.ConnectionClass = UnixConnection;
  const own = {
    Stream,
    Client,
    UnixClient,
    Connection,
    UnixConnection,
    Datagram,
    Server,
    UnixServer,
  };
  return { ...impl, ...own };
}

function loop(channel: Pick<StreamLike, 'frames'> & { onRead(data: Data): void }): void {
  const frames = channel.frames({ keepOpen: true });
  const run = async () => {
    for await (const frame of frames) call(() => channel.onRead(frame));
  };
  // What it throws, hooks have told.
  run().catch(() => {});
}

/** What a hook throws is an uncaught exception, and the loop goes on. */
function call(hook: () => void): void {
  try {
    hook();
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}
