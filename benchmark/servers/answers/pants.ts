// Each line is answered by itself and 100 kB.

import { Base, serve } from '../pants.ts';
import { body } from './body.ts';

class Responder extends Base {
  override readDelimiter = '\n';
  override readEncoding = 'utf8' as const;

  override onRead(line: string): void {
    this.write(`${line}\n`);
    this.write(body);
  }
}

serve(Responder);
