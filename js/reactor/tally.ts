/** What the reactor counts of a channel. */

import { Tally as At } from '../generated/wire.ts';

/** @internal */
export type Tally = Readonly<Float64Array>;

/** @internal Of a channel that has done nothing yet. */
export const NOTHING: Tally = new Float64Array(At.WORDS);

/** @internal The tally in a completion: two words a number. */
export function tallyFrom(words: Uint32Array, at: number): Tally {
  const tally = new Float64Array(At.WORDS);
  for (let i = 0; i < At.WORDS; i += 1) {
    const low = words[at + 2 * i] as number;
    tally[i] = low + (words[at + 2 * i + 1] as number) * 0x1_0000_0000;
  }
  return tally;
}
