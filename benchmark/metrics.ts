// What is measured of a server, and how it is shown.

/** One server in one round. Null: the platform or the runtime does not say. */
export interface Measurement {
  /** Messages a second. */
  readonly throughput: number;
  /** Megabytes (10^6) a second, one way. */
  readonly megabytes: number;
  /** Microseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Microseconds of CPU time a message: of all threads. */
  readonly cpu: number | null;
  /** Of the thread that runs JavaScript. */
  readonly jsCpu: number | null;
  /** Of the load generator. */
  readonly loadCpu: number;
  /** Datagrams that were lost, per hundred. */
  readonly lost: number;
  /** Resident bytes a connection. */
  readonly memory: number | null;
  /** Share of the time in which the event loop was not idle. */
  readonly utilisation: number | null;
  /** Milliseconds by which timers were late, of 99 in 100. */
  readonly delay: number | null;
}

export type Metric = keyof Measurement;

interface Display {
  /** What stands above its column; `unit` is what the case counts. */
  readonly heading: (unit: string) => string;
  readonly digits: number;
  /** Whether the ratio of two servers means something. */
  readonly compared: boolean;
}

const show = (heading: string, digits: number, compared = true): Display => ({
  heading: () => heading,
  digits,
  compared,
});

export const metrics: Readonly<Record<Metric, Display>> = {
  throughput: { heading: (unit) => `${unit}s/s`, digits: 0, compared: true },
  megabytes: show('MB/s', 0, false),
  p50: show('p50 µs', 0),
  p99: show('p99 µs', 0),
  cpu: show('CPU, process', 2),
  jsCpu: show('CPU, JS thread', 2),
  loadCpu: show('CPU, load', 2, false),
  lost: show('lost, %', 2, false),
  memory: show('bytes a connection', 0),
  utilisation: show('loop utilisation', 3),
  delay: show('loop delay p99, ms', 2),
};

export const metricNames = Object.keys(metrics) as readonly Metric[];
