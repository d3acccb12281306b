/**
 * Plays random scripts on the reference and on the package: `main.ts [count] [first seed]`.
 * With SEED in the environment, that one only, told in full. The seed decides over which network;
 * or NETWORK in the environment does: tcp, unix, udp or unix-datagram.
 */
import { load } from '../conformance/load.ts';
import type { AnyDiffer } from './differ.ts';
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

const { SEED, NETWORK } = process.env;
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

if (SEED !== undefined) {
  const seed = Number(SEED);
  const difference = await differOf(seed).play(seed);
  console.log(difference?.text ?? `seed ${seed}, ${networkFor(seed)}: no difference`);
  if (difference !== null) {
    console.log(`\nshrunk:\n\n${(await difference.shrink()).text}`);
    process.exitCode = 1;
  }
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
    console.log(`\nseed ${seed} (NETWORK=${network} SEED=${seed} npm run differential):\n`);
    console.log(difference.text);
  }
  const [first] = differences;
  if (first !== undefined) {
    console.log(`\nseed ${first.seed}, shrunk:\n\n${(await first.difference.shrink()).text}`);
    process.exitCode = 1;
  }
}
for (const differ of differs.values()) await differ.close();
