/**
 * Plays random scripts on the reference and on the package: `main.ts [count] [first seed]`.
 * With SEED in the environment, that one only, told in full; with NETWORK=unix, over Unix sockets.
 */
import { load } from '../conformance/load.ts';
import { overUnix } from '../helpers/over-unix.ts';
import { describe } from './describe.ts';
import { Differ } from './differ.ts';
import { Marathon } from './marathon.ts';
import { collectUncaught } from './run.ts';
import { generate } from './script.ts';

// Scripts provoke many errors, whose stacks nobody reads.
Error.stackTraceLimit = 2;

collectUncaught((error) => {
  console.error('uncaught:', error);
  process.exitCode = 1;
});

const names = (process.env['IMPLEMENTATIONS'] ?? 'reference,native').split(',');
const network = process.env['NETWORK'] ?? 'tcp';
const loaded = await Promise.all(names.map(async (name) => [name, await load(name)] as const));
const over = loaded.map(
  ([name, impl]) => [name, network === 'unix' ? overUnix(impl) : impl] as const,
);
const implementations = Object.fromEntries(over);
const differ = await Differ.open(implementations);

const { SEED } = process.env;
if (SEED !== undefined) {
  const script = generate(Number(SEED));
  const difference = await differ.play(script);
  console.log(difference === null ? `seed ${SEED}: no difference` : describe(difference));
  if (difference !== null) {
    console.log('\nshrunk:\n');
    console.log(describe(await differ.shrink(difference)));
    process.exitCode = 1;
  }
} else {
  const [count = 100_000, from = 1 + Math.floor(Math.random() * 2 ** 31)] = process.argv
    .slice(2)
    .map(Number);
  const marathon = new Marathon(differ, from, count);
  const report = setInterval(() => console.log(marathon.status), 10_000);
  const differences = await marathon.run();
  clearInterval(report);
  console.log(marathon.status);
  for (const { seed, difference } of differences) {
    console.log(`\nseed ${seed} (SEED=${seed} npm run differential):\n`);
    console.log(describe(difference));
  }
  const [first] = differences;
  if (first !== undefined) {
    console.log(`\nseed ${first.seed}, shrunk:\n`);
    console.log(describe(await differ.shrink(first.difference)));
    process.exitCode = 1;
  }
}
await differ.close();
for (const [, impl] of over) if ('remove' in impl) impl.remove();
