// Counts datagrams. `?N` asks for the count.

import { Buffer } from 'node:buffer';

const question = '?'.charCodeAt(0);
let count = 0;

/** The answer, if it is a question. */
export function accept(data: Uint8Array): Buffer | null {
  if (data[0] === question) {
    return Buffer.from(`${Buffer.from(data).toString('latin1')} ${count}`);
  }
  count += 1;
  return null;
}
