import type { DatagramLike, Implementation } from '../../helpers/implementation.ts';
import { turn } from '../../helpers/wait.ts';
import type { Network, Peer } from './network.ts';

/**
 * Tells when a datagram has arrived of which no hook tells. One that is sent afterwards, to another
 * channel of the same implementation, arrives afterwards: sockets are served in their order.
 */
export class Lockstep {
  readonly #channel: DatagramLike;
  readonly #peer: Peer;
  #waiting: (() => void)[] = [];

  private constructor(channel: DatagramLike, peer: Peer) {
    this.#channel = channel;
    this.#peer = peer;
    channel.onRead = () => this.#waiting.shift()?.();
  }

  static async start(impl: Implementation, network: Network): Promise<Lockstep> {
    const channel = new impl.Datagram(network.options);
    network.listen(channel);
    return new Lockstep(channel, await network.peer());
  }

  async step(): Promise<void> {
    const arrived = new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#peer.send(Buffer.from('.'), this.#channel);
    await arrived;
    await turn();
  }

  close(): void {
    this.#channel.close();
    this.#peer.close();
  }
}
