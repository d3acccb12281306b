import test from 'ava';

import { load } from '../conformance/load.ts';
import { describe } from './describe.ts';
import { Differ } from './differ.ts';
import { Marathon } from './marathon.ts';
import { collectUncaught } from './run.ts';

const COUNT = 2_000;

// One seed: SEED=… npm run differential. Many more: npm run differential -- 100000
test(`${COUNT} random scripts lead to the same hooks on both implementations`, async (t) => {
  const uncaught: unknown[] = [];
  collectUncaught((error) => uncaught.push(error));
  t.teardown(() => process.setUncaughtExceptionCaptureCallback(null));
  const differ = await Differ.open({
    reference: await load('reference'),
    native: await load('native'),
  });
  const first = 1 + Math.floor(Math.random() * 2 ** 31);
  const marathon = new Marathon(differ, first, COUNT);
  const differences = await marathon.run();
  t.log(marathon.status);
  await differ.close();
  t.deepEqual(uncaught, []);
  t.is(
    differences.map(({ seed, difference }) => `seed ${seed}\n${describe(difference)}`).join(),
    '',
  );
});
