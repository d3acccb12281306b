/** A socket that was accepted. */

import { type InspectOptionsStylized, inspect } from 'node:util';

import { Op } from '../generated/wire.ts';
import { inspectAs, readable } from '../inspect.ts';
import type { Submission, Target } from '../reactor/submission.ts';
import type { Address, PeerCredentials, Socket } from '../types.ts';
import { Ends } from './ends.ts';

/** The reactor, as far as a socket needs it. */
interface Home {
  readonly submission: Pick<Submission, 'request'>;
}

/** What a socket is known by to the reactor. */
interface Unclaimed extends Target {
  readonly reactor: Home;
}

/** Closes the sockets that were given to an `onAccept`, and that nobody has any more. */
const unclaimed = new FinalizationRegistry<Unclaimed>((socket) => {
  socket.reactor.submission.request(Op.CLOSE, socket);
});

/** @internal */
export class AcceptedSocket implements Socket<Address | string> {
  readonly index: number;
  readonly generation: number;
  readonly fileno: number;
  #reactor: Home;
  #taken = false;
  #watched = false;
  readonly #ends: Ends;

  constructor(
    reactor: Home,
    { index, generation }: Target,
    fileno: number,
    about: string,
    isProxied = false,
  ) {
    this.#reactor = reactor;
    this.index = index;
    this.generation = generation;
    this.fileno = fileno;
    this.#ends = new Ends(about, isProxied);
  }

  /** Whether it is one itself; a Proxy of one is none. */
  static isSocket(value: unknown): value is AcceptedSocket {
    return typeof value === 'object' && value !== null && #reactor in value;
  }

  get localAddr(): Address | string | null {
    return this.#ends.localAddr;
  }

  get remoteAddr(): Address | string | null {
    return this.#ends.remoteAddr;
  }

  get peerCredentials(): PeerCredentials | null {
    return this.#ends.peerCredentials;
  }

  /** For `console.log()`. */
  [inspect.custom](depth: number, options: InspectOptionsStylized): string {
    const { fileno, taken } = this;
    const [local, remote] = [readable(this.localAddr), readable(this.remoteAddr)];
    const shown = { fileno, localAddr: local, remoteAddr: remote, taken };
    return inspectAs(this, shown, depth, options);
  }

  /** Whether it is a socket of this reactor: another one knows others by its numbers. */
  isOf(reactor: object): boolean {
    return this.#reactor === reactor;
  }

  /** A channel has it, or it is closed. */
  get taken(): boolean {
    return this.#taken;
  }

  /** A channel has it now; returns what that is to know of it. */
  take(): Ends {
    this.#taken = true;
    if (this.#watched) unclaimed.unregister(this);
    return this.#ends;
  }

  /** Should nobody have taken it by the time that it is collected, it is closed then. */
  closeWhenDropped(): void {
    if (this.#taken) return;
    this.#watched = true;
    const { index, generation } = this;
    unclaimed.register(this, { reactor: this.#reactor, index, generation }, this);
  }

  close(): void {
    if (this.#taken) return;
    this.take();
    this.#reactor.submission.request(Op.CLOSE, this);
  }
}
