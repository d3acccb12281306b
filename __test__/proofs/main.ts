/**
 * What takes too long for the test suite: `npm run proof -- <name>…`, all of them without a name;
 * a number behind it is how much of it (`npm run proof -- calls 200000`).
 * Each prints what it has shown; the exit code says whether it held.
 */
import { calls } from '../calls/proof.ts';
import { duplex } from './duplex.ts';
import { everybody } from './fairness.ts';
import { datagrams } from './flood.ts';
import { large } from './large.ts';

const proofs: Record<string, (count?: number) => Promise<boolean>> = {
  calls,
  datagrams,
  duplex,
  fairness: everybody,
  large,
};

const words = process.argv.slice(2);
const asked = words.filter((word) => !/^\d+$/.test(word));
const count = words.find((word) => /^\d+$/.test(word));
const unknown = asked.filter((name) => !Object.hasOwn(proofs, name));
if (unknown.length > 0) {
  console.error(`no such proof: ${unknown}; there are: ${Object.keys(proofs)}`);
  process.exit(2);
}
for (const [name, proof] of Object.entries(proofs)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`${name}:`);
  if (!(await proof(count === undefined ? undefined : Number(count)))) process.exitCode = 1;
}
