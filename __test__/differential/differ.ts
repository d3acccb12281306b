import { isDeepStrictEqual } from 'node:util';

import { describe } from './describe.ts';
import type { Told } from './model.ts';
import type { Outcome } from './run.ts';
import type { Script } from './script.ts';

/** What scripts of one kind of channel are, and lead to. */
export interface Rules<S extends Script, E extends Told> {
  generate(seed: number): S;
  /** Null where what it leads to is a matter of timing. */
  simulate(script: S): E | null;
  /** The same script, with one thing less. */
  smaller(script: S): Iterable<S>;
}

/** Where one implementation plays scripts, many at a time. */
export interface Stage<S extends Script, E extends Told> {
  play(script: S, expectation: E): Promise<Outcome>;
  close(): Promise<void>;
}

/** A script with which one did not do what it should. */
export interface Difference {
  /** For a person. */
  readonly text: string;
  /** Leaves out of the script what it does not need to differ. */
  shrink(): Promise<Difference>;
}

/** A differ of whatever kind. */
export interface AnyDiffer {
  play(seed: number): Promise<Difference | null>;
  close(): Promise<void>;
}

/** Plays scripts on several implementations, and tells where one does not do what it should. */
export class Differ<S extends Script, E extends Told> implements AnyDiffer {
  readonly #rules: Rules<S, E>;
  readonly #stages: Map<string, Stage<S, E>>;

  constructor(rules: Rules<S, E>, stages: Map<string, Stage<S, E>>) {
    this.#rules = rules;
    this.#stages = stages;
  }

  async close(): Promise<void> {
    for (const stage of this.#stages.values()) await stage.close();
  }

  /** Null where all agree with the model, and so with each other. */
  async play(seed: number): Promise<Difference | null> {
    return this.#play(this.#rules.generate(seed));
  }

  async #play(script: S): Promise<Difference | null> {
    const expectation = this.#rules.simulate(script);
    if (expectation === null) return null;
    const plays = Array.from(this.#stages, async ([name, stage]) => {
      return [name, await stage.play(script, expectation)] as const;
    });
    const outcomes = Object.fromEntries(await Promise.all(plays));
    if (Object.values(outcomes).every((outcome) => agrees(outcome, expectation))) return null;
    const shrink = () => this.#shrink(script, difference);
    const difference = { text: describe(script, expectation, outcomes), shrink };
    return difference;
  }

  async #shrink(script: S, difference: Difference): Promise<Difference> {
    for (const one of this.#rules.smaller(script)) {
      const found = await this.#play(one);
      if (found !== null) return found.shrink();
    }
    return difference;
  }
}

function agrees(outcome: Outcome, expectation: Told): boolean {
  return (
    outcome.violations.length === 0 &&
    outcome.thrown === expectation.thrown &&
    isDeepStrictEqual(outcome.hooks, expectation.hooks)
  );
}
