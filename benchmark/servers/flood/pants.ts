import { Datagram } from 'pants-native';
import { announce } from '../harness.ts';
import { accept } from './counter.ts';

class Counter extends Datagram {
  override onRead(data: Buffer): void {
    const answer = accept(data);
    if (answer !== null) this.write(answer);
  }

  // A client that has gone.
  override onError(): void {}
}

announce(new Counter().listen(0, '127.0.0.1').localAddr);
