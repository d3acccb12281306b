/** A socket that was accepted or connected, with its addresses. */

import { type InspectOptionsStylized, inspect } from 'node:util';

import { addressBytes, decodeAddress, decodeCredentials } from '../check/address.ts';
import { inspectAs, readable } from '../inspect.ts';
import type { Target } from '../reactor/submission.ts';
import type { Address, PeerCredentials, Socket } from '../types.ts';

/** @internal The engine, as far as a socket needs it. */
interface Closer {
  closeSocket(socket: Target): void;
}

/** What a socket is known by to the engine. */
interface Unclaimed extends Target {
  engine: Closer;
}

/** Closes the sockets that were given to an `onAccept`, and that nobody has any more. */
const unclaimed = new FinalizationRegistry<Unclaimed>((socket) => {
  socket.engine.closeSocket(socket);
});

/** @internal */
export class AcceptedSocket implements Socket<Address | string> {
  readonly index: number;
  readonly generation: number;
  readonly fileno: number;
  #engine: Closer;
  #taken = false;
  #watched = false;
  /** Both addresses and the peer as they came, in a latin1 string: most are never asked for. */
  #about: string;

  constructor(engine: Closer, index: number, generation: number, fileno: number, about: string) {
    this.#engine = engine;
    this.index = index;
    this.generation = generation;
    this.fileno = fileno;
    this.#about = about;
  }

  /** Whether it is one itself; a Proxy of one is none. */
  static isSocket(value: unknown): value is AcceptedSocket {
    return typeof value === 'object' && value !== null && #engine in value;
  }

  get localAddr(): Address | string | null {
    return decodeAddress(this.#about, 0);
  }

  get remoteAddr(): Address | string | null {
    return decodeAddress(this.#about, addressBytes(this.#about, 0));
  }

  get peerCredentials(): PeerCredentials | null {
    const remote = addressBytes(this.#about, 0);
    return decodeCredentials(this.#about, remote + addressBytes(this.#about, remote));
  }

  /** For `console.log()`. */
  [inspect.custom](depth: number, options: InspectOptionsStylized): string {
    const { fileno, taken } = this;
    const [local, remote] = [readable(this.localAddr), readable(this.remoteAddr)];
    const shown = { fileno, localAddr: local, remoteAddr: remote, taken };
    return inspectAs(this, shown, depth, options);
  }

  /** Whether it is a socket of this engine: another one knows others by its numbers. */
  isOf(engine: object): boolean {
    return this.#engine === engine;
  }

  /** A channel has it, or it is closed. */
  get taken(): boolean {
    return this.#taken;
  }

  /** A channel has it now. */
  take(): void {
    this.#taken = true;
    if (this.#watched) unclaimed.unregister(this);
  }

  /** Should nobody have taken it by the time that it is collected, it is closed then. */
  closeWhenDropped(): void {
    if (this.#taken) return;
    this.#watched = true;
    const { index, generation } = this;
    unclaimed.register(this, { engine: this.#engine, index, generation }, this);
  }

  close(): void {
    if (this.#taken) return;
    this.take();
    this.#engine.closeSocket(this);
  }
}
