/** The writing half of a stream, on the JS side: what was accepted, and what has left. */

import { channelClosed, channelNotConnected, invalidType, pendingOverflow } from './errors.ts';
import type { StreamSettings } from './options.ts';
import type { Submission, Target } from './submission.ts';
import type { ChannelError } from './types.ts';

/** @internal What the outbox needs of the engine. */
export interface OutboxEngine {
  readonly submission: Submission;
  /** Counts turns: what the reactor has sent is asked for once a turn at most. */
  readonly turn: number;
  /** How many of the channel's bytes have been sent; -1 where it is gone. */
  sent(target: Target): number;
  /** Submits when this turn ends. */
  submitSoon(): void;
}

/**
 * @internal
 *
 * ```text
 *   idle ──begin()──▶ early: kept here ──open()──▶ open: submitted ──settle()──▶ gone: counted
 *                                                         end(), at any time: nothing more
 * ```
 */
export class Outbox {
  /** Bytes that `write()` has accepted since the channel began. */
  accepted = 0;
  settings: StreamSettings;
  #engine: OutboxEngine;
  #target: Target;
  #state: 'idle' | 'early' | 'open' | 'gone' = 'idle';
  #ended = false;
  /** How much of it the operating system is known to have taken, as of a turn. */
  #sent = 0;
  #asked = -1;
  /** What was written before there was a socket to send it to. */
  #early: (string | Uint8Array)[] = [];

  constructor(engine: OutboxEngine, target: Target, settings: StreamSettings) {
    this.#engine = engine;
    this.#target = target;
    this.settings = settings;
  }

  /** Accepted, and not known to have been taken by the operating system. */
  get pending(): number {
    if (this.accepted > this.#sent) this.#refresh();
    return this.accepted - this.#sent;
  }

  /** Writes are accepted from now on, and kept. */
  begin(): void {
    this.#state = 'early';
  }

  /** There is a socket: sends what was kept. */
  open(notify: boolean): void {
    this.#state = 'open';
    const early = this.#early;
    this.#early = [];
    for (const piece of early) this.#submit(piece, notify);
  }

  /** Nothing is accepted any more. */
  end(): void {
    this.#ended = true;
  }

  /** Takes the bytes; returns whether to go on, or an error where too much was pending before. */
  write(data: unknown, notify: boolean): boolean | ChannelError {
    const piece = typeof data === 'string' ? data : bytesOf(data);
    if (this.#ended) throw channelClosed('write()');
    if (this.#state === 'idle') throw channelNotConnected('write()');
    const { highWaterMark, maxPendingBytes } = this.settings;
    if (this.accepted - this.#sent > maxPendingBytes && this.pending > maxPendingBytes) {
      return pendingOverflow(this.pending, maxPendingBytes);
    }
    if (this.#state !== 'open') {
      const kept = typeof piece === 'string' ? piece : Uint8Array.from(piece);
      this.accepted += typeof kept === 'string' ? Buffer.byteLength(kept) : kept.length;
      if (this.#state === 'early') this.#early.push(kept);
      return this.accepted - this.#sent <= highWaterMark;
    }
    this.accepted += this.#submit(piece, notify);
    if (this.accepted - this.#sent <= highWaterMark) return true;
    if (this.#asked !== this.#engine.turn) this.#refresh();
    return this.accepted - this.#sent <= highWaterMark;
  }

  /** The reactor says that everything up to here has been taken: is that all? */
  drained(sent: number): boolean {
    this.#sent = Math.max(this.#sent, sent);
    return this.#sent >= this.accepted;
  }

  /** The socket is gone with so much left; what is still written is left as well. */
  settle(unsent: number): void {
    this.#state = 'gone';
    this.#early = [];
    this.#sent = this.accepted - unsent;
  }

  #submit(piece: string | Uint8Array, notify: boolean): number {
    const { submission } = this.#engine;
    this.#engine.submitSoon();
    return typeof piece === 'string'
      ? submission.writeString(this.#target, piece, notify)
      : submission.writeBytes(this.#target, piece, notify);
  }

  #refresh(): void {
    if (this.#state !== 'open') return;
    this.#asked = this.#engine.turn;
    this.#sent = Math.max(this.#sent, this.#engine.sent(this.#target));
  }
}

/** The bytes of a view or a buffer. Memory that another thread may write to is copied first. */
function bytesOf(data: unknown): Uint8Array {
  let bytes: Uint8Array;
  if (data instanceof Uint8Array) {
    bytes = data;
  } else if (ArrayBuffer.isView(data)) {
    bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  } else if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) {
    bytes = new Uint8Array(data);
  } else {
    throw invalidType('data', 'a string, an ArrayBufferView or an ArrayBuffer', data);
  }
  return bytes.buffer instanceof SharedArrayBuffer ? Uint8Array.from(bytes) : bytes;
}
