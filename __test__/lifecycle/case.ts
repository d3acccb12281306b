import type { Running } from './running.ts';

/** One way in which a process, or a worker, ends, or what must not end it. */
export interface Case {
  name: string;
  /** In `fixtures/`. */
  fixture: string;
  /** What differs from run to run follows from the seed. `size`: how many workers. */
  args(seed: number, size: number): string[];
  expect(seed: number): Ending;
  /** What the runner does while the fixture runs. */
  steps?(running: Running): Promise<void>;
  nodeArguments?: string[];
  /** The limit of open descriptors. */
  descriptors?: number;
  /** Milliseconds until it counts as hung. */
  patience?: number;
  /** Many workers in one process, rather than many processes. */
  workers?: 'most' | 'some';
  /** In how many of a full run's repetitions it takes part, where it is slow; 1: in all. */
  share?: number;
  /** Only in full runs: `npm test` has others like it. */
  long?: boolean;
}

/** How a process shall end. */
export interface Ending {
  /** 0 where nothing else is said. */
  code?: number;
  signal?: NodeJS.Signals;
  /** Nothing, where nothing else is said. */
  stdout?: string | RegExp;
  stderr?: RegExp;
}
