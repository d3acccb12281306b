// What the application does with each line, and how its event loop fares meanwhile.

import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

const microseconds = 20;

/** Keeps the thread busy. */
export function work(): void {
  const end = performance.now() + microseconds / 1000;
  while (performance.now() < end);
}

export interface LoopState {
  /** Share of the time in which the event loop was not idle. */
  readonly utilisation: number;
  /** Milliseconds by which a timer of 1 ms was late, of 99 in 100. */
  readonly delay: number;
}

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
let last = performance.eventLoopUtilization();

/** Since the last call. */
export function loopState(): LoopState {
  const now = performance.eventLoopUtilization();
  const { utilization } = performance.eventLoopUtilization(now, last);
  last = now;
  const p99 = delay.percentile(99) / 1e6 - 1;
  delay.reset();
  return { utilisation: utilization, delay: Math.max(p99, 0) };
}
