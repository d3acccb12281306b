import type { Prefix } from '../helpers/implementation.ts';
import type { Random } from '../helpers/random.ts';

/** A delimiter as a script can be printed with it. */
export type Delimiter =
  | null
  | number
  | { text: string }
  | { hex: string }
  | { prefix: Prefix }
  | { source: string; flags: string };

export type Encoding = 'utf8' | 'latin1' | 'hex' | 'utf16le' | null;

export const ENCODINGS = ['utf8', 'utf8', 'latin1', 'hex', 'utf16le'] as const;

/** The limit where none is meant. */
export const NO_LIMIT = 1_000_000;

/** As `readDelimiter` takes it. */
export function toDelimiter<P>(
  delimiter: Delimiter,
  prefix: (options: Prefix) => P,
): null | number | string | Uint8Array | RegExp | P {
  if (delimiter === null || typeof delimiter === 'number') return delimiter;
  if ('text' in delimiter) return delimiter.text;
  if ('source' in delimiter) return new RegExp(delimiter.source, delimiter.flags);
  if ('hex' in delimiter) return Buffer.from(delimiter.hex, 'hex');
  return prefix(delimiter.prefix);
}

export function randomDelimiter(random: Random): Delimiter {
  switch (random.below(12)) {
    case 0:
      return null;
    case 1:
    case 2:
      return 1 + random.below(5);
    case 3:
    case 4:
      return { prefix: randomPrefix(random) };
    case 5:
      return { hex: Buffer.from(random.pick(SEQUENCES)).toString('hex') };
    case 6:
    case 7:
      return random.pick(PATTERNS);
    default:
      return { text: random.pick(SEQUENCES) };
  }
}

/** What delimiters may find something in: up to so many pieces. */
export function randomBytes(random: Random, most: number): Buffer {
  const text = random.list(random.below(most), () => random.pick(PIECES)).join('');
  const bytes = Buffer.from(text);
  // Now and then bytes that are no text in any encoding.
  if (!random.once(6)) return bytes;
  return Buffer.concat([bytes, Buffer.from([0xe2, 0x82]), bytes.subarray(1)]);
}

/** Bytes as a person reads them. */
export function legible(hex: string): string {
  return JSON.stringify(Buffer.from(hex, 'hex').toString('latin1'));
}

function randomPrefix(random: Random): Prefix {
  const bytes = random.pick([1, 1, 1, 2, 2, 4, 8] as const);
  const endian = random.pick(['big', 'big', 'little'] as const);
  return { bytes, endian, adjust: random.once(4) ? random.below(5) - 2 : 0 };
}

const SEQUENCES = ['\n', '\n', '\r\n', 'a', 'ab', 'aa', 'aab', 'abab', '\r\r\n', '€', '\0'];

/** Such as the reference can judge: see its Pattern. */
const PATTERNS: { source: string; flags: string }[] = [
  { source: '\\r?\\n', flags: '' },
  { source: '\\r\\n?|\\n', flags: '' },
  { source: '\\n+', flags: '' },
  { source: 'a+b?', flags: '' },
  { source: 'ab|a', flags: 'g' },
  { source: 'A(?:b|X)*?y?', flags: 'i' },
  { source: '[ab]{2,3}', flags: '' },
  { source: 'b$|aa', flags: '' },
  { source: 'a\\b|x', flags: '' },
  { source: '^[abx]|\\n[bx]', flags: 'm' },
];

/** Of these the data is made: delimiters and pieces of them, characters, lengths and bodies. */
const PIECES = [
  ...['a', 'b', 'ab', 'aab', 'x', 'yz', '\n', '\n', '\r\n', '\r', 'é', '€', '😀', ' '],
  ...['\0', '\x01x', '\x02yz', '\0\0', '\0\x01x', '\x01\0x', '\0\0\0\x02yz', '\x02\0\0\0yz'],
  ...['\0\0\0\0\0\0\0\x01x', '\x03abc', '\0\x03abc'],
];
