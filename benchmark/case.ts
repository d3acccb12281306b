// What is compared, under which load.

import type { Metric } from './metrics.ts';

export interface Case {
  readonly name: string;
  readonly description: string;
  readonly parts: readonly Part[];
}

/** One load on one set of servers. */
export interface Part {
  readonly title: string;
  /** What is counted: one of it is what throughput and CPU are given for. */
  readonly unit: string;
  /** The folder in servers/: every server in it takes part. */
  readonly program: string;
  readonly load: Load;
  readonly columns: readonly Metric[];
  /** What its chart shows. */
  readonly chart: Metric;
  /** On a Unix socket. */
  readonly unix?: boolean;
}

/** What the load generator is asked for; see its `--help`. */
export interface Load {
  readonly mode:
    | 'lines'
    | 'churn'
    | 'bulk'
    | 'fanout'
    | 'paced'
    | 'idle'
    | 'datagrams'
    | 'flood'
    | 'sink';
  readonly connections: number;
  /** Messages in flight on each. */
  readonly depth?: number;
  /** Bytes of a message. */
  readonly size?: number;
  readonly framing?: 'line' | 'length' | 'resp';
  /** Bytes that the server sends behind each echo. */
  readonly answer?: number;
  /** Messages a second, where that is fixed. */
  readonly rate?: number;
}
