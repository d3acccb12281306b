// One warm-up and one measurement of a server, by the load generator of crates/load.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Load } from './case.ts';
import type { Measurement } from './metrics.ts';
import { cpuTimes, memory } from './process-statistics.ts';
import type { ServerProcess } from './server-process.ts';
import type { LoopState } from './servers/busy/work.ts';

export interface Duration {
  readonly seconds: number;
  readonly warmUp: number;
}

/** What the load generator prints; times in microseconds. */
interface LoadReport {
  readonly messages: number;
  readonly lost: number;
  readonly throughput: number;
  readonly megabytes: number;
  readonly latency: Readonly<Record<'p50' | 'p90' | 'p99' | 'p99.9' | 'max', number>>;
  readonly cpuSeconds: number;
}

/** How long a measurement may take, in milliseconds: with room for many connections to be made. */
export function longest({ seconds, warmUp }: Duration): number {
  return (seconds + warmUp + 60) * 1000;
}

/** `generator` is the load generator's program. */
export async function measure(
  generator: string,
  server: ServerProcess,
  load: Load,
  duration: Duration,
): Promise<Measurement> {
  const { seconds, warmUp } = duration;
  const { mode, ...options } = load;
  const flags = Object.entries({ ...options, seconds, 'warm-up': warmUp });
  const child = spawn(
    generator,
    [
      mode,
      '--step',
      `--address=${server.address}`,
      ...flags.map(([name, value]) => `--${name}=${value}`),
    ],
    { stdio: ['pipe', 'pipe', 'pipe'], timeout: longest(duration) },
  );
  const exited = once(child, 'close');
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => {
    const { done, value } = await lines.next();
    if (!done) return value;
    await exited;
    throw new Error(complaint.trim() || `the load generator ended with ${describeExit(child)}`);
  };

  await nextLine();
  // Nothing is in flight before `go` nor after the report: CPU times cover the measured messages
  // and nothing else.
  await server.state();
  const before = { cpu: cpuTimes(server.pid), memory: memory(server.pid) };
  child.stdin.write('go\n');
  const report: LoadReport = JSON.parse(await nextLine());
  const after = { cpu: cpuTimes(server.pid), memory: memory(server.pid) };
  const loop = (await server.state()) as LoopState | null;
  child.stdin.end();
  await exited;

  const each = (from: number | undefined, to: number | undefined): number | null =>
    from === undefined || to === undefined ? null : (to - from) / report.messages;
  return {
    throughput: report.throughput,
    megabytes: report.megabytes,
    p50: report.latency.p50,
    p99: report.latency.p99,
    cpu: each(before.cpu?.process, after.cpu?.process),
    jsCpu: each(before.cpu?.first, after.cpu?.first),
    loadCpu: (report.cpuSeconds * 1e6) / report.messages,
    lost: (report.lost / (report.lost + report.messages)) * 100,
    memory: each(before.memory ?? undefined, after.memory ?? undefined),
    utilisation: loop?.utilisation ?? null,
    delay: loop?.delay ?? null,
  };
}

function describeExit(child: ChildProcess): string {
  return child.signalCode ?? `status ${child.exitCode}`;
}
