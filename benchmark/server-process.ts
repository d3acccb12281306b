// A server under test, as a child process.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CpuTimes } from './servers/harness.ts';

export class ServerProcess implements AsyncDisposable {
  /** Where it listens, as `host:port`. */
  readonly address: string;
  readonly #name: string;
  readonly #child: ChildProcess;

  private constructor(name: string, child: ChildProcess, address: string) {
    this.#name = name;
    this.#child = child;
    this.address = address;
  }

  /** Starts servers/<name>.ts and waits until it has said where it listens. */
  static async start(name: string): Promise<ServerProcess> {
    const file = fileURLToPath(new URL(`servers/${name}.ts`, import.meta.url));
    const child = fork(file, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    if (child.stdout === null) throw new Error('a piped stdout is missing');
    for await (const line of createInterface({ input: child.stdout })) {
      const address = /^listening on (.+)$/.exec(line)?.[1];
      if (address !== undefined) return new ServerProcess(name, child, address);
    }
    throw new Error(`${name} ended before it listened`);
  }

  /** What it has used so far, by its own clocks. */
  async cpu(): Promise<CpuTimes> {
    const answered = once(this.#child, 'message', { signal: AbortSignal.timeout(patience) });
    this.#child.send('cpu');
    const [times] = (await answered) as [CpuTimes];
    return times;
  }

  /** Ends it. A server that does not end by itself, or not well, is a failure. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) {
      const exited = once(this.#child, 'exit', { signal: AbortSignal.timeout(patience) });
      if (this.#child.connected) this.#child.disconnect();
      try {
        await exited;
      } catch {
        this.#child.kill('SIGKILL');
        throw new Error(`${this.#name} did not end`);
      }
    }
    if (this.#child.exitCode !== 0) {
      const status = this.#child.signalCode ?? `status ${this.#child.exitCode}`;
      throw new Error(`${this.#name} ended with ${status}`);
    }
  }
}

const patience = 10_000;
