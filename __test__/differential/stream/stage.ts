import type {
  ClientLike,
  CloseInfo,
  Data,
  Implementation,
  ServerLike,
  StreamHooks,
  StreamLike,
} from '../../helpers/implementation.ts';
import type { OverUnix } from '../../helpers/over-unix.ts';
import { Peer } from '../../helpers/peer.ts';
import { within } from '../../helpers/wait.ts';
import type { Stage } from '../differ.ts';
import type { Outcome } from '../run.ts';
import type { StreamExpectation } from './model.ts';
import { type Network, networkOf } from './network.ts';
import { StreamRun } from './run.ts';
import type { StreamScript } from './script.ts';

/** Servers of one implementation, and a plain server for its clients: they serve all scripts. */
export class StreamStage implements Stage<StreamScript, StreamExpectation> {
  readonly #impl: Implementation | OverUnix;
  readonly #network: Network;
  readonly #servers: Record<'full' | 'half', ServerLike>;
  readonly #makeClient: (run: StreamRun) => ClientLike;
  /** A run and what belongs to it find each other by the key of the connection. */
  readonly #runs = new Rendezvous<StreamRun>();
  readonly #peers = new Rendezvous<Peer>();

  private constructor(impl: Implementation | OverUnix, network: Network) {
    this.#impl = impl;
    this.#network = network;
    this.#makeClient = clientMaker(impl);
    const Connection = connectionClass(impl, this.#runs, network);
    const serve = (allowHalfOpen: boolean) =>
      network.serve(new impl.Server(Connection, { allowHalfOpen }));
    this.#servers = { full: serve(false), half: serve(true) };
    network.listening.on('connection', (socket) => {
      this.#peers.give(network.keyOfAccepted(socket), new Peer(socket));
    });
  }

  static async open(impl: Implementation | OverUnix): Promise<StreamStage> {
    return new StreamStage(impl, await networkOf(impl));
  }

  async play(script: StreamScript, expectation: StreamExpectation): Promise<Outcome> {
    const run = new StreamRun(this.#impl, script, expectation);
    const ready = new Promise<void>((resolve) => {
      run.ready = resolve;
    });
    if (script.side === 'client') {
      const client = this.#makeClient(run);
      run.attach(client, script.given === 'by assignment');
      this.#network.connect(client);
      await within(() => 'onConnect of the client', ready);
      const key = this.#network.keyOfClient(client);
      const there = () => `connection ${key} at the plain server, which has ${this.#peers}`;
      return run.play(await within(there, this.#peers.take(key)));
    }
    const server = this.#servers[script.allowHalfOpen ? 'half' : 'full'];
    const [peer, key] = await this.#network.connectPeer(server);
    this.#runs.give(key, run);
    await within(() => `onConnect of the connection ${key}; there are ${this.#runs}`, ready);
    return run.play(peer);
  }

  async close(): Promise<void> {
    this.#network.listening.close();
    const servers = Object.values(this.#servers);
    for (const server of servers) server.close();
    await Promise.all(servers.map((server) => server.end()));
    if ('remove' in this.#impl) this.#impl.remove();
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

  toString(): string {
    return `${[...this.#arrived.keys()].join(', ')}; awaited: ${[...this.#waiting.keys()].join(', ')}`;
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
  run: StreamRun | null;
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

function clientMaker(impl: Implementation): (run: StreamRun) => ClientLike {
  class Plain extends impl.Client {
    readonly run: StreamRun;

    constructor(run: StreamRun) {
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

function connectionClass(impl: Implementation, runs: Rendezvous<StreamRun>, network: Network) {
  class Scripted extends impl.Connection {
    run: StreamRun | null = null;

    override onConnect(): void {
      // The run may come later. No data does: its peer waits for this.
      runs.whenThere(network.keyOfConnection(this), (run) => {
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
