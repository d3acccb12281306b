/** The writing half of a datagram channel, on the JS side: what was accepted, and what has left. */

import type { DatagramSettings } from '../check/datagram-options.ts';
import { pendingOverflow } from '../check/errors.ts';
import { Tally as TallyAt } from '../generated/wire.ts';
import type { Submission, Target } from '../reactor/submission.ts';
import type { Tally } from '../reactor/tally.ts';
import type { ChannelError } from '../types.ts';
import type { Endpoint } from './endpoint.ts';

/** What a datagram counts as at least, where limits are judged: empty ones take memory too. */
const LEAST = 64;

/** @internal What the outbox needs of the engine. */
export interface DatagramOutboxEngine {
  readonly submission: Submission;
  /** Counts turns: how far the reactor has come is asked for once a turn at most. */
  readonly turn: number;
  /** How far the channel has come, until the next call; null where it is gone. */
  tally(target: Target): Tally | null;
  /** Submits when this turn ends. */
  submitSoon(): void;
}

/** @internal */
export class DatagramOutbox {
  /** Bytes that `write()` has accepted since the channel began. */
  accepted = 0;
  /** Datagrams that arrived and were lost. */
  drops = 0;
  settings: DatagramSettings;
  #engine: DatagramOutboxEngine;
  #target: Target;
  #datagrams = 0;
  /** Bytes sent or refused, and datagrams, as of a turn. */
  #settled = 0;
  #settledDatagrams = 0;
  #asked = -1;
  /** Up to which datagram `drained()` has said so: who gives one up asks, and so does the reactor. */
  #told = 0;
  /** Bytes and datagrams that never got as far as the reactor. */
  #given = 0;
  #givenDatagrams = 0;
  #gone = false;

  constructor(engine: DatagramOutboxEngine, target: Target, settings: DatagramSettings) {
    this.#engine = engine;
    this.#target = target;
    this.settings = settings;
  }

  /** Bytes accepted and neither sent nor refused. */
  get pending(): number {
    if (this.#datagrams > this.#settledDatagrams) this.refresh();
    return this.accepted - this.#settled;
  }

  /** How many datagrams the reactor has sent or refused. */
  get reached(): number {
    this.refresh();
    return this.#settledDatagrams - this.#givenDatagrams;
  }

  /**
   * Whether everything written has been sent or refused, so many datagrams of it by the reactor, and
   * that was not said before.
   */
  drained(datagrams: number): boolean {
    const settled = datagrams + this.#givenDatagrams;
    if (settled !== this.#datagrams || settled === this.#told) return false;
    this.#told = settled;
    this.#settledDatagrams = settled;
    this.#settled = this.accepted;
    return true;
  }

  /** An error where too much is pending before a write. */
  check(): ChannelError | null {
    const { maxPendingBytes } = this.settings;
    if (this.#weight <= maxPendingBytes) return null;
    this.refresh();
    return this.#weight <= maxPendingBytes ? null : pendingOverflow(this.pending, maxPendingBytes);
  }

  /** Whether the writer may go on. */
  get flows(): boolean {
    const { highWaterMark } = this.settings;
    if (this.#weight <= highWaterMark) return true;
    if (this.#asked !== this.#engine.turn) this.refresh();
    return this.#weight <= highWaterMark;
  }

  /** Counts a datagram that waits for its address. */
  accept(bytes: number): void {
    this.accepted += bytes;
    this.#datagrams += 1;
  }

  /** Submits a datagram; one that was not accepted before is now. */
  send(to: Endpoint | null, data: string | Uint8Array, notify: boolean, accepted = false): void {
    const bytes = to === null ? null : to.bytes;
    const length = this.#engine.submission.sendDatagram(this.#target, bytes, data, notify);
    if (!accepted) this.accept(length);
    this.#engine.submitSoon();
  }

  /** A datagram that was accepted will not be submitted. */
  giveUp(bytes: number): void {
    this.#given += bytes;
    this.#givenDatagrams += 1;
    this.#settled += bytes;
    this.#settledDatagrams += 1;
  }

  /** The socket is gone. */
  settle(): void {
    this.#gone = true;
  }

  /** Asks how far the reactor has come. */
  refresh(): void {
    this.#asked = this.#engine.turn;
    const now = this.#gone ? null : this.#engine.tally(this.#target);
    if (now === null) return;
    const sent = now[TallyAt.SENT] as number;
    const failed = now[TallyAt.FAILED] as number;
    this.#settled = sent + failed + this.#given;
    this.#settledDatagrams = (now[TallyAt.DATAGRAMS] as number) + this.#givenDatagrams;
    this.drops = now[TallyAt.DROPS] as number;
  }

  get #weight(): number {
    const datagrams = this.#datagrams - this.#settledDatagrams;
    return Math.max(this.accepted - this.#settled, LEAST * datagrams);
  }
}
