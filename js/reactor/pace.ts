/**
 * How much the reactor may have ready for the hooks: as much as they are through with in a while.
 *
 * All of it is in front of whoever comes next. Where a frame costs 20 µs, a full batch of small ones
 * takes 80 ms; so where a batch has taken longer than `WHILE`, the next are smaller in proportion.
 */

import { BATCH_BYTES, BATCH_WORDS } from '../generated/wire.ts';

/** Milliseconds for what is taken at once. As much again may wait. */
const WHILE = 8;
/** In steps, so that a batch that happens to be cheap does not let too much in. */
const GROWTH = 1.5;
/** Less than this part of what there may be shows nothing. One channel alone has a quarter of it. */
const TELLING = 1 / 8;
/** Of bytes only: hooks that want them as they come are quick with them. */
const MOST = 4;
/** However slow hooks are: what is less costs more to hand over than it is worth. */
const LEAST = 1 / 64;

/** @internal */
export class Pace {
  /** What part of a full batch there may be; above 1 as many times its bytes, but no more words. */
  part = 1;

  /** So much was handled in so many milliseconds. Returns whether that changes the pace. */
  handled(words: number, bytes: number, elapsed: number): boolean {
    const before = this.part;
    const size = Math.max(words / BATCH_WORDS, bytes / BATCH_BYTES);
    const used = size / before;
    if (elapsed > WHILE) this.part = Math.max(LEAST, (before * WHILE) / elapsed);
    else if (used > TELLING && elapsed < (used * WHILE) / 2) {
      this.part = Math.min(MOST, before * GROWTH);
    }
    return this.part !== before;
  }
}
