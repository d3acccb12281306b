// The command line.

import { parseArgs } from 'node:util';
import type { Case } from './case.ts';
import { cases } from './cases.ts';

export interface Options {
  readonly cases: readonly Case[];
  /** Ids of servers; null: all. */
  readonly only: readonly string[] | null;
  /** Binaries of Node. */
  readonly nodes: readonly string[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUp: number;
  /** Where the results go. */
  readonly out: string;
}

const help = `npm run bench -- [case…] [options]

${cases.map(({ name, description }) => `  ${name.padEnd(14)}${description}`).join('\n')}

Without a case, all of them.

  --part <text>     only parts of a case whose title contains it
  --only <a,b,…>    only these servers, such as pants-string,node-tuned
  --node <binary>   the Node to run servers with, "newest" for that of bench:peers;
                    can be given several times (default: the one that runs this)
  --rounds <n>      interleaved rounds (5)
  --seconds <s>     seconds measured per server and round (3)
  --warm-up <s>     seconds of load before that (1)
  --out <folder>    where results and charts go (benchmark/results)
`;

/** Ends the process after `--help`, and throws on what it does not understand. */
export function parseOptions(args: string[]): Options {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      part: { type: 'string' },
      only: { type: 'string' },
      node: { type: 'string', multiple: true, default: [process.execPath] },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
      'warm-up': { type: 'string', default: '1' },
      out: { type: 'string', default: 'benchmark/results' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(help);
    process.exit();
  }
  return {
    cases: pickCases(positionals, values.part),
    only: values.only?.split(',') ?? null,
    nodes: values.node,
    rounds: parseCount('rounds', values.rounds),
    seconds: parseSeconds('seconds', values.seconds),
    warmUp: parseSeconds('warm-up', values['warm-up']),
    out: values.out,
  };
}

function pickCases(names: readonly string[], part: string | undefined): readonly Case[] {
  const unknown = names.find((name) => cases.every((each) => each.name !== name));
  if (unknown !== undefined) {
    throw new Error(`"${unknown}" is none of ${cases.map(({ name }) => name).join(', ')}`);
  }
  const picked = cases
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .map((each) => ({
      ...each,
      parts: each.parts.filter(({ title }) => title.includes(part ?? '')),
    }))
    .filter(({ parts }) => parts.length > 0);
  if (picked.length === 0) throw new Error(`no title of a part contains "${part}"`);
  return picked;
}

function parseCount(name: string, text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new Error(`--${name}: a positive integer, not "${text}"`);
  }
  return count;
}

function parseSeconds(name: string, text: string): number {
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds <= 0) {
    throw new Error(`--${name}: a positive number of seconds, not "${text}"`);
  }
  return seconds;
}
