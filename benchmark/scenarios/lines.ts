import type { Scenario, Shape } from '../scenario.ts';

const base: Shape = { connections: 64, depth: 1, size: 64, seconds: 3, warmUp: 1 };

/** Short lines on connections that stay open: what a message costs. */
export const lines: Scenario = {
  name: 'lines',
  unit: 'line',
  description: 'lines echoed over connections that stay open',
  mode: 'lines',
  servers: ['pants-string', 'pants-buffer', 'node-tuned', 'node-onread', 'node-plain'],
  shapes: [
    base,
    { ...base, connections: 1 },
    { ...base, depth: 64 },
    { ...base, connections: 1000 },
  ],
};
