/** What the answer of a cut says. */

import { FramingKind, Stop } from '../generated/wire.ts';

/**
 * @internal Where the frame behind that at `word` begins, delimiter or header included: the next
 * one's start, if there is one, but for the header; or the end of all that was cut.
 */
export function nextFrame(
  kind: number,
  words: Uint32Array,
  word: number,
  end: number,
  whole: number,
): number {
  if (kind === FramingKind.LENGTH_PREFIX) return words[word + 1] as number;
  return word + 2 < end ? (words[word + 2] as number) : whole;
}

/** @internal What is wrong with a frame that can never be delivered. */
export function overflowDetail(stop: number, announced: number): string {
  if (stop === Stop.TOO_LONG) return `its header announces ${announced} bytes`;
  if (stop === Stop.NEGATIVE) return `its header announces a negative length (-${announced})`;
  if (stop === Stop.MATCH) return 'the delimiter itself is longer than 65536 bytes, or may be';
  return 'no delimiter was found within the limit';
}
