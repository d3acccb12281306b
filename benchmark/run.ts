// Compares servers under load:  npm run bench -- [case…] [options]
//
// Rounds are interleaved (A B C A B C …), with fresh processes each time: what disturbs the machine
// for a while disturbs every server alike, and ratios are taken within a round.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Part } from './case.ts';
import { describeMachine, tell } from './machine.ts';
import { longest, measure } from './measure.ts';
import { type Measurement, metrics } from './metrics.ts';
import { type Options, parseOptions } from './options.ts';
import { buildPrograms, type Programs } from './programs.ts';
import { Progress } from './progress.ts';
import { format, printPart } from './report.ts';
import { type PartResult, save, summarize } from './results.ts';
import { Scratch } from './scratch.ts';
import { ServerProcess } from './server-process.ts';
import { spread } from './statistics.ts';
import { type Subject, Subjects } from './subjects.ts';

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  const programs = await buildPrograms();
  const subjects = await Subjects.find(options, programs.echo);
  using scratch = new Scratch();
  const all = options.cases.flatMap(({ parts }) => parts);
  const progress = new Progress(
    all.reduce((sum, part) => sum + subjects.for(part).length * options.rounds, 0),
  );
  for (const { name, description, parts } of options.cases) {
    const machine = describeMachine(subjects.runtimes);
    const results: PartResult[] = [];
    for (const part of parts) {
      results.push(await compare(name, part, { options, programs, subjects, scratch, progress }));
    }
    console.log(`\n${name}: ${description}\n${tell(machine)}`);
    for (const result of results) printPart(name, result);
    const file = save(options.out, {
      case: name,
      description,
      date: new Date().toISOString(),
      machine,
      seconds: options.seconds,
      parts: results,
    });
    draw(file);
  }
}

interface Run {
  readonly options: Options;
  readonly programs: Programs;
  readonly subjects: Subjects;
  readonly scratch: Scratch;
  readonly progress: Progress;
}

/** A server that fails in one round is measured in the next all the same. */
async function compare(name: string, part: Part, run: Run): Promise<PartResult> {
  const { options, subjects, progress } = run;
  const rounds: Map<string, Measurement>[] = [];
  const errors = new Map<string, string[]>();
  for (let round = 1; round <= options.rounds; round += 1) {
    const measured = new Map<string, Measurement>();
    for (const subject of subjects.for(part)) {
      const what = `${name}, ${part.title}, round ${round}: ${subject.name}`;
      try {
        const measurement = await measureOnce(subject, part, run);
        measured.set(subject.name, measurement);
        progress.tell(`${what}  ${headline(part, measurement)}`);
      } catch (error) {
        const text = messages(error).join('; ');
        errors.set(subject.name, [...(errors.get(subject.name) ?? []), text]);
        process.exitCode = 1;
        progress.tell(`${what}  FAILED: ${text}`);
      }
    }
    rounds.push(measured);
  }
  return summarize(part, subjects.for(part), rounds, errors);
}

async function measureOnce(subject: Subject, part: Part, run: Run): Promise<Measurement> {
  const { options, programs, scratch } = run;
  await using server = await ServerProcess.start(subject, {
    path: scratch.socketFor(part),
    environment: scratch.environmentFor(part),
    lifetime: longest(options) + 30_000,
  });
  return await measure(programs.load, server, part.load, options);
}

function headline(part: Part, measurement: Measurement): string {
  const { heading, digits } = metrics[part.chart];
  const value = measurement[part.chart];
  return `${format(spread(value === null ? [] : [value]), digits)} ${heading(part.unit)}`;
}

/** A program of its own: what draws needs types of a browser, which servers must not see. */
function draw(file: string): void {
  const program = fileURLToPath(new URL('charts/draw.ts', import.meta.url));
  execFileSync(process.execPath, ['--import', '@oxc-node/core/register', program, file], {
    stdio: 'inherit',
  });
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
