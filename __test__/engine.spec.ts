import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import test from 'ava';
import { Connection, Engine, Server } from 'pants-native';

import { eventually } from './helpers/wait.ts';

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

test('an engine that is closed is let go of', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const engines: WeakRef<Engine>[] = [];
  const use = async () => {
    const engine = new Engine();
    new Server(Connection, { engine }).listen(0, '127.0.0.1');
    await engine.close();
    engines.push(new WeakRef(engine));
  };
  for (let n = 0; n < 5; n += 1) await use();
  await eventually('they are collected', () => {
    collect();
    return engines.every((engine) => engine.deref() === undefined);
  });
  t.pass();
});
