// Lines as strings.

import { Base, serve } from '../pants.ts';

class Echo extends Base {
  override readDelimiter = '\n';
  override readEncoding = 'utf8' as const;

  override onRead(line: string): void {
    this.write(`${line}\n`);
  }
}

serve(Echo);
