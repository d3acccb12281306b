import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

import test, { type ExecutionContext, type ImplementationFn } from 'ava';

/** The programs that tests talk to, and the packages of Debian that have them. */
const packages = {
  curl: 'curl',
  dig: 'bind9-dnsutils',
  haproxy: 'haproxy',
  id: 'coreutils',
  'nats-server': 'nats-server',
  nc: 'netcat-openbsd',
  nginx: 'nginx libnginx-mod-stream',
  openssl: 'openssl',
  // Whose programs are in no PATH; this one is its client's.
  psql: 'postgresql',
  'redis-benchmark': 'redis-tools',
  'redis-cli': 'redis-tools',
  'redis-server': 'redis-server',
  setpriv: 'util-linux',
  socat: 'socat',
  strace: 'strace',
  wrk: 'wrk',
};

export type ProgramName = keyof typeof packages;

export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: Buffer;
  stderr: string;
}

/**
 * A test that needs such programs. In CI, where one that is missing is a fault of the set-up, it
 * fails and says how to get it. Elsewhere it is skipped, with the reason in its title; so it is with
 * `PEERS=skip` in the environment.
 */
export function peerTest(title: string, implementation: ImplementationFn<[]>): void {
  const reason = reasonToSkip();
  if (reason === null) test(title, implementation);
  else test.skip(`${title} (${reason})`, implementation);
}

/** In some containers nobody may trace a process; where strace is missing, `peerTest` says so. */
const mayTrace = spawnSync('strace', ['-qq', '-o', '/dev/null', 'true']).status !== 1;

/** A `peerTest` that traces a process. */
export function straceTest(title: string, implementation: ImplementationFn<[]>): void {
  if (mayTrace) peerTest(title, implementation);
  else test.skip(`${title} (strace may not trace here)`, implementation);
}

function reasonToSkip(): string | null {
  const { PEERS = '', CI = '' } = process.env;
  if (PEERS === 'skip') return 'PEERS=skip';
  if (PEERS !== '') throw new Error(`PEERS is '${PEERS}'; it may be 'skip', or not be set`);
  if (CI !== '') return null;
  const missing = Object.entries(packages).filter(([name]) => !isInstalled(name));
  if (missing.length === 0) return null;
  return `missing: ${[...new Set(missing.map(([, from]) => from))].join(', ')}`;
}

function isInstalled(name: string): boolean {
  try {
    find(name as ProgramName);
    return true;
  } catch {
    return false;
  }
}

/** A program that nobody here wrote, in a process of its own; gone at the latest with its test. */
export class Program {
  /** Resolves when it has exited and all that it printed has been read. */
  readonly ended: Promise<Outcome>;
  readonly #name: ProgramName;
  readonly #child: ChildProcess;
  readonly #stdout: Buffer[] = [];
  #stderr = '';
  #outcome: Outcome | null = null;
  /** Called when it has printed something, and when it has ended. */
  #changed = new Set<() => void>();

  constructor(t: ExecutionContext, name: ProgramName, ...args: (string | number)[]) {
    this.#name = name;
    const command = [find(name), ...args.map(String)];
    // No teardown runs when the test runner ends this process, say for its time limit.
    if (process.platform === 'linux') command.unshift('setpriv', '--pdeathsig=KILL', '--');
    const child = spawn(command[0] as string, command.slice(1), { stdio: 'pipe' });
    this.#child = child;
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        this.#outcome = { code, signal, stdout: this.stdout, stderr: this.#stderr };
        resolve(this.#outcome);
        this.#notify();
      });
    });
    t.teardown(async () => {
      child.kill('SIGKILL');
      await this.ended;
    });
    child.stdout.on('data', (chunk: Buffer) => {
      this.#stdout.push(chunk);
      this.#notify();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#notify();
    });
    // Its other end may be gone before all is written: that shows in what it printed.
    child.stdin.on('error', () => {});
  }

  /** Runs it to its end, with `input` as its standard input. */
  static run(
    t: ExecutionContext,
    name: ProgramName,
    args: (string | number)[],
    input: string | Uint8Array = '',
  ): Promise<Outcome> {
    const program = new Program(t, name, ...args);
    program.end(input);
    return program.ended;
  }

  get stdout(): Buffer {
    return Buffer.concat(this.#stdout);
  }

  write(data: string | Uint8Array): void {
    this.#child.stdin?.write(data);
  }

  /** Writes the end of its standard input. */
  end(data: string | Uint8Array = ''): void {
    this.#child.stdin?.end(data);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves when it has printed what `pattern` matches, to either output. */
  prints(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(this.stdout.toString()) ?? pattern.exec(this.#stderr);
        if (match === null && this.#outcome === null) return;
        this.#changed.delete(look);
        if (match !== null) resolve(match);
        else reject(new Error(`${this.#name} has ended, and not printed ${pattern}: ${this}`));
      };
      this.#changed.add(look);
      look();
    });
  }

  toString(): string {
    const { code, signal } = this.#outcome ?? {};
    return `${this.#name}: ${signal ?? code}\n${this.stdout}\n${this.#stderr}`;
  }

  #notify(): void {
    for (const look of [...this.#changed]) look();
  }
}

function find(name: ProgramName): string {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  throw new Error(
    `${name} is not installed: on Debian, \`apt-get install ${packages[name]}\`; ` +
      'with PEERS=skip in the environment, tests that need such programs are skipped',
  );
}
