/**
 * How long hooks may run before what they have written is sent, and before timers and other input have
 * their turn.
 *
 * ```text
 *   begin() ─▶ hooks, each of them counted ─▶ spent: the next record waits for the next turn
 *                      │                      └─▶ overdrawn: so does the next frame of this one
 *                      └─▶ send(), now and then
 * ```
 */

/** An interval beside a flood is late by half of it, on average. */
const SPENT = 3;
/** Frames that wait are cut again: not where a record is through in as long once more. */
const OVERDRAWN = 6;
/** What was written longer ago is sent: to hand it over costs the time of some hooks. */
const SEND = 0.5;
/** Looking at the clock costs as much as some small frames: so that is done about so often … */
const LOOK = 0.2;
/** … and after so many of them at most. */
const MOST = 32;

/** @internal Times in milliseconds. */
export class Budget {
  spent = false;
  overdrawn = false;
  #began = 0;
  #looked = 0;
  #sent = 0;
  #send: () => void;
  /** Hooks from one look to the next, and how many of them are left. */
  #every = 1;
  #left = 1;

  constructor(send: () => void) {
    this.#send = send;
  }

  begin(): void {
    this.spent = false;
    this.overdrawn = false;
    this.#began = performance.now();
    this.#looked = 0;
    this.#sent = 0;
  }

  /** A hook has run. */
  count(): void {
    this.#left -= 1;
    if (this.#left === 0) this.#look();
  }

  #look(): void {
    const { elapsed } = this;
    this.spent = elapsed > SPENT;
    this.overdrawn = elapsed > OVERDRAWN;
    const soon = elapsed - this.#looked > LOOK;
    this.#every = soon ? Math.max(1, this.#every >> 1) : Math.min(MOST, 2 * this.#every);
    this.#looked = elapsed;
    this.#left = this.#every;
    if (elapsed - this.#sent > SEND) {
      this.#sent = elapsed;
      this.#send();
    }
  }

  /** Since it began. */
  get elapsed(): number {
    return performance.now() - this.#began;
  }
}
