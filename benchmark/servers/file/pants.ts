// Each line is answered by itself and a file.

import { Base, serve } from '../pants.ts';
import { path } from './path.ts';

class Sender extends Base {
  override readDelimiter = '\n';
  override readEncoding = 'utf8' as const;

  override onRead(line: string): void {
    this.write(`${line}\n`);
    this.writeFile(path);
  }
}

serve(Sender);
