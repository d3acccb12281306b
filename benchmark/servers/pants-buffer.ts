// Lines as Buffers: nothing is decoded.

import { Connection, Server } from 'pants-native';
import { announce } from './harness.ts';

class Echo extends Connection {
  override readDelimiter = '\n';

  override onRead(line: Buffer): void {
    this.write(line);
    this.write(lineFeed);
  }
}

const lineFeed = Buffer.from('\n');
const server = new Server(Echo).listen(0, '127.0.0.1');
announce(server.localAddr);
