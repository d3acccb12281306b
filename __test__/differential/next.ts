import type { Delimiter, Encoding } from './delimiter.ts';
import { patternOf } from './patterns.ts';

/**
 * The next frame of a text, by definition: all that has come is looked at, again each time, and nothing is remembered.
 * It shares nothing with the package or with the reference, so that there are three who must agree.
 *
 * Bytes are characters here, from \0 to \xff.
 */
export type Next =
  | { frame: string; rest: string }
  | 'too long'
  /** More must come. */
  | null;

/** How a text is cut. */
export interface How {
  readonly delimiter: Delimiter;
  readonly encoding: Encoding;
  readonly limit: number;
}

/** `ended`: nothing follows. A delimiter of 0 is no matter of the text. */
export function next(text: string, { delimiter, encoding, limit }: How, ended: boolean): Next {
  if (delimiter === null) return wholeCharacters(text, encoding);
  if (typeof delimiter === 'number') return apart(text, 0, delimiter);
  if ('text' in delimiter) return bySequence(text, bytesOf(delimiter.text), limit);
  if ('hex' in delimiter) return bySequence(text, bytesOf(delimiter.hex, 'hex'), limit);
  if ('prefix' in delimiter) return byPrefix(text, delimiter.prefix, limit);
  return byPattern(text, delimiter, limit, ended);
}

/** Whether both cut alike. */
export function alike(one: Delimiter, other: Delimiter): boolean {
  return JSON.stringify(plain(one)) === JSON.stringify(plain(other));
}

export function bytesOf(text: string, encoding: BufferEncoding = 'utf8'): string {
  return Buffer.from(text, encoding).toString('latin1');
}

/** Takes `length` bytes, behind those that are dropped. */
function apart(text: string, dropped: number, length: number, after = 0): Next {
  const end = dropped + length;
  if (text.length < end + after) return null;
  return { frame: text.slice(dropped, end), rest: text.slice(end + after) };
}

/** Everything but the beginning of a character, which is the least that may be one. */
function wholeCharacters(text: string, encoding: Encoding): Next {
  const [, whole = text] = UNFINISHED[encoding ?? 'latin1']?.exec(text) ?? [];
  return whole === '' ? null : apart(text, 0, whole.length);
}

const UNFINISHED: Record<string, RegExp> = {
  utf8: /^(.*?)(?:[\xc0-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf7][\x80-\xbf]{0,2})$/s,
  utf16le: /^((?:..)*?)(?:.[\xd8-\xdb])?.?$/s,
};

function bySequence(text: string, sequence: string, limit: number): Next {
  const at = text.indexOf(sequence);
  if (at > limit) return 'too long';
  if (at >= 0) return apart(text, 0, at, sequence.length);
  // Of all that could follow, what completes the sequence soonest.
  const ends = Array.from(sequence, (_, had) => (text + sequence.slice(had)).indexOf(sequence));
  return ends.some((end) => end >= 0 && end <= limit) ? null : 'too long';
}

function byPrefix(
  text: string,
  { bytes: size, endian, adjust }: { bytes: number | 'varint'; endian: string; adjust: number },
  limit: number,
): Next {
  if (size === 'varint') return byVarint(text, adjust, limit);
  const bytes = size;
  if (text.length < bytes) return null;
  const digits = Array.from(text.slice(0, bytes), (digit) => digit.charCodeAt(0));
  if (endian === 'little') digits.reverse();
  const length = digits.reduce((value, digit) => 256 * value + digit, 0) + adjust;
  return length < 0 || length > limit ? 'too long' : apart(text, bytes, length);
}

function byVarint(text: string, adjust: number, limit: number): Next {
  const [header] = /^[\x80-\xff]{0,9}[\0-\x7f]/.exec(text) ?? [];
  if (header === undefined) return text.length < 10 ? null : 'too long';
  const digits = Array.from(header, (digit) => digit.charCodeAt(0) & 0x7f);
  const length = digits.reduceRight((value, digit) => 128 * value + digit, 0) + adjust;
  return length < 0 || length > limit ? 'too long' : apart(text, header.length, length);
}

function byPattern(
  text: string,
  { source, flags }: { source: string; flags: string },
  limit: number,
  ended: boolean,
): Next {
  const { decided, begun } = patternOf(source, flags);
  let match = decided.exec(text);
  if ((match?.index ?? text.search(begun)) > limit) return 'too long';
  if (ended) match ??= new RegExp(source, flags).exec(text);
  return match && apart(text, 0, match.index, match[0].length);
}

/** A text as the bytes that it is. */
function plain(delimiter: Delimiter): Delimiter {
  if (delimiter === null || typeof delimiter === 'number' || !('text' in delimiter)) {
    return delimiter;
  }
  return { hex: Buffer.from(delimiter.text).toString('hex') };
}
