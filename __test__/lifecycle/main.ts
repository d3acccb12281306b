// Repeats every way in which a process can end, and prints how it went:
//
//   npm run lifecycle -- [--node <binary>] [--count 100] [--workers 1000] [--jobs 2] [--seed 1]
//                        [--only <part of a name>]

import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

import Table from 'cli-table3';

import type { Case } from './case.ts';
import { cases } from './cases.ts';
import { Pool } from './pool.ts';
import { killAll, run, type Verdict } from './run.ts';

const { values } = parseArgs({
  options: {
    node: { type: 'string', default: process.execPath },
    count: { type: 'string', default: '100' },
    workers: { type: 'string', default: '1000' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
  },
});
const { node, only } = values;
const [count, workers, jobs, seed] = [values.count, values.workers, values.jobs, values.seed].map(
  Number,
) as [number, number, number, number];

process.once('SIGINT', () => {
  killAll();
  process.exit(130);
});

const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
const pool = new Pool(jobs);
const table = new Table({
  head: ['how it ends', 'runs', 'failed', 'slowest'],
  colAligns: ['left', 'right', 'right', 'right'],
  // One line a case.
  chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  style: { head: [], border: [] },
});
const problems: string[] = [];
const total = { runs: 0, failed: 0 };

for (const each of cases.filter(({ name }) => name.includes(only))) {
  const { runs, verdicts } = await repeat(each);
  const failed = verdicts.filter(({ problem }) => problem !== undefined);
  const slowest = Math.max(...verdicts.map(({ milliseconds }) => milliseconds));
  table.push([each.name, runs, failed.length, `${(slowest / 1000).toFixed(2)} s`]);
  total.runs += runs;
  total.failed += failed.length;
  const [first] = failed;
  if (first?.problem !== undefined) {
    problems.push(`${each.name}: ${first.problem}`);
    console.error(problems.at(-1));
  }
  console.error(`${version} ${each.name}: ${runs}`);
}
console.log(`Node.js ${version}`);
console.log(table.toString());
console.log(`${total.runs} runs, ${total.failed} failed`);
for (const problem of problems) console.log(`\n${problem}`);
process.exitCode = total.failed > 0 || total.runs === 0 ? 1 : 0;

/** Processes, one a run; or workers, all in one process. */
async function repeat(each: Case): Promise<{ runs: number; verdicts: Verdict[] }> {
  if (each.workers !== undefined) {
    const size = each.workers === 'most' ? workers : count;
    return { runs: size, verdicts: [await pool.do(() => run(node, each, seed, size))] };
  }
  const runs = Math.ceil(count * (each.share ?? 1));
  const verdicts = Array.from({ length: runs }, (_, i) => pool.do(() => run(node, each, seed + i)));
  return { runs, verdicts: await Promise.all(verdicts) };
}
