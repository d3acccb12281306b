// An echo server: sends back every line it gets.
//
//   node --import @oxc-node/core/register examples/echo.ts [port]
//   nc 127.0.0.1 4040

import { Connection, Server } from 'pants-native';

class Echo extends Connection {
  override readDelimiter = '\n';

  override onRead(line: Buffer): void {
    this.write(line);
    this.write('\n');
  }
}

class EchoServer extends Server {
  override onListen(): void {
    console.log(`echo: listening on 127.0.0.1:${this.localAddr?.port}`);
  }
}

new EchoServer(Echo).listen(Number(process.argv[2] ?? 4040), '127.0.0.1');
