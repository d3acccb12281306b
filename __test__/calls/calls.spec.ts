import test from 'ava';

import { anySeed, randomCalls } from './run.ts';

const COUNT = 5_000;

// One seed: SEED=… npx ava __test__/calls. Many more: npm run proof -- calls 200000
test(`V9: ${COUNT} random calls of everything public and of the addon: errors have codes`, async (t) => {
  const { seed, code, signal, output } = await randomCalls(COUNT, anySeed());
  t.log(`seed ${seed}`);
  t.deepEqual({ code, signal }, { code: 0, signal: null }, `seed ${seed}\n${output}`);
});
