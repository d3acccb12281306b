/**
 * What takes too long for the test suite: `npm run proof -- <name>…`, all of them without a name.
 * Each prints what it has shown; the exit code says whether it held.
 */
import { everybody } from './fairness.ts';
import { datagrams } from './flood.ts';
import { large } from './large.ts';

const proofs: Record<string, () => Promise<boolean>> = { datagrams, fairness: everybody, large };

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(proofs, name));
if (unknown.length > 0) {
  console.error(`no such proof: ${unknown}; there are: ${Object.keys(proofs)}`);
  process.exit(2);
}
for (const [name, proof] of Object.entries(proofs)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`${name}:`);
  if (!(await proof())) process.exitCode = 1;
}
