import { isDeepStrictEqual } from 'node:util';

import type { Implementation } from '../helpers/implementation.ts';
import { type Expectation, simulate } from './model.ts';
import type { Outcome } from './run.ts';
import type { Script } from './script.ts';
import { Stage } from './stage.ts';

export interface Difference {
  script: Script;
  expectation: Expectation;
  outcomes: Record<string, Outcome>;
}

/** Plays scripts on several implementations, and tells where one does not do what it should. */
export class Differ {
  readonly #stages: Map<string, Stage>;
  /** Peers can reset their connections, which those of Unix sockets cannot. */
  readonly #hasReset: boolean;

  private constructor(stages: Map<string, Stage>, hasReset: boolean) {
    this.#stages = stages;
    this.#hasReset = hasReset;
  }

  static async open(implementations: Record<string, Implementation>): Promise<Differ> {
    const stages = new Map<string, Stage>();
    for (const [name, impl] of Object.entries(implementations)) {
      stages.set(name, await Stage.open(impl));
    }
    const overUnix = Object.values(implementations).some((impl) => 'directory' in impl);
    return new Differ(stages, !overUnix);
  }

  async close(): Promise<void> {
    for (const stage of this.#stages.values()) await stage.close();
  }

  /** Null where all agree with the model, and so with each other. */
  async play(given: Script): Promise<Difference | null> {
    const cannot = given.finish === 'reset' && !this.#hasReset;
    const script: Script = cannot ? { ...given, finish: 'fin' } : given;
    const expectation = simulate(script);
    const plays = Array.from(this.#stages, async ([name, stage]) => {
      return [name, await stage.play(script, expectation)] as const;
    });
    const outcomes = Object.fromEntries(await Promise.all(plays));
    const agree = Object.values(outcomes).every((outcome) => agrees(outcome, expectation));
    return agree ? null : { script, expectation, outcomes };
  }

  /** Leaves out of the script what it does not need to differ. */
  async shrink(difference: Difference): Promise<Difference> {
    let smallest = difference;
    for (let again = true; again; ) {
      again = false;
      for (const script of smaller(smallest.script)) {
        const found = await this.play(script);
        if (found === null) continue;
        smallest = found;
        again = true;
        break;
      }
    }
    return smallest;
  }
}

function agrees(outcome: Outcome, expectation: Expectation): boolean {
  return (
    outcome.violations.length === 0 &&
    outcome.thrown === expectation.thrown &&
    isDeepStrictEqual(outcome.hooks, expectation.hooks)
  );
}

/** The same script, with one thing less. */
function* smaller(script: Script): Generator<Script> {
  const { phases, onRead } = script;
  for (const at of phases.keys()) {
    if (phases.length > 1) yield { ...script, phases: phases.filter((_, other) => other !== at) };
  }
  for (const frame of Object.keys(onRead)) {
    const { [Number(frame)]: _, ...others } = onRead;
    yield { ...script, onRead: others };
  }
  for (const [frame, actions] of Object.entries(onRead)) {
    for (const fewer of without(actions))
      yield { ...script, onRead: { ...onRead, [frame]: fewer } };
  }
  for (const onEnd of without(script.onEnd)) yield { ...script, onEnd };
  for (const onOverflow of without(script.onOverflow)) yield { ...script, onOverflow };
  for (const [at, phase] of phases.entries()) {
    const replaced = (other: typeof phase) => ({ ...script, phases: phases.with(at, other) });
    for (const outside of without(phase.outside)) yield replaced({ ...phase, outside });
    for (const chunks of without(phase.chunks)) yield replaced({ ...phase, chunks });
  }
  if (script.encoding !== null) yield { ...script, encoding: null };
  if (script.finish !== 'fin') yield { ...script, finish: 'fin' };
  if (script.allowHalfOpen) yield { ...script, allowHalfOpen: false };
}

function* without<T>(list: T[]): Generator<T[]> {
  for (const at of list.keys()) yield list.filter((_, other) => other !== at);
}
