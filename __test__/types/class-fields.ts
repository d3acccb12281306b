// What a subclass may write as a class field: compiled, never run.

import { Client, Connection, lengthPrefix, type ReadDelimiter, Server } from 'pants-native';

export class Lines extends Connection {
  override readDelimiter = '\r\n';
  override readEncoding = 'utf8';
  override bufferSize = 1024;

  override onRead(line: string): void {
    this.write(line);
  }
}

export class Blocks extends Client {
  override readDelimiter = 4;
  override readEncoding = null;

  // A hook may be a field too.
  override onRead = (block: Buffer): void => {
    this.write(block);
  };
}

export class Bodies extends Connection {
  override readDelimiter = lengthPrefix({ bytes: 2, endian: 'little' });
}

export class Patterns extends Client {
  override readDelimiter = /\r?\n/;
}

// Who changes the kind of delimiter on the way says so.
export class Counted extends Connection {
  override readDelimiter: ReadDelimiter = '\n';

  override onRead(length: Buffer): void {
    this.readDelimiter = Number(length);
    this.onRead = this.onBody;
  }

  onBody(body: Buffer): void {
    this.write(body);
    this.readDelimiter = '\n';
  }
}

export class LineServer extends Server {
  override ConnectionClass = Lines;
}

export class Wrong extends Connection {
  // @ts-expect-error a delimiter is no boolean
  override readDelimiter = true;
  // @ts-expect-error an encoding is no number
  override readEncoding = 8;
}
