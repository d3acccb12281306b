import test from 'ava';

import { encode } from '../../js/write/encode.ts';

test('whatever a string has, its bytes are those that Node makes of it', (t) => {
  const pieces = ['a', 'é', '\u{1f600}', '\ud83d', '\ude00', '\0', 'x'.repeat(1_000)];
  for (const length of [0, 1, 5_000, 65_536, 65_537, 262_144, 262_145, 1_000_000]) {
    for (const piece of pieces) {
      const data = piece.repeat(Math.ceil(length / piece.length)).slice(0, length);
      t.true(encode(data).equals(Buffer.from(data)), `${length} of ${JSON.stringify(piece[0])}`);
    }
  }
});

test('strings that are not very large share memory', (t) => {
  const first = encode('x'.repeat(100_000));
  t.is(encode('y'.repeat(20_000)).buffer, first.buffer);
  t.is(encode('z'.repeat(262_144)).buffer, first.buffer);
  t.not(encode('z'.repeat(262_145)).buffer, first.buffer);
  t.is(first.buffer.byteLength, 262_144);
});
