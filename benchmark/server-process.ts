// A server under test, as a child process.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Subject } from './subjects.ts';

type Child = ChildProcess & { readonly stdin: Writable; readonly stdout: Readable };

export interface Surroundings {
  /** Of the Unix socket to listen on; null: TCP. */
  readonly path: string | null;
  readonly environment: NodeJS.ProcessEnv;
  /** In milliseconds. */
  readonly lifetime: number;
}

export class ServerProcess implements AsyncDisposable {
  readonly pid: number;
  readonly #subject: Subject;
  readonly #child: Child;
  readonly #lines: AsyncIterator<string>;
  #address = '';

  private constructor(subject: Subject, child: Child, pid: number) {
    this.#subject = subject;
    this.#child = child;
    this.pid = pid;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** Waits until it has said where it listens. After its lifetime it is terminated. */
  static async start(
    subject: Subject,
    { path, environment, lifetime }: Surroundings,
  ): Promise<ServerProcess> {
    const [program, ...args] = subject.command(path);
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...environment },
      timeout: lifetime,
    }) as unknown as Child;
    await once(child, 'spawn');
    const server = new ServerProcess(subject, child, child.pid ?? 0);
    for (;;) {
      const address = /^listening on (.+)$/.exec(await server.#nextLine())?.[1];
      if (address === undefined) continue;
      server.#address = address;
      return server;
    }
  }

  /** Where it listens, as the load generator takes it. */
  get address(): string {
    return this.#address;
  }

  /** What the server tells about itself, since it was asked last; null for most. */
  async state(): Promise<unknown> {
    // The compiled one has nothing to tell.
    if (this.#subject.runtime === null) return null;
    this.#child.stdin.write('state\n');
    return JSON.parse(await this.#nextLine());
  }

  async #nextLine(): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (done) throw new Error(`${this.#subject.name} has ended`);
    return value;
  }

  /** Ends it. A server that does not end by itself, or not well, is a failure. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) {
      const exited = once(this.#child, 'exit', { signal: AbortSignal.timeout(patience) });
      this.#child.stdin.end();
      try {
        await exited;
      } catch {
        const threads = threadsOf(this.pid);
        this.#child.kill('SIGKILL');
        throw new Error(`${this.#subject.name} did not end${threads}`);
      }
    }
    if (this.#child.exitCode !== 0) {
      const status = this.#child.signalCode ?? `status ${this.#child.exitCode}`;
      throw new Error(`${this.#subject.name} ended with ${status}`);
    }
  }
}

const patience = 10_000;

/** What the threads of a process are called and wait for, where the system is Linux; else nothing. */
function threadsOf(pid: number): string {
  const tasks = `/proc/${pid}/task`;
  if (!existsSync(tasks)) return '';
  const threads = readdirSync(tasks).map((id) => {
    const [name, wait] = ['comm', 'wchan'].map((file) => read(`${tasks}/${id}/${file}`));
    return `${name} (${wait})`;
  });
  return `: ${threads.join(', ')}`;
}

/** A file of a thread, which may have ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '?';
  }
}
