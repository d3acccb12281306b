/** A socket that was accepted or connected, with its addresses. */

import { addressBytes, decodeAddress, decodeCredentials } from './address.ts';
import type { Address, PeerCredentials, Socket } from './types.ts';

/** @internal The engine, as far as a socket needs it. */
interface Closer {
  closeSocket(socket: AcceptedSocket): void;
}

/** @internal */
export class AcceptedSocket implements Socket<Address | string> {
  readonly index: number;
  readonly generation: number;
  readonly fileno: number;
  /** A channel has it, or it is closed. */
  taken = false;
  #engine: Closer;
  /** Both addresses and the peer as they came, in a latin1 string: most are never asked for. */
  #about: string;

  constructor(engine: Closer, index: number, generation: number, fileno: number, about: string) {
    this.#engine = engine;
    this.index = index;
    this.generation = generation;
    this.fileno = fileno;
    this.#about = about;
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

  /** Whether it is a socket of this engine: another one knows others by its numbers. */
  isOf(engine: object): boolean {
    return this.#engine === engine;
  }

  close(): void {
    if (this.taken) return;
    this.taken = true;
    this.#engine.closeSocket(this);
  }
}
