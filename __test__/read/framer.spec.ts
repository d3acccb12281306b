// Cuts that are made on the JavaScript side, against those of the reactor's code.

import assert from 'node:assert/strict';

import test from 'ava';
import fc from 'fast-check';

import { binding, type NativeBinding } from '../../js/binding.ts';
import { lengthPrefix } from '../../js/check/length-prefix.ts';
import { type Framing, framingOf } from '../../js/check/read-delimiter.ts';
import { CutResult, Stop } from '../../js/generated/wire.ts';
import { cutter } from '../../js/reactor/cutter.ts';
import { announced, frameEnd, frameStart, scanned } from '../../js/read/framer.ts';
import { list, upTo, weighed } from '../helpers/arbitrary.ts';

/** What a cut of one frame says. */
interface Said {
  stop: number;
  start: number;
  end: number;
  next: number;
  scan: number;
  announced: number;
}

type Cutting = (framing: Framing, limit: number, bytes: Buffer, from: number, scan: number) => Said;

const NOTHING = { start: 0, end: 0, next: 0, scan: 0, announced: 0 };

const here: Cutting = (framing, limit, bytes, from, scan) => {
  const end = frameEnd(framing, limit, bytes, from, scan);
  if (end >= 0) {
    const start = frameStart(framing, bytes, from);
    return { ...NOTHING, stop: Stop.BUDGET, start, end, next: end + framing.sequence.length };
  }
  const stop = ~end;
  if (stop === Stop.INCOMPLETE) {
    return { ...NOTHING, stop, scan: scanned(framing, limit, bytes, from) };
  }
  const length = stop === Stop.NO_DELIMITER ? 0 : Math.abs(announced(framing, bytes, from));
  return { ...NOTHING, stop, announced: length };
};

const cut = cutter(binding as NativeBinding);

const natively: Cutting = (framing, limit, bytes, from, scan) => {
  const how = { epoch: 1, framing, limit, passedOn: 0, mayCut: false, text: false, last: false };
  const words = cut(how, bytes, from, scan, 1, null);
  const word = (at: number) => words[at] as number;
  const stop = word(CutResult.STOP);
  if (word(CutResult.FRAMES) === 1) {
    const start = from + word(CutResult.WORDS);
    const end = from + word(CutResult.WORDS + 1);
    return { ...NOTHING, stop, start, end, next: from + word(CutResult.CONSUMED) };
  }
  const high = word(CutResult.ANNOUNCED_HIGH) * 0x1_0000_0000;
  const length = high + word(CutResult.ANNOUNCED_LOW);
  if (stop === Stop.INCOMPLETE) return { ...NOTHING, stop, scan: word(CutResult.SCAN) };
  return { ...NOTHING, stop, announced: length };
};

interface Setting {
  framing: Framing;
  limit: number;
}

interface Script {
  chunks: Uint8Array[];
  /** One after the other, each for so many frames. */
  settings: (Setting & { frames: number })[];
}

/** All that cuts say, chunk after chunk, under delimiters that change. */
function play(cutting: Cutting, { chunks, settings }: Script): unknown[] {
  const said: unknown[] = [];
  let held = Buffer.alloc(0);
  let from = 0;
  let scan = 0;
  let frames = 0;
  let at = 0;
  for (const chunk of chunks) {
    held = Buffer.concat([held, chunk]);
    for (;;) {
      const { framing, limit } = settings[at] as Setting;
      const one = cutting(framing, limit, held, from, scan);
      said.push(one);
      scan = one.scan;
      if (one.stop === Stop.INCOMPLETE) break;
      if (one.stop !== Stop.BUDGET) return said;
      from = one.next;
      frames += 1;
      if (frames >= (settings[at] as Script['settings'][0]).frames && at + 1 < settings.length) {
        frames = 0;
        at += 1;
      }
    }
  }
  return said;
}

