import type {
  CloseInfo,
  Data,
  DatagramHooks,
  DatagramLike,
  Implementation,
} from '../../helpers/implementation.ts';
import type { Stage } from '../differ.ts';
import type { Outcome } from '../run.ts';
import { Lockstep } from './lockstep.ts';
import type { DatagramExpectation } from './model.ts';
import type { Network } from './network.ts';
import { DatagramRun } from './run.ts';
import type { DatagramScript } from './script.ts';

export class DatagramStage implements Stage<DatagramScript, DatagramExpectation> {
  readonly #impl: Implementation;
  readonly #network: Network;
  readonly #lockstep: Lockstep;
  readonly #makeChannel: (run: DatagramRun) => DatagramLike;

  private constructor(impl: Implementation, network: Network, lockstep: Lockstep) {
    this.#impl = impl;
    this.#network = network;
    this.#lockstep = lockstep;
    this.#makeChannel = channelMaker(impl, network);
  }

  static async open(impl: Implementation, network: Network): Promise<DatagramStage> {
    return new DatagramStage(impl, network, await Lockstep.start(impl, network));
  }

  async play(script: DatagramScript, expectation: DatagramExpectation): Promise<Outcome> {
    const network = this.#network;
    const peers = await Promise.all(Array.from({ length: script.peers }, () => network.peer()));
    const run = new DatagramRun(this.#impl, script, expectation, network, this.#lockstep, peers);
    const outcome = await run.play(this.#makeChannel(run));
    for (const peer of peers) peer.close();
    return outcome;
  }

  async close(): Promise<void> {
    this.#lockstep.close();
    this.#network.close();
  }
}

interface Playing extends DatagramLike {
  run: DatagramRun;
}

const HOOKS: DatagramHooks & ThisType<Playing> = {
  onListen() {
    this.run.onListen();
  },
  onConnect() {
    this.run.onConnect();
  },
  onRead(data: Data, addr: unknown) {
    this.run.onRead(data, addr);
  },
  onWrite() {
    this.run.onWrite();
  },
  onOverflowError(error: Error) {
    this.run.onOverflowError(error);
  },
  onError(error: Error) {
    this.run.onError(error);
  },
  onClose({ reason, unsentBytes }: CloseInfo) {
    this.run.onClose(reason, unsentBytes);
  },
};

function channelMaker(impl: Implementation, network: Network): (run: DatagramRun) => DatagramLike {
  class Plain extends impl.Datagram {
    readonly run: DatagramRun;

    constructor(run: DatagramRun) {
      const { given, maxSenders } = run.script;
      super({ ...network.options, maxSenders, ...(given === 'by options' && run.settings) });
      this.run = run;
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
