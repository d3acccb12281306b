/** What takes a channel's frames in place of its `onRead`: an iterator, a Duplex. */

import type { Address } from '../types.ts';
import type { Watcher } from './link.ts';

/**
 * @internal
 *
 * ```text
 *   it wants none ──▶ frames wait in the inbox, uncut as far as this side goes ──▶ `most` of them: the
 *        ▲                                                                     reactor stops reading
 *        └── onRead(frame) ◀── one is cut and delivered ◀── supply() ◀── it wants one
 * ```
 *
 * So what waits is cut under the delimiter that holds when it is asked for.
 */
export interface Taker extends Watcher {
  /** Whether it asks for a frame. */
  readonly wants: boolean;
  /** It has been given one, and whoever it is for may not be through with that. */
  readonly isBusy: boolean;
  /** So many frames may wait. */
  readonly most: number;
  onRead(frame: Buffer | string, addr?: Address | string | null): void;
  /** The peer has finished; nothing follows. */
  onEnd(rest: Buffer | string): void;
}
