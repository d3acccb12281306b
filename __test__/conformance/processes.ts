import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { Suite } from './suite.ts';

interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** SPEC §§2, 7: what is about a whole process, tried in a process of its own. */
export function processes(suite: Suite): void {
  suite.test('P6: a throwing hook, and nobody catches it', async (_scene, t) => {
    const { code, stderr } = await run(suite.name, 'throw');
    t.is(code, 1, stderr);
    t.regex(stderr, /Error: thrown by onRead/);
  });

  suite.test('P6: a throwing hook, and somebody does', async (_scene, t) => {
    const { code, stdout, stderr } = await run(suite.name, 'catch');
    t.is(code, 0, stderr);
    t.is(stdout, 'caught thrown by onRead\nread b\nend\nclose\n');
  });

  suite.test('P7: a hook that is async and fails', async (_scene, t) => {
    const { code, stderr } = await run(suite.name, 'reject');
    t.is(code, 1, stderr);
    t.regex(stderr, /Error: rejected by onRead/);
  });

  suite.test('P4: process.exit() in a hook', async (_scene, t) => {
    const { code, stdout, stderr } = await run(suite.name, 'exit');
    t.is(code, 7, stderr);
    t.is(stdout, 'read a\n');
  });

  suite.test('X9: the process ends when the last channel has closed', async (_scene, t) => {
    const { code, stdout, stderr } = await run(suite.name, 'finish');
    t.is(code, 0, stderr);
    t.is(stdout, 'client closed\nserver closed\nexit\n');
  });

  suite.test('X9: channels that are unref’d do not keep the process', async (_scene, t) => {
    const { code, stdout, stderr } = await run(suite.name, 'unref');
    t.is(code, 0, stderr);
    t.is(stdout, 'connected\nexit\n');
  });

  suite.test('X9: end(timeoutMs) does not keep the process', async (_scene, t) => {
    const { code, stdout, stderr } = await run(suite.name, 'unrefEnd');
    t.is(code, 0, stderr);
    t.is(stdout, 'exit, and the connection is open\n');
  });

  suite.test('X9: ref() after unref() keeps the process', async (_scene, t) => {
    const { code, stdout, stderr } = await run(suite.name, 'ref');
    t.is(code, 0, stderr);
    t.is(stdout, 'connected\nserver closed\nexit\n');
  });
}

async function run(implementation: string, scenario: string): Promise<Outcome> {
  const program = fileURLToPath(new URL('program.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    ['--import', '@oxc-node/core/register', program, implementation, scenario],
    { stdio: ['ignore', 'pipe', 'pipe'], timeout: 30_000 },
  );
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code, signal] = await once(child, 'close');
  return { code, signal, stdout, stderr };
}
