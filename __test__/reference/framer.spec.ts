import test from 'ava';

import { Framer } from './framer.ts';
import { lengthPrefix } from './length-prefix.ts';
import { type Delimiter, parseDelimiter } from './read-delimiter.ts';
import type { ReadDelimiter, ReadEncoding } from './types.ts';

interface Result {
  frames: string[];
  rest: string;
  overflow: boolean;
}

/** Feeds the chunks, and takes after each what can be taken. Bytes are latin1 characters here. */
function feed(chunks: Buffer[], delimiter: Delimiter, limit: number): Result {
  const framer = new Framer();
  const frames: string[] = [];
  for (const chunk of chunks) {
    framer.push(chunk);
    for (;;) {
      const overflows = framer.overflows(delimiter, limit, null);
      const cut = framer.cut(delimiter, limit, null);
      if ((cut.kind === 'overflow') !== overflows) throw new Error('overflows() disagrees');
      if (cut.kind === 'overflow') return { frames, rest: '', overflow: true };
      if (cut.kind === 'none') break;
      frames.push(cut.data.toString('latin1'));
    }
  }
  return { frames, rest: framer.takeRest().toString('latin1'), overflow: false };
}

/** Every way of cutting `input` into chunks. */
function* chunkings(input: Buffer): Generator<Buffer[]> {
  const places = Math.max(0, input.length - 1);
  for (let cuts = 0; cuts < 2 ** places; cuts++) {
    const chunks: Buffer[] = [];
    let from = 0;
    for (let at = 0; at < places; at++) {
      if ((cuts >> at) % 2 === 0) continue;
      chunks.push(input.subarray(from, at + 1));
      from = at + 1;
    }
    yield [...chunks, input.subarray(from)];
  }
}

/** Splits the whole input at once, with JavaScript's own means. */
function splitBySequence(input: string, sequence: string, limit: number): Result {
  const frames = input.split(sequence);
  const rest = frames.pop() ?? '';
  const tooLong = frames.findIndex((frame) => frame.length > limit);
  if (tooLong >= 0) return { frames: frames.slice(0, tooLong), rest: '', overflow: true };
  const completions = Array.from(sequence, (_, at) => sequence.slice(at));
  const possible = completions.some((end) => {
    const [frame, ...more] = (rest + end).split(sequence);
    return frame !== undefined && more.length > 0 && frame.length <= limit;
  });
  return possible ? { frames, rest, overflow: false } : { frames, rest: '', overflow: true };
}

function splitByLength(input: string, length: number): Result {
  const frames = input.match(new RegExp(`[^]{${length}}`, 'g')) ?? [];
  return { frames, rest: input.slice(frames.length * length), overflow: false };
}

/** Every string of `length` letters of `alphabet`. */
function* words(alphabet: string, length: number): Generator<string> {
  if (length === 0) yield '';
  else for (const word of words(alphabet, length - 1)) for (const c of alphabet) yield word + c;
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

for (const sequence of ['b', 'bb', 'ab', 'aab', 'aba', 'abab']) {
  test(`every chunking of every short input, cut at ${sequence}`, (t) => {
    const delimiter = parseDelimiter(sequence);
    for (let length = 0; length <= 6; length++) {
      for (const input of words('ab', length)) {
        for (const limit of [1, 2, 3, 100]) {
          const expected = splitBySequence(input, sequence, limit);
          for (const chunks of chunkings(bytesOf(input))) {
            const actual = feed(chunks, delimiter, limit);
            if (JSON.stringify(actual) === JSON.stringify(expected)) continue;
            t.deepEqual(actual, expected, `${input} as ${chunks.join('|')}, limit ${limit}`);
          }
        }
      }
    }
    t.pass();
  });
}

test('every chunking, cut by length', (t) => {
  const input = 'abcdefghi';
  for (const length of [1, 2, 3, 4, 9, 10]) {
    const expected = splitByLength(input, length);
    for (const chunks of chunkings(bytesOf(input))) {
      // An integer is its own limit, also when bufferSize is smaller.
      t.deepEqual(feed(chunks, parseDelimiter(length), 1), expected);
    }
  }
});

test('every chunking, cut by length header', (t) => {
  const cases: [ReadDelimiter, number[], Result][] = [
    [lengthPrefix({ bytes: 1 }), [1, 65, 0, 2, 66, 67], frames(['A', '', 'BC'])],
    [lengthPrefix({ bytes: 2 }), [0, 1, 65, 0, 3, 66], frames(['A'], '\0\u0003B')],
    [lengthPrefix({ bytes: 2, endian: 'little' }), [1, 0, 65, 2, 0, 66, 67], frames(['A', 'BC'])],
    [lengthPrefix({ bytes: 4, adjust: -4 }), [0, 0, 0, 5, 65, 0, 0, 0, 4], frames(['A', ''])],
    [lengthPrefix({ bytes: 1, adjust: 1 }), [0, 65, 1, 66, 67], frames(['A', 'BC'])],
    [lengthPrefix({ bytes: 8 }), [0, 0, 0, 0, 0, 0, 0, 2, 65, 66, 0], frames(['AB'], '\0')],
    // Judged from the header: too long, less than nothing, more than a number can say.
    [lengthPrefix({ bytes: 1 }), [1, 65, 9], overflow(['A'])],
    [lengthPrefix({ bytes: 2, adjust: -2 }), [0, 3, 65, 0, 1], overflow(['A'])],
    [lengthPrefix({ bytes: 8 }), [255, 255, 255, 255, 255, 255, 255, 255], overflow([])],
  ];
  for (const [delimiter, input, expected] of cases) {
    for (const chunks of chunkings(Buffer.from(input))) {
      t.deepEqual(feed(chunks, parseDelimiter(delimiter), 8), expected);
    }
  }
});

test('without a delimiter nothing waits but half a character', (t) => {
  const cases: [ReadEncoding, Buffer, string][] = [
    ['utf8', Buffer.from('aé€😀b'), 'aé€😀b'],
    ['utf8', Buffer.from([0x61, 0xe2, 0x28, 0x80, 0x62]), 'a\ufffd(\ufffdb'],
    ['utf16le', Buffer.from('aé😀b', 'utf16le'), 'aé😀b'],
    ['latin1', Buffer.from([0xe9, 0x80]), 'é\u0080'],
    ['hex', Buffer.from([1, 2, 255]), '0102ff'],
    ['base64', Buffer.from('abcdef'), 'YWJjZGVm'],
  ];
  for (const [encoding, input, expected] of cases) {
    for (const chunks of chunkings(input)) {
      const framer = new Framer();
      let text = '';
      for (const chunk of chunks) {
        framer.push(chunk);
        const cut = framer.cut({ kind: 'none' }, 1, encoding);
        if (cut.kind === 'frame') text += cut.data.toString(encoding ?? 'latin1');
      }
      t.is(text, expected);
      t.is(framer.length, 0);
    }
  }
});

test('half a character is still there for the next delimiter', (t) => {
  const framer = new Framer();
  framer.push(Buffer.from([0x61, 0xe2, 0x82]));
  const cut = framer.cut({ kind: 'none' }, 1, 'utf8');
  t.like(cut, { kind: 'frame', data: Buffer.from('a') });
  framer.push(Buffer.from([0xac, 0x0a]));
  const next = framer.cut(parseDelimiter('\n'), 100, 'utf8');
  t.like(next, { kind: 'frame', data: Buffer.from('€') });
});

function frames(cut: string[], rest = ''): Result {
  return { frames: cut, rest, overflow: false };
}

function overflow(cut: string[]): Result {
  return { frames: cut, rest: '', overflow: true };
}
