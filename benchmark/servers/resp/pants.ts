// In the style of the tutorials: the delimiter changes with each frame.

import type { ReadDelimiter } from 'pants-native';
import { Base, serve } from '../pants.ts';
import { run } from './commands.ts';

class Session extends Base {
  override readDelimiter: ReadDelimiter = '\r\n';
  override readEncoding = 'latin1' as const;
  #words: string[] = [];
  #missing = 0;

  override onRead(line: string): void {
    this.#missing = Number(line.slice(1));
    this.#words = [];
    this.onRead = this.onLength;
  }

  onLength(line: string): void {
    this.readDelimiter = Number(line.slice(1)) + 2;
    this.onRead = this.onWord;
  }

  onWord(word: string): void {
    this.#words.push(word.slice(0, -2));
    this.readDelimiter = '\r\n';
    this.#missing -= 1;
    if (this.#missing > 0) {
      this.onRead = this.onLength;
    } else {
      this.onRead = Session.prototype.onRead;
      this.write(run(this.#words));
    }
  }
}

serve(Session);
