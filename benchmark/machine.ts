// What the numbers were taken on.

import { readFileSync } from 'node:fs';
import os from 'node:os';
import type { Runtime } from './runtimes.ts';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly kernel: string;
  /** Of this package. */
  readonly version: string;
  readonly runtimes: readonly string[];
  /** Before the case's first round. */
  readonly loadAverage: number;
}

export function describeMachine(runtimes: readonly Runtime[]): Machine {
  const manifest = new URL('../package.json', import.meta.url);
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown CPU',
    cores: os.availableParallelism(),
    kernel: `${os.type()} ${os.release()} ${os.arch()}`,
    version: JSON.parse(readFileSync(manifest, 'utf8')).version,
    runtimes: runtimes.map(({ name, version }) => `${name} ${version}`),
    loadAverage: os.loadavg()[0] ?? 0,
  };
}

export function tell({ cpu, cores, kernel, version, runtimes, loadAverage }: Machine): string {
  return (
    `pants-native ${version}; ${runtimes.join(', ')}; ${cores} cores (${cpu}), ${kernel}; ` +
    `load average ${loadAverage.toFixed(1)} before the first round`
  );
}
