import { StringDecoder } from 'node:string_decoder';

import { type CodedError, codedError } from './errors.ts';
import type { LengthPrefix } from './length-prefix.ts';
import type { Delimiter } from './read-delimiter.ts';
import type { Pattern } from './regexp.ts';
import type { ReadEncoding } from './types.ts';

export type Cut =
  | { kind: 'frame'; data: Buffer }
  | { kind: 'overflow'; error: CodedError }
  /** Not decided yet: more bytes are needed. */
  | { kind: 'none' };

/** A frame at the front: its length, and how many bytes before and after it are dropped. */
type Found =
  | { kind: 'found'; length: number; before: number; after: number }
  | Exclude<Cut, { kind: 'frame' }>;

/** Bytes that have arrived and are not delivered yet. Each cut is made with the settings of now. */
export class Framer {
  #bytes: Buffer = Buffer.alloc(0);
  #ended = false;
  /** Empty frames that are due, under a delimiter of 0. */
  #empties = 0;
  #over = false;

  /** Another delimiter was set, or the same again. */
  set(delimiter: Delimiter): void {
    this.#empties = delimiter.kind === 'nothing' && !this.#over ? this.#empties + 1 : 0;
  }

  get length(): number {
    return this.#bytes.length;
  }

  push(chunk: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
  }

  /** No byte will follow. */
  end(): void {
    this.#ended = true;
  }

  /** Takes the next frame off the front. */
  cut(delimiter: Delimiter, limit: number, encoding: ReadEncoding): Cut {
    const found = this.#find(delimiter, limit, encoding);
    if (found.kind !== 'found') return found;
    if (delimiter.kind === 'nothing') this.#empties -= 1;
    const end = found.before + found.length;
    const data = Buffer.from(this.#bytes.subarray(found.before, end));
    this.#bytes = this.#bytes.subarray(end + found.after);
    return { kind: 'frame', data };
  }

  /** Whether the next cut would be an overflow. */
  overflows(delimiter: Delimiter, limit: number, encoding: ReadEncoding): boolean {
    return this.#find(delimiter, limit, encoding).kind === 'overflow';
  }

  #find(delimiter: Delimiter, limit: number, encoding: ReadEncoding): Found {
    if (delimiter.kind === 'nothing') return this.#empties > 0 ? found(0) : NONE;
    if (delimiter.kind !== 'pattern') return find(this.#bytes, delimiter, limit, encoding);
    return findPattern(this.#bytes, delimiter.pattern, limit, this.#ended);
  }

  /** Takes whatever is left. */
  takeRest(): Buffer {
    this.#over = true;
    this.#empties = 0;
    const rest = this.#bytes;
    this.#bytes = Buffer.alloc(0);
    return rest;
  }
}

function find(
  bytes: Buffer,
  delimiter: Exclude<Delimiter, { kind: 'pattern' | 'nothing' }>,
  limit: number,
  encoding: ReadEncoding,
): Found {
  switch (delimiter.kind) {
    case 'none':
      return findAll(bytes, encoding);
    case 'fixed':
      return bytes.length < delimiter.length ? NONE : found(delimiter.length);
    case 'sequence':
      return findSequence(bytes, delimiter.bytes, limit);
    case 'prefix':
      return findPrefixed(bytes, delimiter.prefix, limit);
  }
}

/** Everything, except the first bytes of a character whose last bytes are still to come. */
function findAll(bytes: Buffer, encoding: ReadEncoding): Found {
  const length = bytes.length - heldBack(bytes, encoding);
  return length === 0 ? NONE : found(length);
}

function findSequence(bytes: Buffer, sequence: Buffer, limit: number): Found {
  const length = bytes.indexOf(sequence);
  if (length > limit) return overflow(`more than ${limit} bytes before the delimiter`);
  if (length >= 0) return found(length, 0, sequence.length);
  if (!canStillEndWithin(bytes, sequence, limit)) {
    return overflow(`more than ${limit} bytes without the delimiter`);
  }
  return NONE;
}

function findPattern(bytes: Buffer, pattern: Pattern, limit: number, last: boolean): Found {
  const match = pattern.search(bytes.toString('latin1'), limit, last);
  if (match === 'undecided') return NONE;
  if (match === 'overflow') return overflow(`more than ${limit} bytes before the delimiter`);
  return found(match.start, 0, match.end - match.start);
}

function findPrefixed(bytes: Buffer, prefix: LengthPrefix, limit: number): Found {
  const size = prefix.bytes === 'varint' ? varintSize(bytes) : prefix.bytes;
  if (size === 0 || bytes.length < size) return NONE;
  const header = bytes.subarray(0, size);
  const value = prefix.bytes === 'varint' ? varintOf(header) : numberOf(header, prefix.endian);
  const length = value + BigInt(prefix.adjust);
  if (length < 0n) return overflow(`a length header of ${value}, adjusted to ${length}`);
  if (length > BigInt(limit)) return overflow(`a body of ${length} bytes, the limit is ${limit}`);
  if (bytes.length < size + Number(length)) return NONE;
  return found(Number(length), size);
}

function numberOf(header: Buffer, endian: 'big' | 'little'): bigint {
  const digits = header.toString('hex');
  return BigInt(`0x${endian === 'big' ? digits : swapped(digits)}`);
}

/** How many bytes it has; 0 where its last one has not come. */
function varintSize(bytes: Buffer): number {
  const last = bytes.subarray(0, 10).findIndex((byte) => byte < 0x80);
  return last < 0 && bytes.length >= 10 ? 10 : last + 1;
}

function varintOf(header: Buffer): bigint {
  if (header.every((byte) => byte >= 0x80)) return 2n ** 64n - 1n;
  return header.reduceRight((value, byte) => value * 128n + BigInt(byte % 128), 0n);
}

/** Whether bytes that are still to come could complete `sequence` at an offset up to `limit`. */
function canStillEndWithin(bytes: Buffer, sequence: Buffer, limit: number): boolean {
  if (bytes.length <= limit) return true;
  for (let at = Math.max(0, bytes.length - sequence.length + 1); at <= limit; at++) {
    const begun = bytes.subarray(at);
    if (begun.equals(sequence.subarray(0, begun.length))) return true;
  }
  return false;
}

/** How many bytes at the end are the beginning of a character: what node:string_decoder keeps. */
function heldBack(bytes: Buffer, encoding: ReadEncoding): number {
  if (encoding === null) return 0;
  const decoder = new StringDecoder(encoding) as StringDecoder & Kept;
  // By itself, as it may be half of the other half of a pair, which is to be kept with the first.
  const odd = bytes.length - (bytes.length % 2);
  decoder.write(bytes.subarray(0, odd));
  decoder.write(bytes.subarray(odd));
  return decoder.lastTotal - decoder.lastNeed;
}

/** Of a character that is not complete: its bytes, and how many of them are missing. */
interface Kept {
  readonly lastTotal: number;
  readonly lastNeed: number;
}

function swapped(hex: string): string {
  return (hex.match(/../g) ?? []).reverse().join('');
}

const NONE: Found = { kind: 'none' };

function found(length: number, before = 0, after = 0): Found {
  return { kind: 'found', length, before, after };
}

function overflow(what: string): Found {
  return { kind: 'overflow', error: codedError('ERR_FRAME_OVERFLOW', `frame too long: ${what}`) };
}
