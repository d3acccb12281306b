import test from 'ava';

import { load } from '../conformance/load.ts';
import { overUnix } from '../helpers/over-unix.ts';
import { describe } from './describe.ts';
import { Differ } from './differ.ts';
import { Marathon } from './marathon.ts';
import { collectUncaught } from './run.ts';

const COUNT = 2_000;

// One seed: SEED=… npm run differential. Many more: npm run differential -- 100000
// Over Unix sockets: NETWORK=unix npm run differential
for (const network of ['tcp', 'unix'] as const) {
  // One at a time: what they throw is caught in one place.
  test.serial(`${COUNT} random scripts, the same hooks on both: ${network}`, async (t) => {
    const uncaught: unknown[] = [];
    collectUncaught((error) => uncaught.push(error));
    t.teardown(() => process.setUncaughtExceptionCaptureCallback(null));
    const loaded = [await load('reference'), await load('native')];
    const over = network === 'unix' ? loaded.map(overUnix) : [];
    t.teardown(() => over.map((impl) => impl.remove()));
    const [reference, native] = network === 'unix' ? over : loaded;
    if (reference === undefined || native === undefined) return t.fail();
    const differ = await Differ.open({ reference, native });
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
}
