// Each line goes to everybody.

import { Connection, Server } from 'pants-native';
import { announce } from '../harness.ts';

class Member extends Connection {
  override readDelimiter = '\n';
  override readEncoding = 'utf8' as const;

  override onConnect(): void {
    this.write('hello\n');
  }

  override onRead(line: string): void {
    const text = `${line}\n`;
    for (const member of this.server.channels.values()) member.write(text);
  }
}

announce(new Server(Member).listen(0, '127.0.0.1').localAddr);
