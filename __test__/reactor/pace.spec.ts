import test from 'ava';

import { BATCH_BYTES } from '../../js/generated/wire.ts';
import { Pace } from '../../js/reactor/pace.ts';

test('hooks that are slow get less, and more again when they are quick', (t) => {
  const pace = new Pace();
  t.true(pace.handled(0, BATCH_BYTES, 32));
  t.is(pace.part, 1 / 4);
  t.true(pace.handled(0, BATCH_BYTES / 4, 1));
  t.is(pace.part, 3 / 8);
  // A batch that has as good as nothing shows nothing.
  t.false(pace.handled(0, BATCH_BYTES / 100, 0.01));
  // This one takes its time for what it has.
  t.false(pace.handled(0, BATCH_BYTES / 8, 3));
});

test('a channel that is alone, and fills its share of each batch, is not left with little', (t) => {
  const pace = new Pace();
  pace.handled(0, BATCH_BYTES, 1000);
  t.is(pace.part, 1 / 64);
  for (let batches = 0; batches < 20; batches += 1) {
    pace.handled(0, (pace.part * BATCH_BYTES) / 4, 0.1);
  }
  t.true(pace.part >= 1);
});

test('hooks that are quick get more than a full batch, up to a bound', (t) => {
  const pace = new Pace();
  for (let batches = 0; batches < 20; batches += 1) pace.handled(0, BATCH_BYTES, 0.1);
  t.is(pace.part, 4);
});
