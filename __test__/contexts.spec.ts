import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import test from 'ava';

test('the context of who starts the engine is nobody else’s', (t) => {
  const program = fileURLToPath(new URL('fixtures/contexts.mjs', import.meta.url));
  const node = process.env['NODE_BINARY'] ?? process.execPath;
  const output = execFileSync(node, [program], { encoding: 'utf8', timeout: 30_000 });
  t.deepEqual(output.split('\n'), [
    'first "req-1"',
    'client of 5 5',
    'client of 0 0',
    'client of  ""',
    'client of false false',
    'client of null null',
    'second null',
    'connection null',
    'read null',
    'closed null',
    '',
  ]);
});
