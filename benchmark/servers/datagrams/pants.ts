import { Datagram } from 'pants-native';
import { announce } from '../harness.ts';

class Echo extends Datagram {
  override onRead(data: Buffer): void {
    this.write(data);
  }

  // A client that has gone.
  override onError(): void {}
}

announce(new Echo().listen(0, '127.0.0.1').localAddr);
