/** What was accepted to be sent, and what of it has left: counted once, and judged by the limits. */

import { channelClosed, pendingOverflow } from '../check/errors.ts';
import type { Submission } from '../reactor/submission.ts';
import type { ChannelError } from '../types.ts';

/** @internal What may be pending. */
export interface Limits {
  readonly highWaterMark: number;
  readonly maxPendingBytes: number;
}

/**
 * @internal
 *
 * ```text
 *   a write ──accepts()──▶ claimRoom() ──▶ accepted ──ask()──▶ taken: it is sent, or never will be
 *                 │            └─ no: flooded: that write is refused, and all that follow
 *                 └─ ended: by this side, it throws; by others, it is refused
 * ```
 */
export abstract class Ledger<S extends Limits = Limits> {
  /** Bytes that were accepted since the channel began. */
  accepted = 0;
  /** Bytes that were dropped instead, and `false` returned. */
  refused = 0;
  /** More was pending at a write than `maxPendingBytes`. */
  flooded: ChannelError | null = null;
  /** A write has returned false: whoever made it waits for the drain. */
  awaited = false;
  settings: S;
  /** How many of the accepted bytes are known to have left. */
  protected taken = 0;
  #submission: Pick<Submission, 'count'>;
  /** At which submission it was asked how much has left. */
  #asked = -1;
  /** Something was accepted since the last drain, be it nothing but an empty piece. */
  #undrained = false;
  #endedBy: 'nobody' | 'this side' | 'others' = 'nobody';

  /** `flows` asks the reactor how much is sent, at most once for each submission. */
  constructor(submission: Pick<Submission, 'count'>, settings: S) {
    this.#submission = submission;
    this.settings = settings;
  }

  /** Accepted, and not known to have left. */
  get pending(): number {
    if (this.accepted > this.taken) this.refresh();
    return this.accepted - this.taken;
  }

  /** Whether the writer may go on. */
  get flows(): boolean {
    const { highWaterMark } = this.settings;
    if (this.weight <= highWaterMark) return true;
    if (this.#asked !== this.#submission.count) this.refresh();
    const flows = this.weight <= highWaterMark;
    this.awaited ||= !flows;
    return flows;
  }

  /** Nothing is accepted any more: by the wish of this side, or not. */
  end(by: 'this side' | 'others'): void {
    if (this.#endedBy !== 'this side') this.#endedBy = by;
  }

  /** Whether what is written is dropped, by no wish of this side. */
  get refuses(): boolean {
    return this.#endedBy === 'others' || this.flooded !== null;
  }

  /** Whether it is open for a write. @throws `ERR_CHANNEL_CLOSED` where this side has ended it */
  accepts(what: string): boolean {
    if (this.#endedBy === 'this side') throw channelClosed(what);
    return this.#endedBy === 'nobody';
  }

  /** Whether a write fits. Once one does not, none ever does. */
  claimRoom(): boolean {
    if (this.flooded !== null) return false;
    const { maxPendingBytes } = this.settings;
    if (this.weight <= maxPendingBytes) return true;
    this.refresh();
    const { inMemory } = this;
    if (inMemory <= maxPendingBytes) return true;
    this.flooded = pendingOverflow(inMemory, maxPendingBytes);
    return false;
  }

  /** Drops so many bytes; that is what `write()` returns then. */
  refuse(bytes: number): false {
    this.refused += bytes;
    return false;
  }

  /** So many bytes are accepted. */
  protected count(bytes: number): void {
    this.#undrained = true;
    this.accepted += bytes;
  }

  /** All that was accepted has left; returns whether that is news. */
  protected drain(): boolean {
    this.taken = this.accepted;
    this.awaited = false;
    const isNews = this.#undrained;
    this.#undrained = false;
    return isNews;
  }

  /** Asks how much has left. */
  refresh(): void {
    this.#asked = this.#submission.count;
    this.ask();
  }

  /** Sets `taken`, where the channel is there to be asked. */
  protected abstract ask(): void;

  /** What is pending, as `highWaterMark` judges it. */
  protected get weight(): number {
    return this.accepted - this.taken;
  }

  /** What is pending, as `maxPendingBytes` judges it. */
  protected get inMemory(): number {
    return this.weight;
  }
}
