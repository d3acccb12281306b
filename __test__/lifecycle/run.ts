import {
  type ChildProcess,
  type SpawnOptionsWithStdioTuple,
  type StdioNull,
  type StdioPipe,
  spawn,
} from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import type { Case, Ending } from './case.ts';
import { Running } from './running.ts';

/** What no ending may print, whatever else is expected. */
const FORBIDDEN = /panicked|Assertion|FATAL|[Aa]borted|core dumped|Segmentation|check failed/;
const FIXTURES = new URL('./fixtures/', import.meta.url);

export interface Verdict {
  /** Why it is not as expected; undefined: it is. */
  problem?: string;
  milliseconds: number;
}

const running = new Set<ChildProcess>();

/** Ends all that is running: the runner itself has been interrupted. */
export function killAll(): void {
  for (const child of running) killGroup(child);
}

/** Runs a case's fixture once, under `node`, and judges how it ended. */
export async function run(node: string, test: Case, seed: number, size = 1): Promise<Verdict> {
  const started = performance.now();
  const fixture = fileURLToPath(new URL(test.fixture, FIXTURES));
  const args = [...(test.nodeArguments ?? []), fixture, ...test.args(seed, size)];
  const { NODE_OPTIONS: _, ...env } = process.env;
  // A group of its own: what the fixture has started ends with it, at the latest.
  const options: SpawnOptionsWithStdioTuple<StdioNull, StdioPipe, StdioPipe> = {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env,
  };
  const limit = `ulimit -n ${test.descriptors} && exec "$0" "$@"`;
  const child =
    test.descriptors === undefined
      ? spawn(node, args, options)
      : spawn('sh', ['-c', limit, node, ...args], options);
  running.add(child);
  const fixtureRuns = new Running(child);
  let stderr = '';
  let stdout = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    stdout += `${line}\n`;
    fixtureRuns.printed(line);
  });

  const patience = (test.patience ?? 20_000) * Math.max(1, size / 20);
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    killGroup(child);
  }, patience);
  const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve([code, signal]));
  });
  try {
    // A fixture that ends too early never says what a step waits for.
    await Promise.race([test.steps?.(fixtureRuns), ended]);
    const [code, signal] = await ended;
    const problem = hung
      ? `hung for ${patience} ms`
      : judge(test.expect(seed), { code, signal, stdout, stderr });
    const milliseconds = performance.now() - started;
    if (problem === undefined) return { milliseconds };
    const command = `${test.fixture} ${JSON.stringify(test.args(seed, size))}`;
    return { milliseconds, problem: `${command}: ${problem}\n${stdout}${stderr}` };
  } finally {
    clearTimeout(timer);
    running.delete(child);
    killGroup(child);
  }
}

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

function judge(expected: Ending, ended: Ended): string | undefined {
  const how = ended.signal ?? `code ${ended.code}`;
  const shall = expected.signal ?? `code ${expected.code ?? 0}`;
  if (how !== shall) return `ended with ${how} instead of ${shall}`;
  const forbidden = FORBIDDEN.exec(ended.stderr);
  if (forbidden !== null) return `printed ${JSON.stringify(forbidden[0])}`;
  const { stdout = '', stderr = /^$/ } = expected;
  const prints = typeof stdout === 'string' ? ended.stdout === stdout : stdout.test(ended.stdout);
  if (!prints) return `printed something else than ${stdout}`;
  if (!stderr.test(ended.stderr)) return `printed something else than ${stderr} as errors`;
  return undefined;
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}
