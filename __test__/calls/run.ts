import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const LOADER = import.meta.resolve('@oxc-node/core/register');

/** Far longer than the calls take: what has not ended by then hangs. */
const LIMIT = { base: 90_000, aCall: 5 };

export interface CallsResult {
  seed: number;
  code: number | null;
  signal: NodeJS.Signals | null;
  /** What it has printed: faults, and how often it was refused by which code. */
  output: string;
}

/** Random calls in a process of its own, so that an abort and a hang are seen. */
export async function randomCalls(count: number, seed: number): Promise<CallsResult> {
  const directory = mkdtempSync(join(tmpdir(), 'pants-calls-'));
  const output = join(directory, 'output');
  writeFileSync(join(directory, 'file'), 'a file\n'.repeat(1000));
  // A file, and no pipe: a pipe of Node's is a socket, and calls are made with its number.
  const file = openSync(output, 'w');
  try {
    const node = process.env['NODE_BINARY'] ?? process.execPath;
    const args = ['--no-warnings', '--import', LOADER, MAIN, `${seed}`, `${count}`];
    const timeout = LIMIT.base + LIMIT.aCall * count;
    const options = { cwd: directory, timeout, killSignal: 'SIGKILL' } as const;
    const child = spawn(node, args, { ...options, stdio: ['ignore', file, file] });
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return { seed, code, signal, output: readFileSync(output, 'utf8') };
  } finally {
    closeSync(file);
    rmSync(directory, { recursive: true });
  }
}

/** `SEED` of the environment, or any. */
export function anySeed(): number {
  return Number(process.env['SEED'] ?? 1 + Math.floor(Math.random() * 2 ** 31));
}
