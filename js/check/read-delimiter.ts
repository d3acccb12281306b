/** `readDelimiter`: its values, their check, and their native form. */

import { isRegExp } from 'node:util/types';

import {
  compileRegExp,
  type NativeRegExpHandle,
  type NativeSearchHandle,
  openSearch,
} from '../binding.ts';
import { FramingKind } from '../generated/wire.ts';
import { invalidType, invalidValue } from './errors.ts';
import { Prefix } from './length-prefix.ts';
import { bytesOf } from './values.ts';

/** The longest frame: lengths cross to the native part as 32 bits. */
export const MAX_FRAME = 0x7fff_ffff;

/** @internal A delimiter as the native part takes it. */
export interface Framing {
  readonly kind: number;
  readonly parameter: number;
  readonly adjust: number;
  readonly sequence: Uint8Array;
  readonly regexp: NativeRegExpHandle | null;
}

const NONE = new Uint8Array(0);
const RAW: Framing = framing(FramingKind.RAW, 0);

/**
 * @internal Nothing is cut: that of 0. The reactor never hears of it: it passes bytes on uncut, and
 * whoever holds them makes the empty frames.
 */
export const NOTHING: Framing = framing(FramingKind.RAW, 0);

/** Strings and patterns seen lately: a protocol has few, and its connections share them. */
const known = new Map<string, Framing>();
const knownRegExps = new Map<string, Framing>();
const MOST_KNOWN = 64;

/** @internal Checks a delimiter and gives its native form. */
export function framingOf(value: unknown): Framing {
  switch (typeof value) {
    case 'string':
      return known.get(value) ?? remember(value);
    case 'number':
      if (value === 0) return NOTHING;
      if (!Number.isInteger(value) || value < 0 || value > MAX_FRAME) {
        throw invalidValue('readDelimiter', `an integer from 0 to ${MAX_FRAME}`, value);
      }
      return framing(FramingKind.FIXED, value);
    case 'object':
      if (value === null) return RAW;
      return framingOfObject(value);
    default:
      throw noDelimiter(value);
  }
}

function framingOfObject(value: object): Framing {
  if (Prefix.isPrefix(value)) {
    const { bytes, endian, adjust } = value;
    const parameter = (bytes === 'varint' ? 0 : bytes) | (endian === 'little' ? 0x100 : 0);
    return framing(FramingKind.LENGTH_PREFIX, parameter, adjust);
  }
  if (isRegExp(value)) return regexpOf(value);
  const bytes = bytesOf('readDelimiter', value);
  if (bytes === null) throw noDelimiter(value);
  return sequenceOf(Uint8Array.from(bytes), value);
}

function noDelimiter(value: unknown): TypeError {
  const expected = 'null, a string, bytes, an integer, a lengthPrefix() or a RegExp';
  return invalidType('readDelimiter', expected, value);
}

/** @internal An integer that is larger than `bufferSize` raises it for as long as it holds. */
export function limitOf({ kind, parameter }: Framing, bufferSize: number): number {
  return kind === FramingKind.FIXED ? Math.max(bufferSize, parameter) : bufferSize;
}

/** @internal Whether both say the same. */
export function cutsAlike(one: Framing, other: Framing): boolean {
  return (
    one.kind === other.kind &&
    (one === NOTHING) === (other === NOTHING) &&
    one.parameter === other.parameter &&
    one.adjust === other.adjust &&
    (one.sequence === other.sequence || Buffer.compare(one.sequence, other.sequence) === 0)
  );
}

/** @internal What remembers how far a channel's bytes were searched, where that is not a number. */
export function searchOf({ regexp }: Framing): NativeSearchHandle | null {
  return regexp === null ? null : openSearch(regexp);
}

function remember(value: string): Framing {
  return keep(known, value, sequenceOf(new TextEncoder().encode(value), value));
}

function regexpOf(value: RegExp): Framing {
  const { flags, source } = value;
  if (typeof flags !== 'string' || typeof source !== 'string') throw noDelimiter(value);
  const text = `${flags}/${source}`;
  return knownRegExps.get(text) ?? keep(knownRegExps, text, compile(text, value));
}

function compile(text: string, value: RegExp): Framing {
  // Encoding would make it another character.
  if (/\p{Surrogate}/u.test(text)) {
    throw invalidValue('readDelimiter', 'a RegExp without half a surrogate pair', value);
  }
  const sequence = new TextEncoder().encode(text);
  try {
    return framing(FramingKind.REGEXP, 0, 0, sequence, compileRegExp(sequence));
  } catch (error) {
    throw invalidValue('readDelimiter', `a RegExp ${(error as Error).message}`, value);
  }
}

function keep(among: Map<string, Framing>, value: string, framing: Framing): Framing {
  if (among.size >= MOST_KNOWN) among.clear();
  among.set(value, framing);
  return framing;
}

function sequenceOf(sequence: Uint8Array, value: unknown): Framing {
  if (sequence.length === 0) {
    throw invalidValue('readDelimiter', 'a sequence of at least one byte', value);
  }
  return framing(FramingKind.SEQUENCE, 0, 0, sequence);
}

/** All of one shape. */
function framing(
  kind: number,
  parameter: number,
  adjust = 0,
  sequence: Uint8Array = NONE,
  regexp: NativeRegExpHandle | null = null,
): Framing {
  return { kind, parameter, adjust, sequence, regexp };
}
