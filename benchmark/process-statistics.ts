// What a process uses, as Linux tells it; null elsewhere.

import { readdirSync, readFileSync } from 'node:fs';

/** CPU time in microseconds. */
export interface CpuTimes {
  /** All threads that live. */
  readonly process: number;
  /** The first one: in Node, Bun and Deno the one that runs JavaScript. */
  readonly first: number;
}

export function cpuTimes(pid: number): CpuTimes | null {
  if (process.platform !== 'linux') return null;
  let all = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) all += onCpu(`/proc/${pid}/task/${task}`);
  return { process: all, first: onCpu(`/proc/${pid}/task/${pid}`) };
}

/** Resident bytes. */
export function memory(pid: number): number | null {
  if (process.platform !== 'linux') return null;
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return Number(kilobytes) * 1024;
}

/**
 * The same as utime and stime in `stat` next to it, but in nanoseconds: those count ticks of 10 ms.
 */
function onCpu(task: string): number {
  try {
    const statistics = readFileSync(`${task}/schedstat`, 'latin1');
    return Number(statistics.split(' ', 1)[0]) / 1e3;
  } catch {
    // It has ended meanwhile.
    return 0;
  }
}
