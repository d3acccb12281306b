/** `readDelimiter`: its values, their check, and their native form. */

import { invalidType, invalidValue } from './errors.ts';
import { FramingKind } from './generated/wire.ts';

/** The longest frame: lengths cross to the native part as 32 bits. */
export const MAX_FRAME = 0x7fff_ffff;

/** Options of `lengthPrefix`. */
export interface LengthPrefixOptions {
  /** The header's size. */
  bytes: 1 | 2 | 4 | 8;
  /** The order of the header's bytes. Default: `'big'`. */
  endian?: 'big' | 'little' | undefined;
  /** Added to the header's value to get the body's length. Default: 0. */
  adjust?: number | undefined;
}

/** A delimiter made by `lengthPrefix`. */
export class LengthPrefix {
  readonly bytes: 1 | 2 | 4 | 8;
  readonly endian: 'big' | 'little';
  readonly adjust: number;

  /** @internal */
  constructor(bytes: 1 | 2 | 4 | 8, endian: 'big' | 'little', adjust: number) {
    this.bytes = bytes;
    this.endian = endian;
    this.adjust = adjust;
    Object.freeze(this);
  }
}

/**
 * Frames behind a length header: `onRead` gets the body, the header is dropped.
 *
 * The limit (`bufferSize`) is judged from the header, before the body is buffered. A header that
 * announces more, or with `adjust` less than 0, is an overflow.
 *
 * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 */
export function lengthPrefix(options: LengthPrefixOptions): LengthPrefix {
  if (typeof options !== 'object' || options === null) {
    throw invalidType('options', 'an object', options);
  }
  const { bytes, endian = 'big', adjust = 0 } = options;
  if (typeof bytes !== 'number') throw invalidType('bytes', 'a number', bytes);
  if (![1, 2, 4, 8].includes(bytes)) throw invalidValue('bytes', '1, 2, 4 or 8', bytes);
  if (endian !== 'big' && endian !== 'little') {
    throw invalidValue('endian', "'big' or 'little'", endian);
  }
  if (typeof adjust !== 'number') throw invalidType('adjust', 'a number', adjust);
  if (!Number.isSafeInteger(adjust)) throw invalidValue('adjust', 'a safe integer', adjust);
  return new LengthPrefix(bytes, endian, adjust);
}

/**
 * How a stream's bytes become frames:
 *
 * - `null`: data as it arrives
 * - a string (as UTF-8) or bytes: everything up to that sequence, which is dropped
 * - a positive integer: exactly that many bytes
 * - `lengthPrefix(…)`: the body behind a length header
 */
export type ReadDelimiter = null | string | number | Uint8Array | LengthPrefix;

/** @internal A delimiter as the native part takes it. */
export interface Framing {
  readonly kind: number;
  readonly parameter: number;
  readonly adjust: number;
  readonly sequence: Uint8Array;
}

const NONE = new Uint8Array(0);
const RAW: Framing = { kind: FramingKind.RAW, parameter: 0, adjust: 0, sequence: NONE };

/** Strings seen lately: a protocol has few, and its connections share them. */
const known = new Map<string, Framing>();
const MOST_KNOWN = 64;

/** @internal Checks a delimiter and gives its native form. */
export function framingOf(value: unknown): Framing {
  switch (typeof value) {
    case 'string':
      return known.get(value) ?? remember(value);
    case 'number':
      if (!Number.isInteger(value) || value <= 0 || value > MAX_FRAME) {
        throw invalidValue('readDelimiter', `an integer from 1 to ${MAX_FRAME}`, value);
      }
      return { kind: FramingKind.FIXED, parameter: value, adjust: 0, sequence: NONE };
    case 'object':
      if (value === null) return RAW;
      if (value instanceof Uint8Array) return sequenceOf(Uint8Array.from(value), value);
      if (value instanceof LengthPrefix) {
        const parameter = value.bytes | (value.endian === 'little' ? 0x100 : 0);
        const { adjust } = value;
        return { kind: FramingKind.LENGTH_PREFIX, parameter, adjust, sequence: NONE };
      }
  }
  const expected = 'null, a string, a Uint8Array, a positive integer or a lengthPrefix()';
  throw invalidType('readDelimiter', expected, value);
}

function remember(value: string): Framing {
  const framing = sequenceOf(new TextEncoder().encode(value), value);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(value, framing);
  return framing;
}

function sequenceOf(sequence: Uint8Array, value: unknown): Framing {
  if (sequence.length === 0) {
    throw invalidValue('readDelimiter', 'a sequence of at least one byte', value);
  }
  return { kind: FramingKind.DELIMITER, parameter: 0, adjust: 0, sequence };
}
