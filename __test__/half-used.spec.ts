// Adapters that somebody has begun to use and left: they leak nothing, and keep no process alive.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import test from 'ava';

const program = fileURLToPath(new URL('fixtures/half-used.mjs', import.meta.url));
const node = process.env['NODE_BINARY'] ?? process.execPath;

for (const way of [
  'an iterator broken off',
  'an iterator never asked',
  'an iterator forgotten in its loop',
  'a Duplex destroyed',
  'a Duplex never read',
  'promises never asked for',
  'promises never awaited',
  'a wait given up',
  'connections never taken',
]) {
  test(`${way}: collected, and the process ends by itself`, (t) => {
    const options = { encoding: 'utf8', timeout: 60_000 } as const;
    const output = execFileSync(node, ['--expose-gc', program, way], options);
    t.is(output, 'collected, nothing is open\nexit\n');
  });
}
