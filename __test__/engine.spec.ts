import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import test from 'ava';

test('one reactor for each thread that uses channels', (t) => {
  if (process.platform !== 'linux') {
    t.pass('nothing tells of threads');
    return;
  }
  const program = fileURLToPath(new URL('fixtures/reactors.mjs', import.meta.url));
  const output = execFileSync(process.execPath, [program], { encoding: 'utf8', timeout: 30_000 });
  t.is(
    output,
    'imported: 0\nused: 1\na worker that uses none: 1\na worker that does: 2\nterminated: 1\n',
  );
});
