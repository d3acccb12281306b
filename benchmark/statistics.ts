// Medians of the rounds, and ratios within them.

import { type Measurement, type Metric, metricNames } from './metrics.ts';
import type { Subject } from './subjects.ts';

/** What one round has brought, by the names of the servers; those that failed are missing. */
export type Round = ReadonlyMap<string, Measurement>;

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export type Spreads = Readonly<Record<Metric, Spread | null>>;

export interface Ratio {
  readonly server: string;
  readonly to: string;
  readonly spreads: Spreads;
}

export function spreadsOf(rounds: readonly Round[], server: string): Spreads {
  return spreads(rounds, (round, metric) => round.get(server)?.[metric]);
}

/** Of each server of this package to those it can be compared with, taken round by round. */
export function ratiosOf(rounds: readonly Round[], subjects: readonly Subject[]): Ratio[] {
  const ours = subjects.filter((subject) => subject.ours);
  return ours.flatMap((server) =>
    subjects
      .filter((to) => !to.ours && comparable(server, to))
      .map((to) => ({
        server: server.name,
        to: to.name,
        spreads: spreads(rounds, (round, metric) => {
          const value = round.get(server.name)?.[metric];
          const base = round.get(to.name)?.[metric];
          return value == null || !base ? null : value / base;
        }),
      })),
  );
}

/** On the same Node, and strings with strings. */
function comparable(server: Subject, to: Subject): boolean {
  if (to.runtime?.name !== 'node') return true;
  const sameKind =
    server.id === 'pants' || (server.id === 'pants-buffer') === (to.id === 'node-buffer');
  return sameKind && to.runtime.path === server.runtime?.path;
}

export function spread(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    min: at(0),
    max: at(sorted.length - 1),
  };
}

function spreads(
  rounds: readonly Round[],
  value: (round: Round, metric: Metric) => number | null | undefined,
): Spreads {
  const entries = metricNames.map((metric) => {
    const values = rounds.map((round) => value(round, metric));
    return [metric, spread(values.filter((each) => each != null))];
  });
  return Object.fromEntries(entries);
}
