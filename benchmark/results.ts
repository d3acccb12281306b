// What a run has brought, as JSON: a file for each case.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Part } from './case.ts';
import type { Machine } from './machine.ts';
import type { Measurement } from './metrics.ts';
import { type Ratio, type Round, ratiosOf, type Spreads, spreadsOf } from './statistics.ts';
import type { Subject } from './subjects.ts';

export interface CaseResult {
  readonly case: string;
  readonly description: string;
  readonly date: string;
  readonly machine: Machine;
  /** Seconds measured per server and round. */
  readonly seconds: number;
  readonly parts: readonly PartResult[];
}

export interface PartResult extends Part {
  readonly servers: readonly ServerResult[];
  readonly ratios: readonly Ratio[];
  readonly rounds: readonly Readonly<Record<string, Measurement>>[];
}

export interface ServerResult {
  readonly name: string;
  readonly id: string;
  readonly ours: boolean;
  /** Of the runtime; null: it is compiled. */
  readonly version: string | null;
  /** What went wrong, a line for each round in which something did. */
  readonly errors: readonly string[];
  readonly spreads: Spreads;
}

export function summarize(
  part: Part,
  subjects: readonly Subject[],
  rounds: readonly Round[],
  errors: ReadonlyMap<string, readonly string[]>,
): PartResult {
  return {
    ...part,
    servers: subjects.map(({ name, id, ours, runtime }) => ({
      name,
      id,
      ours,
      version: runtime?.version ?? null,
      errors: errors.get(name) ?? [],
      spreads: spreadsOf(rounds, name),
    })),
    ratios: ratiosOf(rounds, subjects),
    rounds: rounds.map((round) => Object.fromEntries(round)),
  };
}

/** Returns the file's name. */
export function save(folder: string, result: CaseResult): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${result.case}.json`);
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  return file;
}
