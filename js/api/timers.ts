/** Pants' timers. */

import { invalidType, invalidValue } from '../check/errors.ts';

type Call<A extends unknown[]> = (...args: A) => void;

/** @internal */
export class Timers {
  #active = new Set<() => void>();

  callback<A extends unknown[]>(fn: Call<A>, args: A): () => void {
    checkFunction(fn);
    const cancel = this.#add(() => clearImmediate(immediate));
    const immediate = setImmediate(() => {
      this.#active.delete(cancel);
      fn(...args);
    });
    return cancel;
  }

  loop<A extends unknown[]>(fn: Call<A>, args: A): () => void {
    checkFunction(fn);
    let immediate: NodeJS.Immediate;
    const turn = () => {
      // Before the call: it goes on whatever `fn` throws.
      immediate = setImmediate(turn);
      fn(...args);
    };
    immediate = setImmediate(turn);
    return this.#add(() => clearImmediate(immediate));
  }

  defer<A extends unknown[]>(seconds: number, fn: Call<A>, args: A): () => void {
    const ms = checkDelay(seconds);
    checkFunction(fn);
    const wait = new Wait(() => {
      this.#active.delete(cancel);
      fn(...args);
    });
    const cancel = this.#add(() => wait.stop());
    wait.start(ms);
    return cancel;
  }

  cycle<A extends unknown[]>(seconds: number, fn: Call<A>, args: A): () => void {
    const ms = checkDelay(seconds);
    checkFunction(fn);
    const wait = new Wait(() => {
      // Before the call: it goes on whatever `fn` throws.
      wait.start(ms);
      fn(...args);
    });
    wait.start(ms);
    return this.#add(() => wait.stop());
  }

  clear(): void {
    for (const cancel of [...this.#active]) cancel();
  }

  #add(stop: () => void): () => void {
    const cancel = () => {
      this.#active.delete(cancel);
      stop();
    };
    this.#active.add(cancel);
    return cancel;
  }
}

/** The longest time that one of Node's timers takes: 24.8 days. */
const LONGEST = 0x7fff_ffff;

/** A time of any length: as many of Node's timers, one after the other, as it takes. */
class Wait {
  #over: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(over: () => void) {
    this.#over = over;
  }

  start(ms: number): void {
    const next = ms > LONGEST ? () => this.start(ms - LONGEST) : this.#over;
    this.#timer = setTimeout(next, Math.min(ms, LONGEST));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

function checkFunction(fn: unknown): void {
  if (typeof fn !== 'function') throw invalidType('fn', 'a function', fn);
}

/** Seconds, as Pants has them; in milliseconds, as Node's timers take them. */
function checkDelay(seconds: unknown): number {
  if (typeof seconds !== 'number') throw invalidType('seconds', 'a number', seconds);
  if (!(seconds >= 0 && seconds < Infinity)) {
    throw invalidValue('seconds', 'at least 0, and not endless', seconds);
  }
  return seconds * 1000;
}
