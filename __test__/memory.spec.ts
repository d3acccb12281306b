import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import test, { type ImplementationFn } from 'ava';

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

/** MiB. */
interface Measured {
  /** Resident, beyond what there was before. */
  held: number;
  /** The most that there was. */
  peak: number;
  /** When it is over. */
  after: number;
  /** What Buffers keep alive. */
  buffers: number;
}

// Each has a batch of its own, nearly all of which is a flooder's: 250 MiB, where that is kept.
for (const mode of ['paused', 'kept']) {
  linux(`1,000 ${mode} times 64 bytes, beside a flooder`, async (t) => {
    const { held, buffers } = await run<Measured>('memory.mjs', mode, '1000');
    t.log(`${buffers} MiB of Buffers, ${held} MiB more resident`);
    t.true(buffers <= 16, `${buffers} MiB`);
    t.true(held <= 64, `${held} MiB`);
  });
}

linux('8,000 silent connections', async (t) => {
  const { each } = await run<{ each: number }>('memory.mjs', 'silent', '8000');
  t.log(`${each} bytes of the heap each`);
  t.true(each < 1_300, `${each} bytes`);
});

// Begun frames of 16 KiB: 160 MiB more at the peak, where all are in one batch.
linux('10,000 timeouts due at once', async (t) => {
  const { held, peak } = await run<Measured>('memory.mjs', 'timeouts', '10000');
  t.log(`${held} MiB held, ${peak} MiB at the peak`);
  t.true(peak - held <= 96, `${peak - held} MiB`);
});

// Of 600 MiB an allocator would keep up to all.
linux('what 10,000 half frames of 60 KiB took is given back', async (t) => {
  const { held, after } = await run<Measured>('memory.mjs', 'half', '10000');
  t.log(`${held} MiB held, ${after} MiB afterwards`);
  t.true(held <= 800, `${held} MiB`);
  t.true(after <= 160, `${after} MiB`);
});

/** Elsewhere nothing tells how much memory is resident, and what was the most. */
function linux(title: string, body: ImplementationFn<[]>): void {
  if (process.platform === 'linux') test.serial(title, body);
  else test.skip(`${title} (measured on Linux)`, body);
}

async function run<T>(fixture: string, ...args: string[]): Promise<T> {
  const path = fileURLToPath(new URL(`fixtures/${fixture}`, import.meta.url));
  const node = promisify(execFile)(process.execPath, ['--expose-gc', path, ...args]);
  return JSON.parse((await node).stdout) as T;
}
