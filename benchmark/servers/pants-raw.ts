// Bytes as they arrive, with back-pressure.

import { Connection, Server } from 'pants-native';
import { announce } from './harness.ts';

class Echo extends Connection {
  override onRead(data: Buffer): void {
    if (!this.write(data)) this.pause();
  }

  override onWrite(): void {
    this.resume();
  }
}

const server = new Server(Echo).listen(0, '127.0.0.1');
announce(server.localAddr);
