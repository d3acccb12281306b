/** The writing half of a datagram channel, on the JS side: what was accepted, and what of it is sent. */

import type { DatagramSettings } from '../check/datagram-options.ts';
import type { Endpoint } from '../check/endpoint.ts';
import { Tally as TallyAt } from '../generated/wire.ts';
import type { Tally } from '../reactor/handler.ts';
import type { Submission, Target } from '../reactor/submission.ts';
import { Ledger } from './ledger.ts';

/** What a datagram counts as at least, where limits are judged: empty ones take memory too. */
const LEAST = 64;

/** Longer datagrams are not handed over: UDP takes 65,507 bytes, Unix sockets what their buffer holds. */
const MOST_BYTES = 16 * 1024 * 1024;

/** @internal What the outbox needs of the reactor. */
export interface DatagramOutboxReactor {
  readonly submission: Submission;
  /** How far the channel has come, until the next call; null where it is gone. */
  tally(target: Target): Tally | null;
}

/** @internal */
export class DatagramOutbox extends Ledger<DatagramSettings> {
  /** Datagrams that arrived and were lost. */
  drops = 0;
  #reactor: DatagramOutboxReactor;
  #target: Target;
  /** Datagrams accepted, and sent or refused as of a turn. */
  #datagrams = 0;
  #sentDatagrams = 0;
  /** Bytes and datagrams that never got as far as the reactor. */
  #given = 0;
  #givenDatagrams = 0;
  #gone = false;

  constructor(reactor: DatagramOutboxReactor, target: Target, settings: DatagramSettings) {
    super(reactor.submission, settings);
    this.#reactor = reactor;
    this.#target = target;
  }

  /** How many datagrams the reactor has sent or refused. */
  get reached(): number {
    this.refresh();
    return this.#sentDatagrams - this.#givenDatagrams;
  }

  /**
   * Whether everything written has been sent or refused, so many datagrams of it by the reactor, and
   * that is news: who gives one up asks, and so does the reactor.
   */
  drained(datagrams: number): boolean {
    const reached = datagrams + this.#givenDatagrams;
    if (reached !== this.#datagrams) return false;
    this.#sentDatagrams = reached;
    return this.drain();
  }

  /** Counts a datagram that waits for its address. */
  accept(bytes: number): void {
    this.count(bytes);
    this.#datagrams += 1;
  }

  /** The bytes of one that waits for its address: the caller may change his. */
  keep(piece: string | Uint8Array): { kept: string | Uint8Array; size: number } {
    const kept = typeof piece === 'string' ? piece : Uint8Array.from(piece);
    const size = sizeOf(kept);
    this.accept(size);
    return { kept, size };
  }

  /** Submits a datagram; one that was not accepted before is now. */
  send(
    to: Endpoint | null,
    data: string | Uint8Array,
    wantsDrain: boolean,
    accepted = false,
  ): void {
    const bytes = to === null ? null : to.bytes;
    const length = this.#reactor.submission.sendDatagram(this.#target, bytes, data, wantsDrain);
    if (!accepted) this.accept(length);
  }

  /** A datagram that was accepted will not be submitted. */
  giveUp(bytes: number): void {
    this.#given += bytes;
    this.#givenDatagrams += 1;
    this.sent += bytes;
    this.#sentDatagrams += 1;
  }

  /** The socket is gone. */
  settle(): void {
    this.#gone = true;
  }

  protected override ask(): void {
    const now = this.#gone ? null : this.#reactor.tally(this.#target);
    if (now === null) return;
    const sent = now[TallyAt.SENT] as number;
    const failed = now[TallyAt.FAILED] as number;
    this.sent = sent + failed + this.#given;
    this.#sentDatagrams = (now[TallyAt.DATAGRAMS] as number) + this.#givenDatagrams;
    this.drops = now[TallyAt.DROPS] as number;
  }

  protected override get weight(): number {
    return Math.max(super.weight, LEAST * (this.#datagrams - this.#sentDatagrams));
  }
}

/** @internal */
export function sizeOf(piece: string | Uint8Array): number {
  return typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length;
}

/** @internal No system sends so much as one; nor is it worth its memory to ask. */
export function isTooLong(piece: string | Uint8Array): boolean {
  return piece.length > MOST_BYTES;
}
