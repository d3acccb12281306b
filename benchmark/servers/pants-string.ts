// Lines as strings.

import { Connection, Server } from 'pants-native';
import { announce } from './harness.ts';

class Echo extends Connection {
  override readDelimiter = '\n';
  override readEncoding = 'utf8' as const;

  override onRead(line: string): void {
    this.write(`${line}\n`);
  }
}

const server = new Server(Echo).listen(0, '127.0.0.1');
announce(server.localAddr);
