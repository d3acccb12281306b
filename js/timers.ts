/** Pants' timers. */

import { invalidType, invalidValue } from './errors.ts';

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
    const cancel = this.#add(() => clearTimeout(timeout));
    const timeout = setTimeout(() => {
      this.#active.delete(cancel);
      fn(...args);
    }, ms);
    return cancel;
  }

  cycle<A extends unknown[]>(seconds: number, fn: Call<A>, args: A): () => void {
    const ms = checkDelay(seconds);
    checkFunction(fn);
    const interval = setInterval(() => fn(...args), ms);
    return this.#add(() => clearInterval(interval));
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

function checkFunction(fn: unknown): void {
  if (typeof fn !== 'function') throw invalidType('fn', 'a function', fn);
}

/** Seconds, as Pants has them; in milliseconds, as Node's timers take them. */
function checkDelay(seconds: unknown): number {
  if (typeof seconds !== 'number') throw invalidType('seconds', 'a number', seconds);
  if (!(seconds >= 0 && seconds <= 0x7fff_ffff / 1000)) {
    throw invalidValue('seconds', 'from 0 to 2147483', seconds);
  }
  return seconds * 1000;
}
