/** What was accepted to be sent, and what of it is sent: counted once, and judged by the limits. */

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
 *   a write ──accepts()──▶ claimRoom() ──▶ accepted ──ask()──▶ sent: it is, or never will be
 *                 │            └─ no: flooded: that write is refused, and all that follow
 *                 └─ ended: by this side, it throws; by others, it is refused
 * ```
 */
export abstract class Ledger<S extends Limits = Limits> {
  /** Bytes that were dropped instead, and `false` returned. */
  refused = 0;
  /** More was pending at a write than `maxPendingBytes`. */
  flooded: ChannelError | null = null;
  /** A write has returned false: whoever made it waits for the drain. */
  awaited = false;
  settings: S;
  /** How many of the accepted bytes are known to be sent; of datagrams, also those that never will be. */
  protected sent = 0;
  /** Bytes that were accepted since the channel began, as far as they are counted. */
  protected counted = 0;
  #submission: Pick<Submission, 'count'>;
  /** At which submission it was asked how much is sent. */
  #asked = -1;
  /** Something was accepted since the last drain, be it nothing but an empty piece. */
  #undrained = false;
  #endedBy: 'nobody' | 'this side' | 'others' = 'nobody';

  /** `flows` and `room` ask the reactor how much is sent, at most once for each submission. */
  constructor(submission: Pick<Submission, 'count'>, settings: S) {
    this.#submission = submission;
    this.settings = settings;
  }

  /** Bytes that were accepted since the channel began. */
  get accepted(): number {
    return this.counted;
  }

  /** Accepted, and not known to be sent. */
  get pending(): number {
    if (this.accepted > this.sent) this.refresh();
    return this.accepted - this.sent;
  }

  /** Whether the writer may go on. */
  get flows(): boolean {
    const { highWaterMark } = this.settings;
    if (this.#isWithin(highWaterMark)) return true;
    this.#refreshOnce();
    const flows = this.#isWithin(highWaterMark);
    this.awaited ||= !flows;
    return flows;
  }

  /** Other limits hold from now on. */
  configure(settings: S): void {
    this.settings = settings;
  }

  /** So many bytes can be written before a limit has to be looked at. */
  protected get room(): number {
    const { highWaterMark, maxPendingBytes } = this.settings;
    const limit = Math.min(highWaterMark, maxPendingBytes);
    if (this.most > limit / 2) this.#refreshOnce();
    return limit - this.most;
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
    if (this.#isWithin(maxPendingBytes)) return true;
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
    this.counted += bytes;
  }

  /** All that was accepted is sent; returns whether that is news. */
  protected drain(): boolean {
    this.sent = this.accepted;
    this.awaited = false;
    const isNews = this.#undrained;
    this.#undrained = false;
    return isNews;
  }

  /** Asks how much is sent. */
  refresh(): void {
    this.#asked = this.#submission.count;
    this.ask();
  }

  #refreshOnce(): void {
    if (this.#asked !== this.#submission.count) this.refresh();
  }

  /** Sets `sent`, where the channel is there to be asked. */
  protected abstract ask(): void;

  /** Whether no more than that is pending; what is not counted is, where the bounds do not decide. */
  #isWithin(limit: number): boolean {
    return this.most <= limit || (this.least <= limit && this.weight <= limit);
  }

  /** What is pending, as `highWaterMark` judges it. */
  protected get weight(): number {
    return this.accepted - this.sent;
  }

  /** So much it is at most. */
  protected get most(): number {
    return this.weight;
  }

  /** So much it is at least. */
  protected get least(): number {
    return this.weight;
  }

  /** What is pending, as `maxPendingBytes` judges it. */
  protected get inMemory(): number {
    return this.weight;
  }
}
