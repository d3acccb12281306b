import test from 'ava';

import { load } from '../conformance/load.ts';
import { NO_LIMIT } from './delimiter.ts';
import { Marathon } from './marathon.ts';
import { NETWORKS, open } from './networks.ts';
import { collectUncaught } from './run.ts';
import type { StreamScript } from './stream/script.ts';

const COUNT = 2_000;

// One seed: SEED=… npm run differential. Many more: npm run differential -- 100000
// Over one network only: NETWORK=udp npm run differential
for (const network of NETWORKS) {
  // One at a time: what they throw is caught in one place.
  test.serial(`${COUNT} random scripts, the same hooks on both: ${network}`, async (t) => {
    const uncaught: unknown[] = [];
    collectUncaught((error) => uncaught.push(error));
    t.teardown(() => process.setUncaughtExceptionCaptureCallback(null));
    const implementations = { reference: await load('reference'), native: await load('native') };
    const differ = await open(network, implementations);
    const first = 1 + Math.floor(Math.random() * 2 ** 31);
    const marathon = new Marathon(() => differ, first, COUNT);
    const differences = await marathon.run();
    t.log(marathon.status);
    const [one] = differences;
    const shrunk = one && (await differ.shrink(one.seed));
    if (shrunk) t.log(`${shrunk.text}\n\nSCRIPT=<file>: ${JSON.stringify(shrunk.script)}`);
    await differ.close();
    t.deepEqual(uncaught, []);
    t.is(differences.map(({ seed, difference }) => `seed ${seed}\n${difference.text}`).join(), '');
  });
}

const resetAtOnce = {
  given: 'by options',
  side: 'client',
  // The first frame is there with the connection.
  delimiter: 0,
  encoding: null,
  limit: NO_LIMIT,
  allowHalfOpen: false,
  phases: [{ sent: [], outside: [] }],
  onRead: { 0: [{ do: 'reset' }] },
  onOverflow: [],
  onEnd: [],
  finish: 'fin',
} satisfies StreamScript;

// Elsewhere there is one loopback address, and who was reset before the accept has no name.
const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux(
  'of many connections that are reset before they are accepted, each finds its peer',
  async (t) => {
    const differ = await open('tcp', { reference: await load('reference') });
    const many = Array.from({ length: 40 }, () => differ.replay(resetAtOnce));
    const differences = await Promise.all(many);
    await differ.close();
    t.deepEqual(new Set(differences), new Set([null]));
  },
);
