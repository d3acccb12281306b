/** Bytes as text. Encodings have one name each here: that of `checkEncoding`. */

import { latin1 } from '../reactor/slab.ts';

/** A string is made of so many bytes at most, and at first, where few may be wanted. */
const MOST_BYTES = 8 * 1024;
const FIRST_BYTES = 512;

/** Buffer's own decoder, which `toString` comes to after a look at its arguments. */
interface Decoder {
  utf8Slice(from: number, to: number): string;
}

/** @internal The bytes as text; null, and the receiver is told, where no string can be so long. */
export function decode(
  bytes: Buffer,
  from: number,
  to: number,
  encoding: BufferEncoding,
  receiver: { undeliverable(error: Error): void },
): string | null {
  try {
    if (encoding === 'utf8') return (bytes as Buffer & Decoder).utf8Slice(from, to);
    return bytes.toString(encoding, from, to);
  } catch (error) {
    receiver.undeliverable(error as Error);
    return null;
  }
}

/** @internal Whether it makes a difference to the encoding that bytes are ASCII. */
export function asksForAscii(encoding: BufferEncoding | null): boolean {
  return encoding === 'utf8' || encoding === 'ascii';
}

/**
 * @internal Frames as slices of one string: to decode some kilobytes costs as much as to decode a
 * frame. Only of bytes that are the same text as latin1. A frame that somebody keeps keeps the string
 * alive: so it is a short one.
 */
export class Slices {
  #text = '';
  /** Which bytes it is made of. */
  #bytes: Buffer | null = null;
  #from = 0;
  #to = 0;
  #most = MOST_BYTES;

  /** Other bytes follow, and perhaps in the same memory. `few`: perhaps only the first frame is wanted. */
  begin(few: boolean): void {
    this.#bytes = null;
    this.#most = few ? FIRST_BYTES : MOST_BYTES;
  }

  /** The bytes are through. */
  end(): void {
    this.#bytes = null;
    this.#text = '';
  }

  /** One frame; there may be more of them up to `end`. */
  slice(bytes: Buffer, from: number, to: number, end: number): string {
    if (bytes !== this.#bytes || from < this.#from || to > this.#to) {
      if (to - from > this.#most) return latin1(bytes, from, to);
      this.#bytes = bytes;
      this.#from = from;
      this.#to = Math.min(end, from + this.#most);
      this.#most = Math.min(2 * this.#most, MOST_BYTES);
      this.#text = latin1(bytes, from, this.#to);
    }
    return this.#text.slice(from - this.#from, to - this.#from);
  }
}

/**
 * @internal How many bytes from `from` on are whole characters: what is left over is the beginning
 * of one, and waits for the rest of it.
 */
export function completeLength(
  bytes: Uint8Array,
  from: number,
  to: number,
  encoding: BufferEncoding | null,
): number {
  const length = to - from;
  switch (encoding) {
    case 'utf8':
      return length - partialUtf8(bytes, from, to);
    case 'utf16le': {
      const units = length - (length % 2);
      // A high surrogate waits for its other half.
      const high = units > 0 && ((bytes[from + units - 1] as number) & 0xfc) === 0xd8;
      return high ? units - 2 : units;
    }
    case 'base64':
    case 'base64url':
      return length - (length % 3);
    default:
      return length;
  }
}

/** How many bytes at the end begin a UTF-8 sequence that is longer than what there is of it. */
function partialUtf8(bytes: Uint8Array, from: number, to: number): number {
  for (let back = 1; back <= 3 && to - back >= from; back += 1) {
    const byte = bytes[to - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    if (byte < 0xc2 || byte > 0xf4) return 0;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return needed > back ? back : 0;
  }
  return 0;
}
