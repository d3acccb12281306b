/** A socket that was accepted or connected, with its addresses. */

import { decodeAddress } from './address.ts';
import { ADDRESS_BYTES } from './generated/wire.ts';
import type { Address, Socket } from './types.ts';

/** @internal The engine, as far as a socket needs it. */
interface Closer {
  closeSocket(socket: AcceptedSocket): void;
}

/** @internal */
export class AcceptedSocket implements Socket {
  readonly index: number;
  readonly generation: number;
  readonly fileno: number;
  /** A channel has it, or it is closed. */
  taken = false;
  #engine: Closer;
  /** Both addresses as they came, in a latin1 string: most are never asked for. */
  #addresses: string;

  constructor(
    engine: Closer,
    index: number,
    generation: number,
    fileno: number,
    addresses: string,
  ) {
    this.#engine = engine;
    this.index = index;
    this.generation = generation;
    this.fileno = fileno;
    this.#addresses = addresses;
  }

  get localAddr(): Address | null {
    return decodeAddress(this.#addresses, 0);
  }

  get remoteAddr(): Address | null {
    return decodeAddress(this.#addresses, ADDRESS_BYTES);
  }

  close(): void {
    if (this.taken) return;
    this.taken = true;
    this.#engine.closeSocket(this);
  }
}
