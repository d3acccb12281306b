/**
 * How long hooks may run before timers and other input have their turn.
 *
 * ```text
 *   begin() ─▶ hooks, each of them counted ─▶ spent: the next record waits for the next turn
 *                                             └─▶ overdrawn: so does the next frame of this one
 * ```
 */

/** An interval beside a flood is late by half of it, on average. */
const SPENT = 3;
/** Frames that wait are cut again: not where a record is through in as long once more. */
const OVERDRAWN = 6;
/** Looking at the clock costs as much as delivering a small frame: it is not done for each. */
const LOOK_EVERY = 8;

/** @internal Times in milliseconds. */
export class Budget {
  spent = false;
  overdrawn = false;
  #began = 0;
  #count = 0;

  begin(): void {
    this.spent = false;
    this.overdrawn = false;
    this.#began = performance.now();
  }

  /** A hook has run. */
  count(): void {
    this.#count += 1;
    if (this.#count % LOOK_EVERY !== 0) return;
    const { elapsed } = this;
    this.spent = elapsed > SPENT;
    this.overdrawn = elapsed > OVERDRAWN;
  }

  /** Since it began. */
  get elapsed(): number {
    return performance.now() - this.#began;
  }
}
