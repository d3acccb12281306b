// The load generator of crates/load, as a child process.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Scenario, Shape } from './scenario.ts';
import type { ServerProcess } from './server-process.ts';
import type { Measurement } from './statistics.ts';

/** What the load generator prints; times in microseconds. */
interface LoadReport {
  readonly messages: number;
  readonly throughput: number;
  readonly megabytes: number;
  readonly latency: Readonly<Record<'p50' | 'p90' | 'p99' | 'p99.9' | 'max', number>>;
  readonly cpuSeconds: number;
}

export class Load {
  readonly #program: string;

  private constructor(program: string) {
    this.#program = program;
  }

  /** Compiles it if need be. */
  static async build(): Promise<Load> {
    const { stdout } = await promisify(execFile)(
      'cargo',
      ['build', '--release', '--package=pants-load', '--message-format=json-render-diagnostics'],
      { cwd: fileURLToPath(new URL('..', import.meta.url)), maxBuffer: 64 * 1024 * 1024 },
    );
    // Cargo says where it is: that depends on the platform and on the user's configuration.
    for (const line of stdout.split('\n').filter((line) => line.startsWith('{'))) {
      const { target, executable } = JSON.parse(line);
      if (target?.name === 'pants-load' && executable) return new Load(executable);
    }
    throw new Error('cargo built no pants-load');
  }

  /** One warm-up and one measurement of a server. */
  async measure(mode: Scenario['mode'], server: ServerProcess, shape: Shape): Promise<Measurement> {
    const child = spawn(
      this.#program,
      [
        mode,
        '--step',
        `--address=${server.address}`,
        `--connections=${shape.connections}`,
        `--depth=${shape.depth}`,
        `--size=${shape.size}`,
        `--seconds=${shape.seconds}`,
        `--warm-up=${shape.warmUp}`,
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    const exited = once(child, 'exit');
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const nextLine = async (): Promise<string> => {
      const { done, value } = await lines.next();
      if (done) throw new Error(`pants-load failed: ${await describeExit(child, exited)}`);
      return value;
    };

    await nextLine();
    // Nothing is in flight before `go` nor after the report: the CPU times cover the measured
    // messages and nothing else.
    const before = await server.cpu();
    child.stdin.write('go\n');
    const report: LoadReport = JSON.parse(await nextLine());
    const after = await server.cpu();
    child.stdin.end();
    await exited;

    const perMessage = (microseconds: number) => microseconds / report.messages;
    return {
      throughput: report.throughput,
      megabytes: report.megabytes,
      p50: report.latency.p50,
      p99: report.latency.p99,
      cpu: perMessage(after.process - before.process),
      jsCpu: after.js === null || before.js === null ? null : perMessage(after.js - before.js),
      loadCpu: perMessage(report.cpuSeconds * 1e6),
    };
  }
}

async function describeExit(child: ChildProcess, exited: Promise<unknown>): Promise<string> {
  await exited;
  return child.signalCode ?? `status ${child.exitCode}`;
}
