/** Cuts that are made on this side, natively: what is asked and what is answered. */

import type { NativeBinding, NativeSearchHandle } from '../binding.ts';
import { CutResult } from '../generated/wire.ts';
import { encodeReframe, type ReframeRequest, reframeBytes } from './submission.ts';

/** @internal How many frames one native cut looks for. */
export const MOST_FRAMES = 256;

const FIRST_BYTES = 256;

/** @internal Cuts up to `most` frames off `bytes` natively. The answer holds until the next cut. */
export type Cut = (
  reframe: ReframeRequest,
  bytes: Uint8Array,
  from: number,
  scan: number,
  most: number,
  search: NativeSearchHandle | null,
) => Uint32Array;

/** @internal */
export function cutter(binding: Pick<NativeBinding, 'cut'>): Cut {
  const answer = new Uint32Array(CutResult.WORDS + 2 * MOST_FRAMES);
  let payload = Buffer.allocUnsafeSlow(FIRST_BYTES);
  let words = new Uint32Array(payload.buffer);
  return (reframe, bytes, from, scan, most, search) => {
    const needed = reframeBytes(reframe);
    if (needed > payload.length) {
      payload = Buffer.allocUnsafeSlow((needed + 3) & ~3);
      words = new Uint32Array(payload.buffer);
    }
    encodeReframe(payload, words, 0, reframe);
    binding.cut(payload, bytes, from, scan, most, answer, search);
    return answer;
  };
}
