// What this package is to reach, as ratios to a server of the same case.

import type { Metric } from './metrics.ts';

export interface Target {
  /** What it is called in the table. */
  readonly name: string;
  readonly case: string;
  /** Its part's title. */
  readonly part: string;
  readonly metric: Metric;
  /** The server of this package. */
  readonly server: string;
  /** Of `node:net` or `node:dgram`, tuned by hand. */
  readonly peer: string;
  /** The bounds of the ratios to that peer, to Bun and to the bare echo server; null: none. */
  readonly node: number | null;
  readonly bun: number | null;
  readonly mio: number | null;
}

/** Less is better; of the others, more. */
export const isCost = (metric: Metric): boolean => metric !== 'throughput';

type Bounds = Partial<Pick<Target, 'node' | 'bun' | 'mio'>>;

/** `servers`: of this package and of Node. */
function target(
  name: string,
  [kase, part]: readonly [string, string],
  metric: Metric,
  bounds: Bounds,
  [server, peer]: readonly [string, string] = ['pants', 'node-tuned'],
): Target {
  return {
    ...{ name, case: kase, part, metric, server, peer },
    ...{ node: null, bun: null, mio: null, ...bounds },
  };
}

const strings = ['pants-string', 'node-tuned'] as const;
const buffers = ['pants-buffer', 'node-buffer'] as const;
const ping = (connections: string) => ['ping', `${connections} connections`] as const;
const pipeline = (depth: number) => ['pipeline', `64 connections, ${depth} in flight`] as const;
const switching = ['switching', '50 connections, 16 commands in flight'] as const;
const answers = ['answers', '64 connections'] as const;
const echo = (depth: number) => ['udp', `echo, 64 bytes, ${depth} in flight`] as const;

export const targets: readonly Target[] = [
  target(
    'ping, 1 connection: p50',
    ['ping', '1 connection'],
    'p50',
    { node: 1, bun: 1.1 },
    strings,
  ),
  target('ping, 64', ping('64'), 'throughput', { node: 1.45, bun: 1, mio: 0.92 }, strings),
  target('ping, 64: JS thread', ping('64'), 'jsCpu', { node: 0.125 }, strings),
  target('ping, 1,000', ping('1000'), 'throughput', { node: 1.5, bun: 1.15, mio: 0.92 }, strings),
  target('ping, 1,000: JS thread', ping('1000'), 'jsCpu', { node: 0.1 }, strings),
  target('ping, 10,000', ping('10000'), 'throughput', { node: 1.5, bun: 1.15, mio: 0.92 }, strings),
  target('ping, 10,000: JS thread', ping('10000'), 'jsCpu', { node: 0.1 }, strings),
  target('pipeline, 64 × 64, strings', pipeline(64), 'throughput', { node: 2, bun: 1.5 }, strings),
  target('pipeline, 64 × 64, strings: JS thread', pipeline(64), 'jsCpu', { node: 0.48 }, strings),
  target(
    'pipeline, 64 × 256, strings',
    pipeline(256),
    'throughput',
    { node: 1.7, bun: 1.5 },
    strings,
  ),
  target('pipeline, 64 × 64, Buffers', pipeline(64), 'throughput', { node: 1.4, bun: 1 }, buffers),
  target('pipeline, 64 × 64, Buffers: JS thread', pipeline(64), 'jsCpu', { node: 0.5 }, buffers),
  target(
    'pipeline, 1 × 64, strings',
    ['pipeline', '1 connection, 64 in flight'],
    'throughput',
    { node: 1.1, bun: 1 },
    strings,
  ),
  target('switching', switching, 'throughput', { node: 1.2 }),
  target('switching: JS thread', switching, 'jsCpu', { node: 1 }),
  target('100 kB answers', answers, 'throughput', { node: 1.1, bun: 0.9 }),
  target('100 kB answers: CPU', answers, 'cpu', { node: 1 }),
  target('bulk, 1', ['bulk', '1 connection'], 'throughput', { node: 1, bun: 0.9 }),
  target('bulk, 16', ['bulk', '16 connections'], 'throughput', { node: 1, bun: 0.9 }),
  target('sendfile', ['sendfile', '1 connection'], 'throughput', { node: 2 }),
  target('sendfile: CPU', ['sendfile', '1 connection'], 'cpu', { node: 0.3 }),
  target('churn', ['churn', '32 at a time'], 'throughput', { node: 2.3, bun: 1.1 }, strings),
  target('fanout', ['fanout', '1,000 connections'], 'throughput', { node: 2.5, bun: 1.5 }),
  target('UDP echo, 1 in flight: p50', echo(1), 'p50', { node: 1, bun: 1.1 }),
  target('UDP echo, 512 in flight', echo(512), 'throughput', { node: 4.5, bun: 2 }),
  target('UDP receive', ['udp', 'receive, 64 bytes'], 'throughput', { node: 5, bun: 2 }),
  target('UDP send', ['udp', 'send, 64 bytes'], 'throughput', { node: 5, bun: 2 }),
  target('idle: memory', ['idle', '5,000 connections'], 'memory', { node: 0.7 }, strings),
  target('busy: loop utilisation', ['busy', '64 connections'], 'utilisation', { node: 0.5 }),
  target('busy: loop delay', ['busy', '64 connections'], 'delay', { node: 1 }),
];
