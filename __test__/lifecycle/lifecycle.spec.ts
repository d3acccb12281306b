// Each way in which a process can end, once; `npm run lifecycle` repeats them, on any Node.js.

import { availableParallelism } from 'node:os';

import test from 'ava';

import { cases } from './cases.ts';
import { Pool } from './pool.ts';
import { run } from './run.ts';

const WORKERS = 2;

// ava begins all tests at once; so many processes would only wait for each other.
const pool = new Pool(availableParallelism());
// It decides at which moments things happen. LIFECYCLE_SEED replays a failure, as far as it can.
const seed = Number(process.env['LIFECYCLE_SEED'] ?? Date.now() % 1000);

for (const each of cases.filter(({ long }) => !long)) {
  test(each.name, async (t) => {
    t.timeout(120_000);
    const size = each.workers ? WORKERS : 1;
    const { problem } = await pool.do(() => run(process.execPath, each, seed, size));
    if (problem === undefined) t.pass();
    else t.fail(`seed ${seed}: ${problem}`);
  });
}
