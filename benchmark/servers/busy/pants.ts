import { Base, serve } from '../pants.ts';
import { loopState, work } from './work.ts';

class Echo extends Base {
  override readDelimiter = '\n';
  override readEncoding = 'utf8' as const;

  override onRead(line: string): void {
    work();
    this.write(`${line}\n`);
  }
}

serve(Echo, loopState);
