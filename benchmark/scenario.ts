// What is compared, under which load.

import { existsSync, readdirSync } from 'node:fs';
import { bulk } from './scenarios/bulk.ts';
import { churn } from './scenarios/churn.ts';
import { lines } from './scenarios/lines.ts';

/** One load on one set of servers. */
export interface Scenario {
  readonly name: string;
  /** What is counted: one of it is what throughput and CPU are given for. */
  readonly unit: string;
  readonly description: string;
  /** The mode of the load generator. */
  readonly mode: 'lines' | 'churn' | 'bulk';
  /** Files in servers/, without their extension. */
  readonly servers: readonly string[];
  /** The first one is run unless options say otherwise; `--all` runs each. */
  readonly shapes: readonly [Shape, ...Shape[]];
}

/** How much of it. */
export interface Shape {
  readonly connections: number;
  /** Messages in flight on each connection. */
  readonly depth: number;
  /** Bytes of a message, its line feed included. */
  readonly size: number;
  readonly seconds: number;
  readonly warmUp: number;
}

export const scenarios: ReadonlyMap<string, Scenario> = new Map(
  [lines, churn, bulk].map((scenario) => [scenario.name, scenario]),
);

/** Without the servers that cannot run because the native module has not been built. */
export function runnable(
  servers: readonly string[],
  warn: (message: string) => void,
): readonly string[] {
  const needsNative = servers.filter((name) => name.startsWith('pants-'));
  if (needsNative.length === 0 || isBuilt()) return servers;
  warn(`skipping ${needsNative.join(', ')}: pants-native is not built (npm run build)`);
  return servers.filter((name) => !needsNative.includes(name));
}

function isBuilt(): boolean {
  const native = new URL('../native/', import.meta.url);
  return existsSync(native) && readdirSync(native).some((name) => name.endsWith('.node'));
}
