import { isDeepStrictEqual } from 'node:util';

import fc, { type Arbitrary, type Parameters } from 'fast-check';

import { describe } from './describe.ts';
import type { Told } from './model.ts';
import type { Outcome } from './run.ts';
import type { Script } from './script.ts';

/** How long a script is shrunk, in milliseconds: where one stalls, each step takes its time. */
const PATIENCE = 60_000;

/** Null where what the script leads to is a matter of timing. */
export type Simulate<S extends Script, E extends Told> = (script: S) => E | null;

/** Where one implementation plays scripts, many at a time. */
export interface Stage<S extends Script, E extends Told> {
  play(script: S, expectation: E): Promise<Outcome>;
  close(): Promise<void>;
}

/** Where one did not do what it should. */
export interface Difference {
  readonly script: Script;
  /** For a person. */
  readonly text: string;
}

/** A differ of whatever kind. */
export interface AnyDiffer {
  play(seed: number): Promise<Difference | null>;
  /** A script that was printed. */
  replay(script: unknown): Promise<Difference | null>;
  /** Leaves out of a seed's script what it does not need to differ; null where it does not differ again. */
  shrink(seed: number): Promise<Difference | null>;
  close(): Promise<void>;
}

/** Plays scripts on several implementations, and tells where one does not do what it should. */
export class Differ<S extends Script, E extends Told> implements AnyDiffer {
  readonly #scripts: Arbitrary<S>;
  readonly #simulate: Simulate<S, E>;
  readonly #stages: Map<string, Stage<S, E>>;

  constructor(scripts: Arbitrary<S>, simulate: Simulate<S, E>, stages: Map<string, Stage<S, E>>) {
    this.#scripts = scripts;
    this.#simulate = simulate;
    this.#stages = stages;
  }

  async close(): Promise<void> {
    for (const stage of this.#stages.values()) await stage.close();
  }

  /** Null where all agree with the model, and so with each other. */
  async play(seed: number): Promise<Difference | null> {
    const [script] = fc.sample(this.#scripts, one(seed));
    return this.#play(script as S);
  }

  async replay(script: unknown): Promise<Difference | null> {
    return this.#play(script as S);
  }

  async shrink(seed: number): Promise<Difference | null> {
    let smallest: Difference | null = null;
    let playing: Promise<Difference | null> = Promise.resolve(null);
    const agrees = fc.asyncProperty(this.#scripts, async (script) => {
      playing = this.#play(script);
      const difference = await playing;
      smallest = difference ?? smallest;
      return difference === null;
    });
    await fc.check(agrees, { ...one(seed), interruptAfterTimeLimit: PATIENCE });
    // It does not wait for the one that is under way when time is up.
    await playing;
    return smallest;
  }

  async #play(script: S): Promise<Difference | null> {
    const expectation = this.#simulate(script);
    if (expectation === null) return null;
    const plays = Array.from(this.#stages, async ([name, stage]) => {
      return [name, await stage.play(script, expectation)] as const;
    });
    const outcomes = Object.fromEntries(await Promise.all(plays));
    if (Object.values(outcomes).every((outcome) => agrees(outcome, expectation))) return null;
    return { script, text: describe(script, expectation, outcomes) };
  }
}

/** The one script of a seed. */
function one<T>(seed: number): Parameters<T> {
  return { seed, numRuns: 1, unbiased: true };
}

function agrees(outcome: Outcome, expectation: Told): boolean {
  return (
    outcome.violations.length === 0 &&
    outcome.thrown === expectation.thrown &&
    isDeepStrictEqual(outcome.hooks, expectation.hooks)
  );
}
