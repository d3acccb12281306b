// Lines as strings, without a framework: complete ones are decoded together (a line feed never
// lies within a UTF-8 sequence), split, and the replies joined to one string.

import { Buffer } from 'node:buffer';

const lineFeed = 0x0a;

export class Lines {
  readonly #work: (() => void) | null;
  #rest: Uint8Array | null = null;

  /** `work` is done for each line. */
  constructor(work: (() => void) | null = null) {
    this.#work = work;
  }

  /** The replies to what has arrived, or null when no line is complete. */
  accept(received: Uint8Array): string | null {
    const bytes = this.#rest === null ? received : Buffer.concat([this.#rest, received]);
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const end = chunk.lastIndexOf(lineFeed);
    // A copy: the buffer may be used again.
    this.#rest = end + 1 === chunk.length ? null : Buffer.from(chunk.subarray(end + 1));
    if (end === -1) return null;
    let replies = '';
    for (const line of chunk.toString('utf8', 0, end).split('\n')) {
      if (this.#work !== null) this.#work();
      replies += `${line}\n`;
    }
    return replies;
  }
}
