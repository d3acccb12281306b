// Frames behind a length of four bytes, without a framework.

import { Buffer } from 'node:buffer';

const header = 4;

export class Frames {
  #rest: Uint8Array | null = null;

  /** The answers to the frames that are complete, or null. */
  accept(received: Uint8Array): Buffer | null {
    const bytes = this.#rest === null ? received : Buffer.concat([this.#rest, received]);
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const answers: Buffer[] = [];
    let start = 0;
    while (start + header <= chunk.length) {
      const end = start + header + chunk.readUInt32BE(start);
      if (end > chunk.length) break;
      onFrame(chunk.subarray(start + header, end), answers);
      start = end;
    }
    // A copy: the buffer may be used again.
    this.#rest = start === chunk.length ? null : Buffer.from(chunk.subarray(start));
    return answers.length === 0 ? null : Buffer.concat(answers);
  }
}

/** What the application does. */
function onFrame(body: Buffer, answers: Buffer[]): void {
  const length = Buffer.allocUnsafe(header);
  length.writeUInt32BE(body.length);
  answers.push(length, body);
}
