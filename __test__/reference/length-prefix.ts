import { copyBytes } from './bytes.ts';
import { typeError, valueError } from './errors.ts';
import { checkNames, names } from './names.ts';
import type { Writable } from './types.ts';

type Bytes = 1 | 2 | 4 | 8 | 'varint';

export interface LengthPrefixOptions {
  bytes: Bytes;
  endian?: 'big' | 'little';
  adjust?: number;
}

/** A delimiter value: each frame is a header that holds the length of the body that follows. */
export class LengthPrefix {
  readonly bytes: Bytes;
  readonly endian: 'big' | 'little';
  readonly adjust: number;

  constructor(bytes: Bytes, endian: 'big' | 'little', adjust: number) {
    this.bytes = bytes;
    this.endian = endian;
    this.adjust = adjust;
    Object.freeze(this);
  }

  /** What the header of such a body is, as hexadecimal digits, in front of it. */
  encode(data: Writable): Buffer {
    const body = copyBytes(data);
    const value = BigInt(body.length) - BigInt(this.adjust);
    const size = this.bytes === 'varint' ? 10 : this.bytes;
    if (value < 0n || value >= 256n ** BigInt(size))
      throw valueError('body', 'shorter', body.length);
    const digits = value.toString(16).padStart(2 * size, '0');
    const header = Buffer.from(this.bytes === 'varint' ? varint(value) : digits, 'hex');
    if (this.bytes !== 'varint' && this.endian === 'little') header.reverse();
    return Buffer.concat([header, body]);
  }
}

function varint(value: bigint): string {
  const septets = value.toString(2).padStart(70, '0').match(/.{7}/g) ?? [];
  while (septets.length > 1 && septets[0] === '0000000') septets.shift();
  const bytes = septets.reverse().map((bits, at) => (at < septets.length - 1 ? 1 : 0) + bits);
  return bytes.map((bits) => Number.parseInt(bits, 2).toString(16).padStart(2, '0')).join('');
}

export function lengthPrefix(options: LengthPrefixOptions): LengthPrefix {
  if (typeof options !== 'object' || options === null) {
    throw typeError('options', 'an object', options);
  }
  checkNames(options, names.lengthPrefix);
  const { bytes, adjust = 0 } = options;
  const { endian = bytes === 'varint' ? 'little' : 'big' } = options;
  if (bytes === 'varint' && endian === 'big') throw valueError('endian', 'little', endian);
  if (typeof bytes !== 'number' && bytes !== 'varint') throw typeError('bytes', 'a number', bytes);
  if (![1, 2, 4, 8, 'varint'].includes(bytes)) throw valueError('bytes', '1, 2, 4 or 8', bytes);
  if (typeof endian !== 'string') throw typeError('endian', 'a string', endian);
  if (endian !== 'big' && endian !== 'little') {
    throw valueError('endian', "'big' or 'little'", endian);
  }
  if (typeof adjust !== 'number') throw typeError('adjust', 'a number', adjust);
  if (!Number.isSafeInteger(adjust)) throw valueError('adjust', 'an integer', adjust);
  return new LengthPrefix(bytes, endian, adjust);
}
