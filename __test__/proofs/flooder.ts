/** Run by flood.ts, as a worker: sends numbered datagrams as fast as `write()` lets it. */
import { workerData } from 'node:worker_threads';

import { Datagram } from 'pants-native';

import { datagramOf } from './datagram-of.ts';

const { count, port } = workerData as { count: number; port: number };

class Flooder extends Datagram {
  #next = 0;

  more(): void {
    while (this.#next < count) {
      const goOn = this.write(datagramOf(this.#next), port);
      this.#next += 1;
      if (!goOn) return;
    }
    this.end();
  }

  override onWrite(): void {
    if (this.listening) this.more();
  }

  override onError(error: Error): void {
    throw error;
  }
}

new Flooder().more();
