// Numbered datagrams, as the load generator expects them: their numbers are counted up in place, so
// that making one costs next to nothing. Each buffer is used again 1,000 datagrams later.

import { Buffer } from 'node:buffer';

const ring = 1000;
const digits = 10;

export class Numbered {
  readonly #buffers: Buffer[];
  #next = 0;

  /** Of `size` bytes each: `0000000042 00000 abcdef…` */
  constructor(size: number) {
    this.#buffers = Array.from({ length: ring }, (_, number) => {
      const tag = `${String(number).padStart(digits, '0')} 00000 `;
      const filler = 'abcdefghijklmnopqrstuvwxyz'.repeat(Math.ceil(size / 26));
      return Buffer.from((tag + filler).slice(0, size));
    });
  }

  next(): Buffer {
    const buffer = this.#buffers[this.#next % ring] as Buffer;
    if (this.#next >= ring) countUp(buffer);
    this.#next += 1;
    return buffer;
  }
}

/** By 1,000: the last three digits of a buffer stay what they are. */
function countUp(buffer: Buffer): void {
  const nine = 0x39;
  let at = digits - 4;
  for (; buffer[at] === nine; at -= 1) buffer[at] = 0x30;
  buffer[at] = (buffer[at] ?? 0) + 1;
}

/** What the load generator says: the size to send from now on, or `null` to stop. */
export function parse(data: Uint8Array): number | null {
  const [word, size] = Buffer.from(data).toString('latin1').split(' ');
  return word === 'start' ? Number(size) : null;
}
