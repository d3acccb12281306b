// Lines as Buffers: nothing is decoded.

import { Base, serve } from '../pants.ts';

class Echo extends Base {
  override readDelimiter = '\n';

  override onRead(line: Buffer): void {
    this.write(line);
    this.write(lineFeed);
  }
}

const lineFeed = Buffer.from('\n');
serve(Echo);
