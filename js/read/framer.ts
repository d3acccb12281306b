/**
 * Where frames end, found on this side: the same cuts as the reactor's, byte for byte.
 *
 * ```text
 *   bytes   … h e l l o \r \n w o r l
 *             └ from    └ end             the frame is what lies between, behind its header
 *                             └ next      = end and the delimiter
 * ```
 *
 * A native cut of one frame costs as much as ten of these, so this is for channels whose delimiter
 * changes from frame to frame. A `RegExp` is searched natively always.
 */

import type { Framing } from '../check/read-delimiter.ts';
import { FramingKind, Stop } from '../generated/wire.ts';

/** So many bytes are looked at in as long as a call of `indexOf` takes. */
const NEAR = 16;
/** Header values from here on are not exact as numbers. */
const HIGH = 0x20_0000;
/** The size that stands for a header that is a varint, how long that may be, and as a number. */
const VARINT = 0;
const VARINT_BYTES = 10;
const EXACT_VARINT = 7;

/** @internal Where the frame's first byte is, behind its header. */
export function frameStart(framing: Framing, bytes: Buffer, from: number): number {
  return framing.kind === FramingKind.LENGTH_PREFIX ? bodyStart(framing, bytes, from) : from;
}

/** Behind the header; past the last byte where that is not there. */
function bodyStart({ parameter }: Framing, bytes: Buffer, from: number): number {
  const size = parameter & 0xff;
  if (size !== VARINT) return from + size;
  let at = from;
  const most = from + VARINT_BYTES - 1;
  while (at < most && (bytes[at] as number) >= 0x80) at += 1;
  return at + 1;
}

/**
 * @internal Where the frame ends that begins at `from`, header included; or, where it does not, the
 * reason, one of wire's `Stop`, as `~Stop`. Its first `scan` bytes hold no beginning of a delimiter.
 */
export function frameEnd(
  framing: Framing,
  limit: number,
  bytes: Buffer,
  from: number,
  scan: number,
): number {
  switch (framing.kind) {
    case FramingKind.FIXED: {
      const end = from + framing.parameter;
      return end > bytes.length ? ~Stop.INCOMPLETE : end;
    }
    case FramingKind.SEQUENCE:
      return delimitedEnd(framing.sequence, limit, bytes, from, scan);
    default:
      return prefixedEnd(framing, limit, bytes, from);
  }
}

/** @internal How many bytes of an incomplete frame, as it begins at `from`, need no second look. */
export function scanned(
  { kind, sequence }: Framing,
  limit: number,
  bytes: Buffer,
  from: number,
): number {
  if (kind !== FramingKind.SEQUENCE) return 0;
  const { length } = sequence;
  return Math.max(0, Math.min(bytes.length - from, limit + length) - (length - 1));
}

/** @internal How long the body is, as the header at `from` says; at most what 64 bits can say. */
export function announced(framing: Framing, bytes: Buffer, from: number): number {
  const { parameter, adjust } = framing;
  const size = parameter & 0xff;
  const isLittle = parameter >> 8 !== 0;
  if (size === VARINT) {
    const header = bytes.subarray(from, bodyStart(framing, bytes, from));
    const septets = (sum: number, byte: number) => sum * 0x80 + (byte & 0x7f);
    const near = adjust + header.reduceRight(septets, 0);
    if (header.length <= EXACT_VARINT && Number.isSafeInteger(near)) return near;
    return atMost(varintOf(header) + BigInt(adjust));
  }
  if (size < 8) {
    return adjust + (isLittle ? bytes.readUIntLE(from, size) : bytes.readUIntBE(from, size));
  }
  const high = isLittle ? bytes.readUInt32LE(from + 4) : bytes.readUInt32BE(from);
  const low = isLittle ? bytes.readUInt32LE(from) : bytes.readUInt32BE(from + 4);
  const near = adjust + (high * 0x1_0000_0000 + low);
  if (high < HIGH && Number.isSafeInteger(near)) return near;
  return atMost((BigInt(high) << 32n) + BigInt(low) + BigInt(adjust));
}

const MOST = 0xffff_ffff_ffff_ffffn;

function atMost(length: bigint): number {
  return Number(length > MOST ? MOST : length);
}

/** One that has not ended is longer than any frame. */
function varintOf(header: Buffer): bigint {
  if ((header.at(-1) as number) >= 0x80) return MOST;
  return header.reduceRight((sum, byte) => (sum << 7n) | BigInt(byte & 0x7f), 0n);
}

function prefixedEnd(framing: Framing, limit: number, bytes: Buffer, from: number): number {
  const body = bodyStart(framing, bytes, from);
  if (body > bytes.length) return ~Stop.INCOMPLETE;
  // The limit is judged from the header, before a byte of the body is waited for.
  const length = announced(framing, bytes, from);
  if (length < 0) return ~Stop.NEGATIVE;
  if (length > limit) return ~Stop.TOO_LONG;
  return body + length > bytes.length ? ~Stop.INCOMPLETE : body + length;
}

function delimitedEnd(
  sequence: Uint8Array,
  limit: number,
  bytes: Buffer,
  from: number,
  scan: number,
): number {
  const { length } = sequence;
  // A match that starts past the limit ends a frame that is too long: none is looked for there.
  const last = Math.min(bytes.length - length, from + limit);
  const end = find(sequence, bytes, from + scan, last);
  if (end >= 0) return end;
  const size = bytes.length - from;
  if (size > limit && !mayStillMatch(sequence, limit, bytes, from)) return ~Stop.NO_DELIMITER;
  return ~Stop.INCOMPLETE;
}

/** The first match that starts at `at` or behind it, and not behind `last`; -1: none. */
function find(sequence: Uint8Array, bytes: Buffer, at: number, last: number): number {
  const first = sequence[0] as number;
  while (at <= last) {
    const near = Math.min(last, at + NEAR);
    for (; at <= near; at += 1) {
      if (bytes[at] === first && matches(sequence, bytes, at)) return at;
    }
    if (at > last) break;
    at = bytes.indexOf(first, at);
    if (at < 0) break;
  }
  return -1;
}

function matches(sequence: Uint8Array, bytes: Buffer, at: number): boolean {
  for (let i = 1; i < sequence.length; i += 1) {
    if (bytes[at + i] !== sequence[i]) return false;
  }
  return true;
}

/** Whether more bytes could complete a match that starts at the limit or before it. */
function mayStillMatch(sequence: Uint8Array, limit: number, bytes: Buffer, from: number): boolean {
  const size = bytes.length - from;
  for (let start = Math.max(0, size - (sequence.length - 1)); start <= limit; start += 1) {
    if (beginsWith(sequence, bytes, from + start)) return true;
  }
  return false;
}

/** Whether all bytes from `at` on are the beginning of the sequence. */
function beginsWith(sequence: Uint8Array, bytes: Buffer, at: number): boolean {
  for (let i = 0; at + i < bytes.length; i += 1) {
    if (bytes[at + i] !== sequence[i]) return false;
  }
  return true;
}
