import type { Prefix } from '../helpers/implementation.ts';
import { Random } from '../helpers/random.ts';
import { CONTENT } from './file.ts';

/** A delimiter as a script can be printed with it. */
export type Delimiter =
  | null
  | number
  | { text: string }
  | { hex: string }
  | { prefix: Prefix }
  | { source: string; flags: string };

export type Encoding = 'utf8' | 'latin1' | 'hex' | 'utf16le' | null;

export type Action =
  | { do: 'delimiter'; to: Delimiter }
  | { do: 'encoding'; to: Encoding }
  | { do: 'limit'; to: number }
  /** Resumes later, from the event loop; `meanwhile` comes just before that. */
  | { do: 'pause'; until: 'immediate' | 'timer'; meanwhile: Action[] }
  | { do: 'pause and resume' }
  | { do: 'write'; text: string; flush: boolean }
  /** Of the file that all scripts have; 0 bytes: all from `offset` on. */
  | { do: 'writeFile'; nbytes: number; offset: number; flush: boolean }
  | { do: 'shutdown' }
  | { do: 'end' }
  | { do: 'close' }
  /** Gives onRead to another function. */
  | { do: 'replace onRead' }
  | { do: 'throw' };

export interface Chunk {
  hex: string;
  /** Whether a turn of the event loop passes before the next one. */
  pause: boolean;
}

/** What the peer sends; and then, when all of it has been delivered, what is done from outside. */
export interface Phase {
  chunks: Chunk[];
  outside: Action[];
}

/**
 * What happens on one connection. Nothing in it depends on timing: what is done is a matter of how
 * many frames were delivered, except where there are no frames (the delimiter is null). There
 * nothing is done, until all that was sent has been delivered.
 */
export interface Script {
  side: 'client' | 'connection';
  /** How a client is told the first settings; a connection is told when it has connected. */
  given: 'by options' | 'by fields' | 'by assignment';
  delimiter: Delimiter;
  encoding: Encoding;
  limit: number;
  allowHalfOpen: boolean;
  phases: Phase[];
  /** By the number of the frame, counted from 0. */
  onRead: Record<number, Action[]>;
  onOverflow: Action[];
  onEnd: Action[];
  /** How the peer finishes. A script that has writes or a half-close cannot be reset. */
  finish: 'fin' | 'fin later' | 'reset';
}

export const NO_LIMIT = 1_000_000;

export function generate(seed: number): Script {
  const random = new Random(seed);
  const writes = random.once(2);
  const context: Context = { random, writes };
  const phases = random.list(1 + random.below(3), () => phase(context));
  return {
    side: random.pick(['client', 'connection']),
    given: random.pick(['by options', 'by fields', 'by assignment']),
    delimiter: delimiter(random),
    encoding: random.once(3) ? random.pick(ENCODINGS) : null,
    limit: random.once(4) ? 1 + random.below(12) : NO_LIMIT,
    allowHalfOpen: random.once(3),
    phases,
    onRead: Object.fromEntries(
      random
        .list(random.below(8), () => random.below(random.pick([4, 12, 40])))
        .map((frame) => [frame, actions(context, 2)]),
    ),
    onOverflow: random.pick(afterOverflow(random, writes)),
    onEnd: random.once(2) ? actions(context, 2) : [],
    finish: random.pick(writes ? ['fin', 'fin later'] : ['fin', 'fin later', 'reset']),
  };
}

interface Context {
  random: Random;
  writes: boolean;
}

const ENCODINGS = ['utf8', 'utf8', 'latin1', 'hex', 'utf16le'] as const;

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

function delimiter(random: Random): Delimiter {
  switch (random.below(12)) {
    case 0:
      return null;
    case 1:
    case 2:
      return 1 + random.below(5);
    case 3:
    case 4:
      return { prefix: prefix(random) };
    case 5:
      return { hex: Buffer.from(random.pick(SEQUENCES)).toString('hex') };
    case 6:
    case 7:
      return random.pick(PATTERNS);
    default:
      return { text: random.pick(SEQUENCES) };
  }
}

function prefix(random: Random): Prefix {
  const bytes = random.pick([1, 1, 1, 2, 2, 4, 8] as const);
  const endian = random.pick(['big', 'big', 'little'] as const);
  return { bytes, endian, adjust: random.once(4) ? random.below(5) - 2 : 0 };
}

function phase(context: Context): Phase {
  const { random } = context;
  const text = random.list(random.below(random.pick([6, 30])), () => random.pick(PIECES)).join('');
  let bytes = Buffer.from(text);
  // Now and then bytes that are no text in any encoding.
  if (random.once(6)) bytes = Buffer.concat([bytes, Buffer.from([0xe2, 0x82]), bytes.subarray(1)]);
  const chunks: Chunk[] = [];
  const most = random.pick([1, 6, 20, 1_000]);
  while (bytes.length > 0) {
    const length = 1 + random.below(most);
    chunks.push({ hex: bytes.subarray(0, length).toString('hex'), pause: random.once(3) });
    bytes = bytes.subarray(length);
  }
  const outside = random.once(2) ? actions(context, 3) : [];
  return { chunks, outside: outside.filter((action) => action.do !== 'throw') };
}

function actions(context: Context, most: number): Action[] {
  const { random } = context;
  return random.list(1 + random.below(most), () => action(context, true));
}

function action(context: Context, mayPause: boolean): Action {
  const { random, writes } = context;
  switch (random.below(mayPause ? 24 : 16)) {
    case 0:
    case 1:
      return { do: 'encoding', to: random.pick([null, ...ENCODINGS]) };
    case 2:
      return { do: 'limit', to: random.once(3) ? 1 + random.below(12) : NO_LIMIT };
    case 3:
    case 4:
    case 5:
      if (!writes) break;
      if (random.once(4)) return writeFile(random);
      return { do: 'write', text: random.pick(WRITES), flush: random.once(3) };
    case 6:
      if (!writes || !random.once(3)) break;
      return { do: 'shutdown' };
    case 16:
    case 17:
    case 18:
    case 19:
      return {
        do: 'pause',
        until: random.once(8) ? 'timer' : 'immediate',
        meanwhile: random.list(random.below(3), () => action(context, false)),
      };
    case 20:
      return { do: 'pause and resume' };
    case 21:
      return { do: 'replace onRead' };
    case 22:
      if (!random.once(3)) break;
      return { do: 'throw' };
    case 23:
      if (!random.once(2)) break;
      return { do: random.pick(['end', 'close']) };
  }
  return { do: 'delimiter', to: delimiter(random) };
}

function writeFile(random: Random): Action {
  const offset = random.pick([0, random.below(CONTENT.length), CONTENT.length]);
  const left = CONTENT.length - offset;
  const nbytes = random.pick([0, Math.min(left, random.below(100)), random.below(left + 1)]);
  return { do: 'writeFile', nbytes, offset, flush: random.once(3) };
}

const WRITES = [
  '',
  'reply',
  'a longer reply, and then some',
  'x'.repeat(3_000),
  'y'.repeat(80_000),
];

/** After an overflow only such things are done as settle it for all that may still come. */
function afterOverflow(random: Random, writes: boolean): Action[][] {
  return [
    [],
    [{ do: 'close' }],
    [{ do: 'limit', to: NO_LIMIT }],
    [{ do: 'delimiter', to: null }],
    [{ do: 'delimiter', to: 1 + random.below(5) }],
    writes ? [{ do: 'write', text: 'too long', flush: false }, { do: 'end' }] : [{ do: 'end' }],
    [{ do: 'throw' }],
  ];
}
