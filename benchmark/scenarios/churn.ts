import type { Scenario } from '../scenario.ts';

/** Connect, one line, its echo, close: what a connection costs. */
export const churn: Scenario = {
  name: 'churn',
  unit: 'connection',
  description: 'connections opened for one line each',
  mode: 'churn',
  servers: ['pants-string', 'node-tuned', 'node-plain'],
  shapes: [{ connections: 64, depth: 1, size: 64, seconds: 3, warmUp: 1 }],
};
