import { isDeepStrictEqual } from 'node:util';
import { isProxy } from 'node:util/types';

import { typeError, valueError } from './errors.ts';
import { LengthPrefix } from './length-prefix.ts';
import { Pattern, refusal } from './regexp.ts';
import type { ReadDelimiter, ReadEncoding } from './types.ts';
import { bytesFrom } from './values.ts';

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
