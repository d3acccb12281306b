import fc, { type Arbitrary } from 'fast-check';

import { list, once, weighed } from '../helpers/arbitrary.ts';
import type { Action, Named } from './action.ts';
import { type Delimiter, type Encoding, NO_LIMIT } from './delimiter.ts';
import { PATTERNS } from './patterns.ts';
import type { Settings } from './script.ts';

// What scripts of all kinds are made of. The first of several is what a script is shrunk to.

const SEQUENCES = ['\n', '\n', '\r\n', 'a', 'ab', 'aa', 'aab', 'abab', '\r\r\n', '€', '\0'];

const sequence = fc.constantFrom(...SEQUENCES);

const adjust = weighed([3, fc.constant(0)], [1, fc.integer({ min: -2, max: 2 })]);
const prefix = fc.oneof(
  fc.record({
    bytes: fc.constantFrom(1, 1, 1, 2, 2, 4, 8),
    endian: fc.constantFrom('big', 'big', 'little'),
    adjust,
  }),
  fc.record({ bytes: fc.constant('varint'), endian: fc.constant('little'), adjust }),
);

export const delimiter: Arbitrary<Delimiter> = weighed<Delimiter>(
  [4, sequence.map((text) => ({ text }))],
  [1, sequence.map((text) => ({ hex: Buffer.from(text).toString('hex') }))],
  [2, fc.integer({ min: 1, max: 5 })],
  [2, fc.constantFrom(...PATTERNS).map(({ source, flags }) => ({ source, flags }))],
  [2, prefix.map((one) => ({ prefix: one }))],
  [1, fc.constant(null)],
);

const someEncoding = fc.constantFrom<Encoding[]>('utf8', 'utf8', 'latin1', 'hex', 'utf16le');
const small = fc.integer({ min: 1, max: 12 });

/** Often without an encoding, and without a limit. */
export const settings: { [K in keyof Settings]: Arbitrary<Settings[K]> } = {
  given: fc.constantFrom('by options', 'by fields', 'by assignment'),
  delimiter,
  encoding: weighed<Encoding>([2, fc.constant(null)], [1, someEncoding]),
  limit: weighed([3, fc.constant(NO_LIMIT)], [1, small]),
};

/** Of these the data is made: delimiters and pieces of them, characters, lengths and bodies. */
const PIECES = [
  ...['a', 'b', 'ab', 'aab', 'x', 'yz', '\n', '\n', '\r\n', '\r', 'é', '€', '😀', ' '],
  ...['\0', '\x01x', '\x02yz', '\0\0', '\0\x01x', '\x01\0x', '\0\0\0\x02yz', '\x02\0\0\0yz'],
  ...['\0\0\0\0\0\0\0\x01x', '\x03abc', '\0\x03abc'],
];

const pieces = fc.constantFrom(
  ...PIECES.map((text) => Buffer.from(text)),
  // Varints of more than a byte.
  ...['\x82\0yz', '\x81\x80\0x', '\x80\x01', '\xff\xff\xff\xff\xff', '\x83'].map((text) =>
    Buffer.from(text, 'latin1'),
  ),
  // A pair of surrogates, which is four bytes, and no UTF-8.
  Buffer.from('😀', 'utf16le'),
);

/** What delimiters may find something in: less than so many pieces. */
export function bytes(most: number): Arbitrary<Buffer> {
  return fc.tuple(list(pieces, 0, most - 1), once(6)).map(([some, torn]) => {
    const whole = Buffer.concat(some);
    // Now and then bytes that are no text in any encoding.
    return torn ? Buffer.concat([whole, Buffer.from([0xe2, 0x82]), whole.subarray(1)]) : whole;
  });
}

/** What is done without saying more. */
type Simple = 'pause and resume' | 'replace onRead' | 'dawdle' | 'throw' | 'end' | 'close';

/** What is done on one kind of channel; `own` is what only that kind can. */
export class Actions<Own extends Named> {
  readonly #one: Arbitrary<Action<Own>>;

  constructor(own: Arbitrary<Own> | null) {
    const plain = weighed<Action<Own>>(
      [10, delimiter.map((to) => ({ do: 'delimiter', to }))],
      [2, settings.encoding.map((to) => ({ do: 'encoding', to }))],
      [1, weighed([2, fc.constant(NO_LIMIT)], [1, small]).map((to) => ({ do: 'limit', to }))],
      [4, own ?? delimiter.map((to) => ({ do: 'delimiter', to }))],
    );
    const pause = fc.record({
      do: fc.constant('pause' as const),
      until: weighed([7, fc.constant('immediate' as const)], [1, fc.constant('timer' as const)]),
      meanwhile: list(plain, 0, 2),
    });
    const simple = (...names: Simple[]) =>
      fc.constantFrom(...names).map((name): Action<Own> => ({ do: name }));
    this.#one = weighed<Action<Own>>(
      [400, plain],
      [96, pause],
      [48, simple('pause and resume', 'replace onRead')],
      [12, simple('end', 'close')],
      [8, simple('throw')],
      // Everybody waits meanwhile: seldom.
      [1, simple('dawdle')],
    );
  }

  list(most: number): Arbitrary<Action<Own>[]> {
    return list(this.#one, 1, most);
  }

  /** Every second time nothing. */
  perhaps(most: number): Arbitrary<Action<Own>[]> {
    return weighed([1, fc.constant([])], [1, this.list(most)]);
  }

  /** By the number of the frame, counted from 0. */
  get byFrame(): Arbitrary<Record<number, Action<Own>[]>> {
    const frame = fc.oneof(fc.nat(3), fc.nat(11), fc.nat(39));
    const frames = list(fc.tuple(frame, this.list(2)), 0, 7);
    return frames.map((entries) => Object.fromEntries(entries));
  }

  /** What nobody can catch there is not thrown. */
  get outside(): Arbitrary<Action<Own>[]> {
    return this.perhaps(3).map((all) => all.filter((action) => action.do !== 'throw'));
  }
}
