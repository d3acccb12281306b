import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** What is sent, and how. */
export type Way =
  | { how: 'pressure' | 'huge'; bytes: number }
  | { how: 'file'; bytes: number; path: string; offset: number };

/** What became of it. */
export interface Result {
  reason: string;
  error?: string;
  unsentBytes: number;
  bytesWritten: number;
  /** The most that was pending, where all was written at once. */
  mostPending: number;
  /** The most memory that the sending process had, in bytes. */
  memory: number;
  /** What arrived. */
  received: number;
  /** Whether that was, byte for byte, what was sent. */
  whole: boolean;
  seconds: number;
}

/** Sends from one process to another, and compares checksums. */
export async function transfer(way: Way): Promise<Result> {
  const receiver = start('receiver');
  try {
    const [port] = await receiver.lines(1);
    const started = performance.now();
    const { how, bytes } = way;
    const file = way.how === 'file' ? [way.path, way.offset] : [];
    const sender = start('sender', port ?? '', how, bytes, ...file);
    try {
      const [[told = ''], [got = '']] = await Promise.all([sender.lines(1), receiver.lines(1)]);
      const seconds = (performance.now() - started) / 1000;
      const { sha256: ofSender, ...sent } = JSON.parse(told) as Result & { sha256: string };
      const { length, sha256 } = JSON.parse(got) as { length: number; sha256: string };
      const expected = way.how === 'file' ? await hashOf(way.path, way.offset, bytes) : ofSender;
      return { ...sent, received: length, whole: sha256 === expected, seconds };
    } finally {
      sender.process.kill('SIGKILL');
    }
  } finally {
    receiver.process.kill('SIGKILL');
  }
}

/** A program of this folder, and what it prints. */
function start(name: string, ...args: (string | number)[]) {
  const program = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const child: ChildProcess = spawn(
    process.execPath,
    ['--import', '@oxc-node/core/register', program, ...args.map(String)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (child.stdout === null) throw new Error('no output to read');
  const printed = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const lines = async (count: number) => {
    const found: string[] = [];
    while (found.length < count) {
      const { value, done } = await printed.next();
      if (done) throw new Error(`${name} has ended, and said no more than ${found}`);
      found.push(value);
    }
    return found;
  };
  return { process: child, lines };
}

async function hashOf(path: string, offset: number, bytes: number): Promise<string> {
  const hash = createHash('sha256');
  const stream = createReadStream(path, { start: offset, end: offset + bytes - 1 });
  stream.on('data', (chunk) => hash.update(chunk));
  await once(stream, 'end');
  return hash.digest('hex');
}
