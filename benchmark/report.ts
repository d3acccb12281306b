// Tables for people.

import Table from 'cli-table3';
import { type Metric, metrics } from './metrics.ts';
import type { PartResult } from './results.ts';
import type { Spread, Spreads } from './statistics.ts';

const style = { head: [], border: [], compact: true };

export function printPart(name: string, part: PartResult): void {
  console.log(`\n${name}, ${part.title}`);
  const rounds = part.rounds.length;
  console.log(
    `${rounds === 1 ? 'one round' : `medians of ${rounds} rounds`}; CPU in µs per ${part.unit}`,
  );
  const failed = part.servers.some(({ errors }) => errors.length > 0);
  printTable(
    ['server', ...headings(part, part.columns), ...(failed ? ['errors'] : [])],
    part.servers.map(({ name, spreads, errors }) => [
      name,
      ...part.columns.map((metric) => format(spreads[metric], metrics[metric].digits)),
      ...(failed ? [String(errors.length)] : []),
    ]),
  );
  for (const { name, errors } of part.servers) {
    for (const error of new Set(errors)) console.log(`${name}: ${error}`);
  }
  const compared = part.columns.filter((metric) => metrics[metric].compared);
  // Megabytes are throughput in another unit.
  if (!compared.includes('throughput') && part.columns.includes('megabytes')) {
    compared.unshift('megabytes');
  }
  if (part.ratios.length === 0) return;
  console.log('ratios, taken within each round: median (min..max)');
  printTable(
    ['ratio', ...headings(part, compared)],
    part.ratios.map(({ server, to, spreads }) => [
      `${server} / ${to}`,
      ...compared.map((metric) => formatRatio(spreads, metric)),
    ]),
  );
}

function headings({ unit }: PartResult, columns: readonly Metric[]): string[] {
  return columns.map((metric) => metrics[metric].heading(unit));
}

function printTable(head: readonly string[], rows: readonly string[][]): void {
  const [, ...numbers] = head;
  const colAligns = ['left' as const, ...numbers.map(() => 'right' as const)];
  const table = new Table({ head: [...head], colAligns, style });
  table.push(...rows);
  console.log(table.toString());
}

export function format(spread: Spread | null, digits: number): string {
  // The platform does not say.
  if (spread === null) return '–';
  return spread.median.toLocaleString('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

function formatRatio(spreads: Spreads, metric: Metric): string {
  const spread = spreads[metric];
  if (spread === null) return '–';
  const [median, min, max] = [spread.median, spread.min, spread.max].map((value) =>
    value.toFixed(2),
  );
  return `${median} (${min}..${max})`;
}
