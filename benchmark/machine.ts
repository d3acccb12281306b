// What the numbers were taken on.

import os from 'node:os';

export interface Machine {
  readonly text: string;
  readonly cpu: string;
  readonly cores: number;
  readonly kernel: string;
  readonly node: string;
  readonly loadAverage: number;
}

export function describeMachine(): Machine {
  const cpu = os.cpus()[0]?.model.trim() ?? 'unknown CPU';
  const cores = os.availableParallelism();
  const kernel = `${os.type()} ${os.release()} ${os.arch()}`;
  const node = process.version;
  const loadAverage = os.loadavg()[0] ?? 0;
  const text =
    `${cores} cores (${cpu}), ${kernel}, Node ${node}, ` +
    `load average ${loadAverage.toFixed(1)} before the first round`;
  return { text, cpu, cores, kernel, node, loadAverage };
}
