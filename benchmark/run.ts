// Compares echo servers under load:  npm run bench -- lines [options]
//
// Rounds are interleaved (A B C A B C …), with fresh processes each time: what disturbs the machine
// for a while disturbs every server alike, and ratios are taken within a round.

import { Load } from './load.ts';
import { describeMachine } from './machine.ts';
import { parseOptions } from './options.ts';
import { printReport } from './report.ts';
import { runnable } from './scenario.ts';
import { ServerProcess } from './server-process.ts';
import { type Measurement, summarize } from './statistics.ts';

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  const machine = describeMachine();
  const servers = runnable(options.servers, (message) => console.error(message));
  if (servers.length === 0) throw new Error('no server is left to measure');
  const load = await Load.build();
  const reports = [];
  for (const shape of options.shapes) {
    const rounds: Map<string, Measurement>[] = [];
    for (let round = 1; round <= options.rounds; round += 1) {
      const measured = new Map<string, Measurement>();
      for (const name of servers) {
        await using server = await ServerProcess.start(name);
        const measurement = await load.measure(options.scenario.mode, server, shape);
        measured.set(name, measurement);
        const throughput = Math.round(measurement.throughput).toLocaleString('en');
        console.error(`round ${round}/${options.rounds}  ${name}  ${throughput}/s`);
      }
      rounds.push(measured);
    }
    reports.push({ scenario: options.scenario.name, shape, ...summarize(servers, rounds) });
  }

  if (options.json) {
    console.log(JSON.stringify({ machine, reports }, null, 2));
  } else {
    console.log(`\n${machine.text}`);
    for (const report of reports) printReport(options.scenario, report);
  }
}

/** Of a failure and of what failed while cleaning up after it, too. */
function messages(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  if ('suppressed' in error && 'error' in error) {
    return [...messages(error.suppressed), ...messages(error.error)];
  }
  return [error.message];
}

try {
  await main();
} catch (error) {
  for (const message of messages(error)) console.error(`bench: ${message}`);
  process.exitCode = 1;
}
