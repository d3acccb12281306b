import type { AnyDiffer, Difference } from './differ.ts';

/** So many scripts are under way at a time. */
const CONCURRENCY = 48;

/** After so many differences it is enough. */
const ENOUGH = 10;

/** Plays the scripts of a range of seeds. */
export class Marathon {
  readonly first: number;
  readonly count: number;
  readonly #differOf: (seed: number) => AnyDiffer;
  readonly #differences: { seed: number; difference: Difference }[] = [];
  readonly #started = performance.now();
  #next: number;
  #played = 0;

  constructor(differOf: (seed: number) => AnyDiffer, first: number, count: number) {
    this.#differOf = differOf;
    this.first = first;
    this.count = count;
    this.#next = first;
  }

  async run(): Promise<{ seed: number; difference: Difference }[]> {
    await Promise.all(Array.from({ length: CONCURRENCY }, () => this.#runner()));
    return this.#differences;
  }

  get status(): string {
    const seconds = (performance.now() - this.#started) / 1000;
    const rate = Math.round(this.#played / seconds);
    const range = `${this.first} to ${this.first + this.count - 1}`;
    const seeds = this.#differences.map(({ seed }) => `, seed ${seed}`).join('');
    const found = `${this.#differences.length} differences${seeds}`;
    return `seeds ${range}: ${this.#played} of ${this.count} played, ${rate} a second, ${found}`;
  }

  async #runner(): Promise<void> {
    while (this.#next < this.first + this.count && this.#differences.length < ENOUGH) {
      const seed = this.#next;
      this.#next += 1;
      const difference = await this.#play(seed);
      this.#played += 1;
      if (difference !== null) this.#differences.push({ seed, difference });
    }
  }

  /** What goes wrong with the stage itself belongs to a seed, too. */
  async #play(seed: number): Promise<Difference | null> {
    try {
      return await this.#differOf(seed).play(seed);
    } catch (error) {
      throw new Error(`seed ${seed} could not be played`, { cause: error });
    }
  }
}
