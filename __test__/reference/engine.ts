import { type InspectOptionsStylized, inspect } from 'node:util';

import { typeError, valueError } from './errors.ts';
import { inspectAs } from './inspect.ts';

export type Cancel = () => void;

/** Pants' timers, on Node's. Node's event loop runs by itself, so `start` and `stop` do nothing. */
export class Engine {
  static readonly #instance = new Engine();

  static instance(): Engine {
    return Engine.#instance;
  }

  /** By descriptor. */
  readonly channels = new Map<number, { close(): void }>();

  /** Calls `task` once, as soon as possible. */
  callback<A extends unknown[]>(task: (...args: A) => void, ...args: A): Cancel {
    checkTask(task);
    const immediate = setImmediate(task, ...args);
    return () => clearImmediate(immediate);
  }

  /** Calls `task` in every turn of the event loop. */
  loop<A extends unknown[]>(task: (...args: A) => void, ...args: A): Cancel {
    checkTask(task);
    let immediate = setImmediate(turn);
    function turn(): void {
      immediate = setImmediate(turn);
      task(...args);
    }
    return () => clearImmediate(immediate);
  }

  /** Calls `task` once, after `seconds`. */
  defer<A extends unknown[]>(seconds: number, task: (...args: A) => void, ...args: A): Cancel {
    checkSeconds(seconds);
    checkTask(task);
    return after(seconds * 1000, () => task(...args));
  }

  /** Calls `task` every `seconds`. */
  cycle<A extends unknown[]>(seconds: number, task: (...args: A) => void, ...args: A): Cancel {
    checkSeconds(seconds);
    checkTask(task);
    let cancel = after(seconds * 1000, again);
    function again(): void {
      cancel = after(seconds * 1000, again);
      task(...args);
    }
    return () => cancel();
  }

  [inspect.custom](depth: number, options: InspectOptionsStylized): string {
    return inspectAs(this, { channels: this.channels.size }, depth, options);
  }

  start(): void {}
  stop(): void {}

  stats(): { channels: number } {
    return { channels: this.channels.size };
  }

  close(): void {
    for (const channel of [...this.channels.values()]) channel.close();
  }
}

/** The longest time that a timer takes. */
const LONGEST = 2 ** 31 - 1;

/** A timer for any time. */
function after(ms: number, task: () => void): Cancel {
  let timer: NodeJS.Timeout;
  const wait = (left: number) => {
    timer = setTimeout(left > LONGEST ? () => wait(left - LONGEST) : task, Math.min(left, LONGEST));
  };
  wait(ms);
  return () => clearTimeout(timer);
}

function checkTask(task: unknown): void {
  if (typeof task !== 'function') throw typeError('task', 'a function', task);
}

function checkSeconds(seconds: unknown): void {
  if (typeof seconds !== 'number') throw typeError('seconds', 'a number', seconds);
  if (!Number.isFinite(seconds) || seconds < 0) throw valueError('seconds', 'at least 0', seconds);
}
