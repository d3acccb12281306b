import { isDeepStrictEqual } from 'node:util';
import { isProxy } from 'node:util/types';

import { typeError, valueError } from './errors.ts';
import { checkNames, names } from './names.ts';
import { Pattern, refusal } from './regexp.ts';
import type { ReadDelimiter, ReadEncoding } from './types.ts';
import { bytesFrom } from './values.ts';

export interface LengthPrefixOptions {
  bytes: 1 | 2 | 4 | 8;
  endian?: 'big' | 'little';
  adjust?: number;
}

/** A delimiter value: each frame is a header that holds the length of the body that follows. */
export class LengthPrefix {
  readonly bytes: 1 | 2 | 4 | 8;
  readonly endian: 'big' | 'little';
  readonly adjust: number;

  constructor(bytes: 1 | 2 | 4 | 8, endian: 'big' | 'little', adjust: number) {
    this.bytes = bytes;
    this.endian = endian;
    this.adjust = adjust;
    Object.freeze(this);
  }
}

export function lengthPrefix(options: LengthPrefixOptions): LengthPrefix {
  if (typeof options !== 'object' || options === null) {
    throw typeError('options', 'an object', options);
  }
  checkNames(options, names.lengthPrefix);
  const { bytes, endian = 'big', adjust = 0 } = options;
  if (typeof bytes !== 'number') throw typeError('bytes', 'a number', bytes);
  if (![1, 2, 4, 8].includes(bytes)) throw valueError('bytes', '1, 2, 4 or 8', bytes);
  if (typeof endian !== 'string') throw typeError('endian', 'a string', endian);
  if (endian !== 'big' && endian !== 'little') {
    throw valueError('endian', "'big' or 'little'", endian);
  }
  if (typeof adjust !== 'number') throw typeError('adjust', 'a number', adjust);
  if (!Number.isSafeInteger(adjust)) throw valueError('adjust', 'an integer', adjust);
  return new LengthPrefix(bytes, endian, adjust);
}

/** A delimiter as the framer wants it: checked, and with bytes that nobody else can change. */
export type Delimiter =
  | { kind: 'none' }
  | { kind: 'sequence'; bytes: Buffer }
  | { kind: 'pattern'; pattern: Pattern }
  | { kind: 'fixed'; length: number }
  | { kind: 'nothing' }
  | { kind: 'prefix'; prefix: LengthPrefix };

export function parseDelimiter(value: ReadDelimiter): Delimiter {
  if (value === null) return { kind: 'none' };
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw valueError('readDelimiter', 'an integer from 0 on', value);
    }
    if (value === 0) return { kind: 'nothing' };
    return { kind: 'fixed', length: value };
  }
  const isText = typeof value === 'string';
  const bytes = isText ? Buffer.from(value) : bytesFrom('readDelimiter', value);
  if (bytes !== null) {
    if (bytes.length === 0) throw valueError('readDelimiter', 'at least one byte long', value);
    return { kind: 'sequence', bytes };
  }
  if (!isProxy(value) && value instanceof LengthPrefix) return { kind: 'prefix', prefix: value };
  if (!isProxy(value) && value instanceof RegExp) {
    const refused = refusal(value);
    if (refused !== null) throw valueError('readDelimiter', `a RegExp ${refused}`, value);
    return { kind: 'pattern', pattern: new Pattern(value) };
  }
  const expected = 'null, a string, bytes, an integer, lengthPrefix() or a RegExp';
  throw typeError('readDelimiter', expected, value);
}

/** Whether both say the same, be it text or bytes. */
export function cutAlike(one: ReadDelimiter, other: ReadDelimiter): boolean {
  const [first, second] = [parseDelimiter(one), parseDelimiter(other)];
  const byPattern = first.kind === 'pattern' && second.kind === 'pattern';
  return byPattern ? isDeepStrictEqual(one, other) : isDeepStrictEqual(first, second);
}

export function checkEncoding(value: ReadEncoding): ReadEncoding {
  if (value === null) return null;
  if (typeof value !== 'string') throw typeError('readEncoding', 'null or a string', value);
  if (!Buffer.isEncoding(value)) throw valueError('readEncoding', 'a Buffer encoding', value);
  return value;
}
