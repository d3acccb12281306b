// What every server under test does besides serving: says where it listens, and how much CPU time
// it has used when asked. Neither costs anything while it is measured.

import { readFileSync } from 'node:fs';

/** CPU time since the start of the process, in microseconds. */
export interface CpuTimes {
  /** All threads. */
  readonly process: number;
  /** The thread that runs JavaScript; null where the platform does not say. */
  readonly js: number | null;
}

/** To be called once the server listens. */
export function announce(address: { address: string; port: number } | null): void {
  if (address === null) throw new Error('the server does not listen');
  console.log(`listening on ${address.address}:${address.port}`);
  process.on('message', () => process.send?.(cpuTimes()));
  // The benchmark is done, or gone.
  process.on('disconnect', () => process.exit());
}

function cpuTimes(): CpuTimes {
  const { user, system } = process.cpuUsage();
  return { process: user + system, js: jsThreadTime() };
}

function jsThreadTime(): number | null {
  if (process.platform !== 'linux') return null;
  // The thread that runs JavaScript is the first one, and so has the id of the process. The first
  // number is its time on a CPU in nanoseconds.
  const statistics = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1');
  return Number(statistics.split(' ', 1)[0]) / 1e3;
}
