/** Frames behind a length header: the delimiter, and what makes such frames. */

import type { Data, LengthPrefix, LengthPrefixOptions } from '../types.ts';
import { invalidType, invalidValue } from './errors.ts';
import { checkOptions, lengthPrefixNames } from './option-names.ts';
import { bytesOf, isReadable } from './values.ts';

/**
 * Frames behind a length header: `onRead` gets the body, the header is dropped. `encode(body)` makes
 * such a frame.
 *
 * `bytes` is the size of the header, or `'varint'`: an unsigned LEB128, as Protocol Buffers have it,
 * of at most 10 bytes. The limit (`bufferSize`) is judged from the header, before the body is
 * buffered. A header that announces more, or with `adjust` less than 0, is an overflow.
 *
 * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 */
export function lengthPrefix(options: LengthPrefixOptions): LengthPrefix {
  if (!isReadable(options)) throw invalidType('options', 'an object', options);
  const given = checkOptions(options, lengthPrefixNames);
  const { bytes, adjust = 0 } = given;
  const isVarint = bytes === 'varint';
  const { endian = isVarint ? 'little' : 'big' } = given;
  if (!isVarint && typeof bytes !== 'number') {
    throw invalidType('bytes', "a number or 'varint'", bytes);
  }
  if (!isVarint && bytes !== 1 && bytes !== 2 && bytes !== 4 && bytes !== 8) {
    throw invalidValue('bytes', "1, 2, 4, 8 or 'varint'", bytes);
  }
  if (endian !== 'big' && endian !== 'little') {
    throw invalidValue('endian', "'big' or 'little'", endian);
  }
  if (isVarint && endian === 'big') throw invalidValue('endian', 'left out of a varint', endian);
  if (typeof adjust !== 'number') throw invalidType('adjust', 'a number', adjust);
  if (!Number.isSafeInteger(adjust)) throw invalidValue('adjust', 'a safe integer', adjust);
  return new Prefix(bytes as LengthPrefix['bytes'], endian, adjust);
}

/** @internal A delimiter made by `lengthPrefix`. */
export class Prefix implements LengthPrefix {
  readonly bytes: LengthPrefix['bytes'];
  readonly endian: 'big' | 'little';
  readonly adjust: number;
  #made: boolean;

  /** Whether it is one itself, with what `lengthPrefix` has checked. */
  static isPrefix(value: object): value is Prefix {
    return #made in value;
  }

  constructor(bytes: LengthPrefix['bytes'], endian: 'big' | 'little', adjust: number) {
    this.#made = true;
    this.bytes = bytes;
    this.endian = endian;
    this.adjust = adjust;
    Object.freeze(this);
  }

  encode(body: Data): Buffer {
    const bytes = typeof body === 'string' ? Buffer.from(body) : bytesOf('body', body);
    if (bytes === null) {
      throw invalidType('body', 'a string, an ArrayBufferView or an ArrayBuffer', body);
    }
    const header = this.#header(bytes.length - this.adjust);
    if (header === null) {
      const sized = `as long as a header of ${this.bytes} (adjust: ${this.adjust}) can say`;
      throw invalidValue('body.length', sized, bytes.length);
    }
    const frame = Buffer.allocUnsafe(header.length + bytes.length);
    frame.set(header);
    frame.set(bytes, header.length);
    return frame;
  }

  /** Its bytes; null where it cannot hold the value. */
  #header(value: number): number[] | null {
    if (!Number.isSafeInteger(value) || value < 0) return null;
    const header: number[] = [];
    if (this.bytes === 'varint') {
      for (; value >= 0x80; value = Math.floor(value / 0x80)) header.push((value % 0x80) | 0x80);
      header.push(value);
      return header;
    }
    for (let at = 0; at < this.bytes; at += 1, value = Math.floor(value / 0x100)) {
      header.push(value % 0x100);
    }
    if (value > 0) return null;
    return this.endian === 'big' ? header.reverse() : header;
  }
}
