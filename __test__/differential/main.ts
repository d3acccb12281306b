/**
 * Plays random scripts on the reference and on the package: `main.ts [count] [first seed]`.
 * With SEED in the environment, that one only, told in full. With SCRIPT, the one in that file, as
 * it was printed. The seed decides over which network; or NETWORK in the environment does: tcp,
 * unix, udp or unix-datagram.
 */
import { readFileSync } from 'node:fs';

import { load } from '../conformance/load.ts';
import type { AnyDiffer, Difference } from './differ.ts';
import { Marathon } from './marathon.ts';
import { isNetwork, NETWORKS, networkOf, open } from './networks.ts';
import { collectUncaught } from './run.ts';

// Scripts provoke many errors, whose stacks nobody reads.
Error.stackTraceLimit = 2;

// Nobody reads on: what is uncaught then could not be told.
for (const output of [process.stdout, process.stderr]) output.once('error', () => process.exit(1));

collectUncaught((error) => {
  console.error('uncaught:', error);
  process.exitCode = 1;
});

const { SEED, NETWORK, SCRIPT } = process.env;
if (NETWORK !== undefined && !isNetwork(NETWORK)) {
  throw new Error(`NETWORK is one of ${NETWORKS.join(', ')}, not ${NETWORK}`);
}
const networkFor = (seed: number) => NETWORK ?? networkOf(seed);

const names = (process.env['IMPLEMENTATIONS'] ?? 'reference,native').split(',');
const loaded = await Promise.all(names.map(async (name) => [name, await load(name)] as const));
const differs = new Map<string, AnyDiffer>();
for (const network of NETWORKS) {
  differs.set(network, await open(network, Object.fromEntries(loaded)));
}
const differOf = (seed: number) => differs.get(networkFor(seed)) as AnyDiffer;

if (SCRIPT !== undefined) {
  const differ = differs.get(NETWORK ?? 'tcp') as AnyDiffer;
  tell('the script', await differ.replay(JSON.parse(readFileSync(SCRIPT, 'utf8'))));
} else if (SEED !== undefined) {
  const seed = Number(SEED);
  const difference = await differOf(seed).play(seed);
  tell(`seed ${seed}, ${networkFor(seed)}`, difference);
  if (difference !== null) await shrink(seed);
} else {
  const [count = 100_000, from = 1 + Math.floor(Math.random() * 2 ** 31)] = process.argv
    .slice(2)
    .map(Number);
  const marathon = new Marathon(differOf, from, count);
  const report = setInterval(() => console.log(marathon.status), 10_000);
  const differences = await marathon.run();
  clearInterval(report);
  console.log(marathon.status);
  for (const { seed, difference } of differences) {
    const network = networkFor(seed);
    tell(`seed ${seed} (NETWORK=${network} SEED=${seed} npm run differential)`, difference);
  }
  const [first] = differences;
  if (first !== undefined) await shrink(first.seed);
}
for (const differ of differs.values()) await differ.close();

function tell(what: string, difference: Difference | null): void {
  console.log(`\n${what}: ${difference === null ? 'no difference' : `\n\n${difference.text}`}`);
  if (difference !== null) process.exitCode = 1;
}

async function shrink(seed: number): Promise<void> {
  const difference = await differOf(seed).shrink(seed);
  tell(`seed ${seed}, shrunk`, difference);
  if (difference === null) return;
  console.log(`\nin a file, to be played again (NETWORK=${networkFor(seed)} SCRIPT=<file>):\n`);
  console.log(JSON.stringify(difference.script));
}
