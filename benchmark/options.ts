// The command line.

import { parseArgs } from 'node:util';
import { type Scenario, type Shape, scenarios } from './scenario.ts';

export interface Options {
  readonly scenario: Scenario;
  readonly servers: readonly string[];
  readonly shapes: readonly Shape[];
  readonly rounds: number;
  readonly json: boolean;
}

const help = `npm run bench -- <scenario> [options]

${[...scenarios.values()].map(({ name, description }) => `  ${name.padEnd(8)}${description}`).join('\n')}

  --all                every shape of the scenario, not only its first
  --connections <n>    connections open at the same time
  --depth <n>          messages in flight on each
  --size <bytes>       bytes of a message, its line feed included
  --rounds <n>         interleaved rounds (5)
  --seconds <s>        seconds measured per server and round
  --warm-up <s>        seconds of load before that
  --only <a,b,…>       these servers only
  --json               print everything as JSON
`;

/** Ends the process after `--help`, and throws on what it does not understand. */
export function parseOptions(args: string[]): Options {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      all: { type: 'boolean' },
      connections: { type: 'string' },
      depth: { type: 'string' },
      size: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string' },
      'warm-up': { type: 'string' },
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(help);
    process.exit();
  }
  const scenario = pickScenario(positionals);
  const given: Partial<Shape> = {
    ...option('connections', values.connections, parseCount),
    ...option('depth', values.depth, parseCount),
    ...option('size', values.size, parseCount),
    ...option('seconds', values.seconds, parseSeconds),
    ...option('warmUp', values['warm-up'], parseSeconds),
  };
  const shapes = values.all ? scenario.shapes : scenario.shapes.slice(0, 1);
  return {
    scenario,
    servers: pickServers(scenario, values.only),
    shapes: shapes.map((shape) => ({ ...shape, ...given })),
    rounds: parseCount('rounds', values.rounds),
    json: values.json,
  };
}

function pickScenario(positionals: string[]): Scenario {
  const [name = 'lines', ...surplus] = positionals;
  const scenario = scenarios.get(name);
  if (scenario === undefined || surplus.length > 0) {
    throw new Error(
      `one scenario of ${[...scenarios.keys()].join(', ')}, not "${positionals.join(' ')}"`,
    );
  }
  return scenario;
}

function pickServers(scenario: Scenario, only: string | undefined): readonly string[] {
  if (only === undefined) return scenario.servers;
  const names = only.split(',');
  const unknown = names.find((name) => !scenario.servers.includes(name));
  if (unknown !== undefined) {
    throw new Error(`--only: "${unknown}" is not one of ${scenario.servers.join(', ')}`);
  }
  return names;
}

function option<Name extends keyof Shape>(
  name: Name,
  text: string | undefined,
  parse: (name: string, text: string) => number,
): Partial<Shape> {
  return text === undefined ? {} : { [name]: parse(name, text) };
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
