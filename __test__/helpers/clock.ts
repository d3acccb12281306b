import type { ExecutionContext } from 'ava';

interface Waiting {
  at: number;
  every: number | null;
  call: () => void;
}

/** Node's timers, for one test that awaits nothing: time passes when it says so. */
export class Clock {
  #now = 0;
  #waiting = new Set<Waiting>();

  constructor(t: ExecutionContext) {
    const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis;
    t.teardown(() =>
      Object.assign(globalThis, { setTimeout, setInterval, clearTimeout, clearInterval }),
    );
    const clear = (waiting: Waiting) => this.#waiting.delete(waiting);
    Object.assign(globalThis, {
      setTimeout: (call: () => void, ms: number) => this.#add(call, ms, false),
      setInterval: (call: () => void, ms: number) => this.#add(call, ms, true),
      clearTimeout: clear,
      clearInterval: clear,
    });
  }

  /** Calls what is due, in order, each at its own time. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#waiting].sort((a, b) => a.at - b.at);
      if (next === undefined || next.at > end) break;
      this.#now = next.at;
      if (next.every === null) this.#waiting.delete(next);
      else next.at += next.every;
      next.call();
    }
    this.#now = end;
  }

  #add(call: () => void, given: number, repeats: boolean): Waiting {
    // As Node does it.
    const ms = given >= 1 && given <= 2 ** 31 - 1 ? given : 1;
    const waiting = { at: this.#now + ms, every: repeats ? ms : null, call };
    this.#waiting.add(waiting);
    return waiting;
  }
}
