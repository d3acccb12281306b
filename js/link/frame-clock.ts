/** How long a frame may take. The reactor times those that it cuts; here, those that are cut here. */

import { frameTimeout } from '../check/errors.ts';

/** @internal */
export class FrameClock {
  #expired: (error: Error) => void;
  #timer: NodeJS.Timeout | undefined;
  /** Where in the stream the frame began that the timer is for; -1: none. */
  #at = -1;

  constructor(expired: (error: Error) => void) {
    this.#expired = expired;
  }

  /** `partial`: the frame that has begun, and where; null where none has. */
  watch(ms: number, partial: { readonly after: number } | null): void {
    if (partial !== null && partial.after === this.#at) return;
    this.stop();
    if (partial === null) return;
    this.#at = partial.after;
    const error = frameTimeout(ms);
    this.#timer = setTimeout(() => this.#expired(error), ms).unref();
  }

  /** Times nothing; a frame that has begun is new to it then. */
  stop(): void {
    this.#at = -1;
    clearTimeout(this.#timer);
  }
}