const SEQUENCES = ['\n', '\r\n', 'a', 'ab', 'aa', 'aab', 'abab', '\r\r\n', '\0', 'a'.repeat(70)];

const adjust = weighed(
  [3, fc.constant(0)],
  [1, fc.integer({ min: -3, max: 3 })],
  [1, fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER)],
);
const prefix = fc.oneof(
  fc.record({
    bytes: fc.constantFrom(1, 1, 2, 4, 8),
    endian: fc.constantFrom('big', 'little'),
    adjust,
  }),
  fc.record({ bytes: fc.constant('varint'), adjust }),
);

const framing = weighed<Framing>(
  [4, fc.constantFrom(...SEQUENCES).map(framingOf)],
  [2, fc.integer({ min: 1, max: 80 }).map(framingOf)],
  [2, prefix.map((options) => framingOf(lengthPrefix(options as never)))],
);

const piece = weighed<Uint8Array>(
  [8, fc.constantFrom('a', 'b', 'ab', 'aab', '\n', '\r\n', '\r', '\0', '\x02xy').map(bytesOf)],
  [2, fc.integer({ min: 1, max: 150 }).map((length) => bytesOf('a'.repeat(length)))],
  [1, fc.integer({ min: 1, max: 150 }).map((length) => bytesOf('x'.repeat(length)))],
  [2, fc.constantFrom('\0\0\0\x03', '\x01\0\0\0', '\0\0\0\0\0\0\0\x02').map(bytesOf)],
  [1, fc.uint8Array({ minLength: 1, maxLength: 12 })],
  [1, fc.constantFrom('ff', '00', '80').map((hex) => Buffer.from(hex.repeat(8), 'hex'))],
  [1, fc.constantFrom('8300', '83808000', '8102', 'ff80').map((hex) => Buffer.from(hex, 'hex'))],
);

const script: fc.Arbitrary<Script> = fc.record({
  chunks: list(
    list(piece, 1, 8).map((pieces) => Buffer.concat(pieces)),
    1,
    12,
  ),
  settings: list(
    fc.record({
      framing,
      limit: weighed(
        [1, fc.constant(65_536)],
        [1, fc.integer({ min: 1, max: 8 })],
        [1, fc.integer({ min: 1, max: 120 })],
      ),
      frames: upTo(4),
    }),
    1,
    8,
  ),
});

test('the same cuts as the reactor makes, whatever the delimiter, its changes and the chunks', (t) => {
  const seed = Number(process.env['SEED'] ?? 1 + Math.floor(Math.random() * 2 ** 31));
  t.log(`SEED=${seed}`);
  const same = fc.property(script, (one) => {
    assert.deepEqual(play(here, one), play(natively, one));
  });
  fc.assert(same, { seed, numRuns: 3_000, unbiased: true });
  t.pass();
});

test('a delimiter is found on either side of where the search changes hands', (t) => {
  for (const sequence of ['\n', '\r\n', 'aab']) {
    const framing = framingOf(sequence);
    for (let length = 0; length < 150; length += 1) {
      for (const filling of ['x', 'a']) {
        const bytes = Buffer.from(filling.repeat(length) + sequence);
        t.deepEqual(
          here(framing, 1_000, bytes, 0, 0),
          natively(framing, 1_000, bytes, 0, 0),
          JSON.stringify([sequence, filling, length]),
        );
      }
    }
  }
});

test('a header of eight bytes is read exactly', (t) => {
  const framing = (adjust: number) => framingOf(lengthPrefix({ bytes: 8, adjust }));
  for (const header of ['0020000000000001', '001fffffffffffff', 'ffffffffffffffff']) {
    const bytes = Buffer.from(header, 'hex');
    for (const adjust of [0, 1, -1, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]) {
      const how = framing(adjust);
      t.deepEqual(here(how, 100, bytes, 0, 0), natively(how, 100, bytes, 0, 0), header);
    }
  }
});

function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
