// Medians of the rounds, and ratios within them.

/** One server in one round. CPU times and latencies in microseconds, CPU per message. */
export interface Measurement {
  readonly throughput: number;
  /** Megabytes (10^6) a second, one way. */
  readonly megabytes: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpu: number;
  readonly jsCpu: number | null;
  /** Of the load generator. */
  readonly loadCpu: number;
}

export type Metric = keyof Measurement;

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export type Spreads = Readonly<Record<Metric, Spread | null>>;

export interface Summary {
  readonly rounds: readonly Readonly<Record<string, Measurement>>[];
  readonly servers: readonly { readonly name: string; readonly spreads: Spreads }[];
  /** Of one server to another, taken round by round. */
  readonly ratios: readonly {
    readonly server: string;
    readonly to: string;
    readonly spreads: Spreads;
  }[];
}

const metrics: readonly Metric[] = [
  'throughput',
  'megabytes',
  'p50',
  'p99',
  'cpu',
  'jsCpu',
  'loadCpu',
];

export function summarize(
  servers: readonly string[],
  rounds: readonly ReadonlyMap<string, Measurement>[],
): Summary {
  return {
    rounds: rounds.map((round) => Object.fromEntries(round)),
    servers: servers.map((name) => ({
      name,
      spreads: spreads(rounds, (round, metric) => round.get(name)?.[metric]),
    })),
    ratios: pairs(servers).map(([server, to]) => ({
      server,
      to,
      spreads: spreads(rounds, (round, metric) => {
        const value = round.get(server)?.[metric];
        const base = round.get(to)?.[metric];
        return value == null || base == null ? null : value / base;
      }),
    })),
  };
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

function spreads<Round>(
  rounds: readonly Round[],
  value: (round: Round, metric: Metric) => number | null | undefined,
): Spreads {
  const entries = metrics.map((metric) => {
    const values = rounds.map((round) => value(round, metric));
    return [metric, spread(values.filter((each) => each != null))];
  });
  return Object.fromEntries(entries);
}

function pairs(names: readonly string[]): readonly (readonly [string, string])[] {
  return names.flatMap((name, index) =>
    names.slice(index + 1).map((other) => [name, other] as const),
  );
}
