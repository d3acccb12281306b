import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import test from 'ava';

// What memory is needed for what, and what becomes of bytes where there is none. Each in a process
// of its own, which measures itself.

interface Told {
  got: Record<string, string>;
  errors: Record<string, string>;
  uncaught: string[];
  again: boolean;
}

test('where there is no memory for a chunk, its channel hears of it, and no other', async (t) => {
  const told = await run<Told>('no-memory.mjs', 'chunk');
  t.deepEqual(told, {
    got: { B: 'B' },
    errors: { A: 'Array buffer allocation failed' },
    uncaught: [],
    again: true,
  });
});

test('where there is no memory to take anything, the engine ends, and says so', async (t) => {
  const told = await run<Told>('no-memory.mjs', 'batch');
  t.deepEqual(told, {
    got: {},
    errors: { A: 'ERR_ENGINE_FAILED', B: 'ERR_ENGINE_FAILED' },
    uncaught: [],
    again: true,
  });
});

async function run<T>(fixture: string, ...args: string[]): Promise<T> {
  const path = fileURLToPath(new URL(`fixtures/${fixture}`, import.meta.url));
  const node = promisify(execFile)(process.execPath, ['--expose-gc', path, ...args]);
  return JSON.parse((await node).stdout) as T;
}
