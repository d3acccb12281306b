// Tables for people.

import Table from 'cli-table3';
import type { Scenario, Shape } from './scenario.ts';
import type { Metric, Spread, Spreads, Summary } from './statistics.ts';

const style = { head: [], border: [], compact: true };

export function printReport(scenario: Scenario, report: Summary & { shape: Shape }): void {
  const { shape } = report;
  console.log(
    `\n${scenario.name}: ${shape.connections} connection${shape.connections === 1 ? '' : 's'} × ` +
      `${shape.depth} in flight, ` +
      `${shape.size} bytes, ${report.rounds.length} rounds × ${shape.seconds} s`,
  );
  const columns = columnsFor(scenario);
  console.log(`medians of the rounds; CPU in µs per ${scenario.unit}`);
  printTable(
    'server',
    columns,
    (metric) => digitsOf[metric],
    report.servers,
    ({ name }) => name,
  );
  if (report.ratios.length === 0) return;
  console.log('ratios, taken within each round: median (min..max)');
  printTable(
    'ratio',
    columns.filter(([metric]) => metric !== 'loadCpu' && metric !== 'megabytes'),
    () => 'ratio',
    report.ratios,
    ({ server, to }) => `${server} / ${to}`,
  );
}

function columnsFor(scenario: Scenario): readonly (readonly [Metric, string])[] {
  return [
    ['throughput', `${scenario.unit}s/s`],
    ...(scenario.mode === 'bulk' ? [['megabytes', 'MB/s'] as const] : []),
    ['p50', 'p50 µs'],
    ['p99', 'p99 µs'],
    ['cpu', 'CPU, process'],
    ['jsCpu', 'CPU, JS thread'],
    ['loadCpu', 'CPU, load'],
  ];
}

const digitsOf: Readonly<Record<Metric, number>> = {
  throughput: 0,
  megabytes: 0,
  p50: 0,
  p99: 0,
  cpu: 2,
  jsCpu: 2,
  loadCpu: 2,
};

function printTable<Row extends { readonly spreads: Spreads }>(
  title: string,
  columns: readonly (readonly [Metric, string])[],
  digits: (metric: Metric) => number | 'ratio',
  rows: readonly Row[],
  label: (row: Row) => string,
): void {
  const table = new Table({
    head: [title, ...columns.map(([, heading]) => heading)],
    colAligns: ['left', ...columns.map(() => 'right' as const)],
    style,
  });
  for (const row of rows) {
    table.push([
      label(row),
      ...columns.map(([metric]) => format(row.spreads[metric], digits(metric))),
    ]);
  }
  console.log(table.toString());
}

function format(spread: Spread | null, digits: number | 'ratio'): string {
  // The platform does not say.
  if (spread === null) return '–';
  if (digits === 'ratio') {
    const [median, min, max] = [spread.median, spread.min, spread.max].map((value) =>
      value.toFixed(2),
    );
    return `${median} (${min}..${max})`;
  }
  return spread.median.toLocaleString('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}
