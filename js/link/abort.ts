/** The `signal` of options. */

import { aborted } from '../check/errors.ts';

/** @internal @throws `ABORT_ERR` where it has been aborted */
export function assertNotAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(signal);
}

/** @internal Calls `abort` when that happens; no more after a call of what it returns. */
export function watchAbort(
  signal: AbortSignal | undefined,
  abort: (error: Error) => void,
): () => void {
  if (signal === undefined) return () => {};
  const heard = () => abort(aborted(signal));
  signal.addEventListener('abort', heard, { once: true });
  return () => signal.removeEventListener('abort', heard);
}
