// `readEncoding` decides what `onRead` gets; compiled, never run.

import { type Address, Client, Connection, Datagram, type Frame } from 'pants-native';

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function same<A, B>(_equal: Equal<A, B>): void {}

// A class field that says which.
export class Lines extends Connection {
  override readDelimiter = '\n';
  override readEncoding = 'utf8' as const;
  override onRead(line: string): void {
    this.onRead = this.onSecond;
    this.write(line);
  }
  onSecond(line: string): void {
    this.write(line);
  }
  override onEnd(rest: string): void {
    this.write(rest);
  }
}

export class Binary extends Client {
  override readEncoding = null;
  override onRead = (data: Buffer): void => void data;
}

export class Wrong extends Connection {
  override readEncoding = 'utf8' as const;
  // @ts-expect-error: they are strings
  override onRead(data: Buffer): void {
    this.write(data);
  }
}

export class WrongToo extends Client {
  override readEncoding = null;
  // @ts-expect-error: they are Buffers
  override onRead(line: string): void {
    this.write(line);
  }
}

// Where nothing says which, the hook does.
export class Untyped extends Connection {
  override readEncoding = 'utf8';
  override onRead(line: string): void {
    this.write(line);
  }
}

export class Plain extends Connection {
  override onRead(data: Buffer): void {
    this.readEncoding = 'latin1';
    this.write(data);
  }
}

export class Either extends Connection {
  override onRead(data: Frame): void {
    if (typeof data === 'string') this.readEncoding = null;
    this.write(data);
  }
}

export class Over extends Plain {
  override onRead(data: Buffer): void {
    super.onRead(data);
  }
}

// By assignment.
const lines = new (class extends Client {
  override readEncoding = 'utf8' as const;
})();
lines.onRead = (line) => same<typeof line, string>(true);
const client = new Client();
client.onRead = (data: Buffer) => client.write(data);
client.onRead = (line: string) => client.write(line);
client.onRead = (data: Frame) => client.write(data);

export class Words extends Datagram {
  override readEncoding = 'utf8' as const;
  override onRead(word: string, { port }: Address): void {
    this.write(word, port);
  }
}

export class Packets extends Datagram {
  override readEncoding = 'utf8' as const;
  // @ts-expect-error: they are strings
  override onRead(data: Buffer): void {
    this.write(data);
  }
}
