import type { Scenario } from '../scenario.ts';

/** Large transfers, as they arrive, without framing: what a byte costs. */
export const bulk: Scenario = {
  name: 'bulk',
  unit: 'message',
  description: 'large messages echoed as they arrive',
  mode: 'bulk',
  servers: ['pants-raw', 'node-pipe'],
  shapes: [{ connections: 4, depth: 16, size: 65_536, seconds: 3, warmUp: 1 }],
};
