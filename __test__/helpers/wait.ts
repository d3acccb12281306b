const PATIENCE = 10_000;

/** Something that becomes true later; who waits for it is told what is there instead, in the end. */
export class Condition {
  readonly #describe: () => unknown;
  #waiting: { predicate: () => boolean; resolve: () => void }[] = [];

  constructor(describe: () => unknown) {
    this.#describe = describe;
  }

  /** Resolves as soon as `predicate` holds; it is asked at every `changed()`. */
  until(what: string, predicate: () => boolean): Promise<void> {
    if (predicate()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`no ${what}; what there is: ${JSON.stringify(this.#describe())}`));
      }, PATIENCE);
      this.#waiting.push({
        predicate,
        resolve: () => {
          clearTimeout(timer);
          resolve();
        },
      });
    });
  }

  changed(): void {
    this.#waiting = this.#waiting.filter(({ predicate, resolve }) => {
      const holds = predicate();
      if (holds) resolve();
      return !holds;
    });
  }
}

/** What a promise resolves to; where that takes too long, an error says what was waited for. */
export function within<T>(what: () => string, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${what()}`)), PATIENCE);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** One full turn of the event loop: what was scheduled before has run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

/** Turns of the event loop, as many as it takes: for what has no event of its own. */
export async function eventually(what: string, predicate: () => boolean): Promise<void> {
  const deadline = Date.now() + PATIENCE;
  while (!predicate()) {
    if (Date.now() > deadline) throw new Error(`not within ${PATIENCE} ms: ${what}`);
    await turn();
  }
}

/** For what must not happen: there is no event to wait for. Keep it short. */
export function milliseconds(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
