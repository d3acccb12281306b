import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';

import type {
  ClientLike,
  CloseInfo,
  Data,
  Implementation,
  ServerLike,
  StreamHooks,
  StreamLike,
} from '../helpers/implementation.ts';
import { Peer } from '../helpers/peer.ts';
import type { Expectation } from './model.ts';
import { type Outcome, Run } from './run.ts';
import type { Script } from './script.ts';

/** Loopback addresses to connect to in turn: a single one would run out of ports. */
const HOSTS =
  process.platform === 'linux'
    ? Array.from({ length: 64 }, (_, at) => `127.0.0.${at + 1}`)
    : ['127.0.0.1'];

/** Servers of one implementation, and a plain server for its clients: they serve all scripts. */
export class Stage {
  readonly #impl: Implementation;
  readonly #listening: Server;
  readonly #servers: Record<'full' | 'half', ServerLike>;
  readonly #makeClient: (run: Run) => ClientLike;
  /** A run and what belongs to it find each other by the address of the connection. */
  readonly #runs = new Rendezvous<Run>();
  readonly #peers = new Rendezvous<Peer>();
  #count = 0;

  private constructor(impl: Implementation, listening: Server) {
    this.#impl = impl;
    this.#listening = listening;
    this.#makeClient = clientMaker(impl);
    const Connection = connectionClass(impl, this.#runs);
    const serve = (allowHalfOpen: boolean) =>
      new impl.Server(Connection, { allowHalfOpen }).listen(0, '0.0.0.0');
    this.#servers = { full: serve(false), half: serve(true) };
    listening.on('connection', (socket) => {
      const peer = new Peer(socket);
      this.#peers.give(`${socket.localAddress} ${socket.remotePort}`, peer);
    });
  }

  static async open(impl: Implementation): Promise<Stage> {
    const listening = createServer({ allowHalfOpen: true }).listen(0, '0.0.0.0');
    await once(listening, 'listening');
    return new Stage(impl, listening);
  }

  async play(script: Script, expectation: Expectation): Promise<Outcome> {
    const run = new Run(this.#impl, script, expectation);
    const ready = new Promise<void>((resolve) => {
      run.ready = resolve;
    });
    this.#count += 1;
    const host = HOSTS[this.#count % HOSTS.length] ?? '127.0.0.1';
    if (script.side === 'client') {
      const client = this.#makeClient(run);
      run.attach(client, script.given === 'by assignment');
      client.connect(host, (this.#listening.address() as AddressInfo).port);
      await ready;
      return run.play(await this.#peers.take(`${host} ${client.localAddr?.port}`));
    }
    const server = this.#servers[script.allowHalfOpen ? 'half' : 'full'];
    const port = server.localAddr?.port ?? 0;
    const peer = await Peer.connect({ address: host, port, family: 'IPv4' });
    this.#runs.give(`${host} ${peer.socket.localPort}`, run);
    await ready;
    return run.play(peer);
  }

  async close(): Promise<void> {
    this.#listening.close();
    const servers = Object.values(this.#servers);
    for (const server of servers) server.close();
    await Promise.all(servers.map((server) => server.end()));
  }
}

/** Two that arrive in any order. */
class Rendezvous<T> {
  readonly #arrived = new Map<string, T>();
  readonly #waiting = new Map<string, (value: T) => void>();

  give(key: string, value: T): void {
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    if (waiting === undefined) this.#arrived.set(key, value);
    else waiting(value);
  }

  take(key: string): Promise<T> {
    return new Promise((resolve) => this.whenThere(key, resolve));
  }

  /** Calls back at once if it is there already. */
  whenThere(key: string, callback: (value: T) => void): void {
    const value = this.#arrived.get(key);
    this.#arrived.delete(key);
    if (value === undefined) this.#waiting.set(key, callback);
    else callback(value);
  }
}

interface Playing extends StreamLike {
  run: Run | null;
}

/** The hooks of both classes, as methods of their prototypes. */
const HOOKS: Partial<StreamHooks> & ThisType<Playing> = {
  onRead(data: Data) {
    this.run?.onRead(data);
  },
  onWrite() {
    this.run?.onWrite();
  },
  onEnd(rest: Data) {
    this.run?.onEnd(rest);
  },
  onError(error: Error) {
    this.run?.onError(error);
  },
  onClose({ reason, unsentBytes }: CloseInfo) {
    this.run?.onClose(reason, unsentBytes);
  },
};

function clientMaker(impl: Implementation): (run: Run) => ClientLike {
  class Plain extends impl.Client {
    readonly run: Run;

    constructor(run: Run) {
      const { given, allowHalfOpen } = run.script;
      super({ allowHalfOpen, ...(given === 'by options' && run.settings) });
      this.run = run;
    }
    override onConnect(): void {
      this.run.onConnect();
    }
    override onOverflowError(error: Error): void {
      this.run.onOverflowError(error);
    }
  }
  Object.assign(Plain.prototype, HOOKS);

  class ByFields extends Plain {
    override readDelimiter = this.run.settings.readDelimiter;
    override readEncoding = this.run.settings.readEncoding;
    override bufferSize = this.run.settings.bufferSize;
  }
  return (run) => (run.script.given === 'by fields' ? new ByFields(run) : new Plain(run));
}

function connectionClass(impl: Implementation, runs: Rendezvous<Run>) {
  class Scripted extends impl.Connection {
    run: Run | null = null;

    override onConnect(): void {
      // The run may come later. No data does: its peer waits for this.
      runs.whenThere(`${this.localAddr?.address} ${this.remoteAddr?.port}`, (run) => {
        this.run = run;
        run.attach(this, true);
        run.onConnect();
      });
    }
    override onOverflowError(error: Error): void {
      this.run?.onOverflowError(error);
    }
  }
  Object.assign(Scripted.prototype, HOOKS);
  return Scripted;
}
