import type { Data } from './implementation.ts';
import type { Peer } from './peer.ts';
import type { Scene } from './scene.ts';

/**
 * Makes pieces arrive one by one. A round trip over another connection of the same implementation
 * comes back only when what was sent before it has been read: sockets are served in their order.
 */
export class Lockstep {
  readonly #peer: Peer;
  #sent = 0;

  private constructor(peer: Peer) {
    this.#peer = peer;
  }

  static async start(scene: Scene): Promise<Lockstep> {
    class Echo extends scene.impl.Connection {
      override onRead(data: Data): void {
        this.write(data);
      }
    }
    const server = scene.listening(new scene.impl.Server(Echo));
    return new Lockstep(await scene.peer(server));
  }

  async step(): Promise<void> {
    this.#sent += 1;
    await this.#peer.write('.');
    await this.#peer.received(this.#sent);
  }

  /** Sends each piece when the one before it has been read. */
  async send(peer: Peer, pieces: Iterable<string | Uint8Array>): Promise<void> {
    for (const piece of pieces) {
      await peer.write(piece);
      await this.step();
    }
  }
}
