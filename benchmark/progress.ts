// Tells how far the run is.

export class Progress {
  readonly #total: number;
  readonly #started = performance.now();
  #done = 0;

  /** `total` measurements are to be made. */
  constructor(total: number) {
    this.#total = total;
  }

  tell(text: string): void {
    this.#done += 1;
    const each = (performance.now() - this.#started) / this.#done;
    const left = (this.#total - this.#done) * each;
    const minutes = Math.ceil(left / 60_000);
    const remains = left === 0 ? '' : `  (about ${minutes} min left)`;
    console.error(`${String(this.#done).padStart(4)}/${this.#total}  ${text}${remains}`);
  }
}
