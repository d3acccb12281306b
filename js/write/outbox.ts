/** The writing half of a stream, on the JS side: what was accepted, and what has left. */

import {
  channelClosed,
  channelNotConnected,
  invalidType,
  pendingOverflow,
} from '../check/errors.ts';
import { type FileRequest, HeldFile } from '../check/file.ts';
import type { StreamSettings } from '../check/options.ts';
import { bytesOf } from '../check/values.ts';
import type { Submission, Target } from '../reactor/submission.ts';
import type { ChannelError } from '../types.ts';

/** So many files are kept in mind before it is asked which of them have left. */
const LEAST_FILES = 16;

/** What is written. */
type Piece = string | Uint8Array | HeldFile;

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
 *                                  end(), at any time: nothing more is accepted; a write throws
 *                                  where this side has ended the channel, else it is refused
 * ```
 */
export class Outbox {
  /** A write has returned false: whoever made it waits for the drain. */
  awaited = false;
  /** Bytes that `write()` and `writeFile()` have accepted since the channel began. */
  accepted = 0;
  /** Bytes that were dropped instead, and `false` returned. */
  refused = 0;
  /** More was pending at a write than `maxPendingBytes`: that one and all that follow are refused. */
  flooded: ChannelError | null = null;
  settings: StreamSettings;
  #engine: OutboxEngine;
  #target: Target;
  #state: 'idle' | 'early' | 'open' | 'gone' = 'idle';
  /** Who has ended it. */
  #ended: 'nobody' | 'this side' | 'others' = 'nobody';
  /** How much of it the operating system is known to have taken, as of a turn. */
  #sent = 0;
  #asked = -1;
  /** What was written before there was a socket to send it to. */
  #early: Piece[] = [];
  /** The files that may not have left yet: where in the stream each begins and ends. */
  #files: { from: number; to: number; name: string }[] = [];
  /** How many there may be before it is asked which of them have left. */
  #mostFiles = LEAST_FILES;

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

  /** Whether bytes were written that the reactor does not know of, and would not miss at a close. */
  get cutsOff(): boolean {
    return this.flooded !== null || this.#early.some((piece) => piece.length > 0);
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

  /** Nothing is accepted any more: by the wish of this side, or not. */
  end(by: 'this side' | 'others'): void {
    if (this.#ended !== 'this side') this.#ended = by;
  }

  /** Takes the bytes, or drops them; returns whether to go on. */
  write(data: unknown, notify: boolean): boolean {
    const piece = typeof data === 'string' ? data : checkData(data);
    if (this.#accepts('write()')) return this.#accept(piece, notify);
    this.refused += lengthOf(piece);
    return false;
  }

  /** As `write()`; the file is opened only where it is accepted. */
  writeFile(request: FileRequest, notify: boolean): boolean {
    if (!this.#accepts('writeFile()')) {
      this.refused += request.nbytes;
      return false;
    }
    const file = request.open();
    this.#files.push({ from: this.accepted, to: this.accepted + file.length, name: file.name });
    if (this.#files.length > this.#mostFiles) {
      this.#refresh();
      this.#forgetFiles();
      this.#mostFiles = Math.max(LEAST_FILES, 2 * this.#files.length);
    }
    return this.#accept(file, notify);
  }

  /** The reactor says that everything up to here has been taken: is that all? */
  drained(sent: number): boolean {
    this.#sent = Math.max(this.#sent, sent);
    if (this.#sent < this.accepted) return false;
    this.awaited = false;
    this.#files.length = 0;
    return true;
  }

  /** The socket is gone with so much left; what is still written is left as well. */
  settle(unsent: number): void {
    this.#state = 'gone';
    for (const piece of this.#early.splice(0)) if (piece instanceof HeldFile) piece.close();
    this.#sent = this.accepted - unsent;
  }

  /** The file that the byte at this place in the stream is of. */
  fileAt(place: number): string {
    return this.#files.find(({ from, to }) => from <= place && place < to)?.name ?? '';
  }

  #accepts(what: string): boolean {
    if (this.#ended === 'this side') throw channelClosed(what);
    if (this.#state === 'idle') throw channelNotConnected(what);
    if (this.#ended === 'others' || this.flooded !== null) return false;
    const { maxPendingBytes } = this.settings;
    if (this.accepted - this.#sent <= maxPendingBytes) return true;
    const inMemory = this.pending - this.#pendingInFiles();
    if (inMemory <= maxPendingBytes) return true;
    this.flooded = pendingOverflow(inMemory, maxPendingBytes);
    return false;
  }

  #accept(piece: Piece, notify: boolean): boolean {
    this.accepted += this.#state === 'open' ? this.#submit(piece, notify) : this.#keep(piece);
    const { highWaterMark } = this.settings;
    if (this.accepted - this.#sent <= highWaterMark) return true;
    if (this.#asked !== this.#engine.turn) this.#refresh();
    const flows = this.accepted - this.#sent <= highWaterMark;
    this.awaited ||= !flows;
    return flows;
  }

  /** How much of what is pending waits in files, and takes no memory. */
  #pendingInFiles(): number {
    this.#forgetFiles();
    return this.#files.reduce((sum, { from, to }) => sum + to - Math.max(from, this.#sent), 0);
  }

  /** Those that have left. Where nobody asks for `onWrite`, no `drained()` comes that does it. */
  #forgetFiles(): void {
    const pending = this.#files.findIndex(({ to }) => to > this.#sent);
    this.#files.splice(0, pending < 0 ? this.#files.length : pending);
  }

  /** Until there is a socket; or only counts it, where that is gone. */
  #keep(piece: Piece): number {
    const kept = piece instanceof Uint8Array ? Uint8Array.from(piece) : piece;
    if (this.#state === 'early') this.#early.push(kept);
    else if (kept instanceof HeldFile) kept.close();
    return lengthOf(kept);
  }

  #submit(piece: Piece, notify: boolean): number {
    const { submission } = this.#engine;
    this.#engine.submitSoon();
    if (piece instanceof HeldFile) {
      submission.writeFile(this.#target, piece.native, notify);
      return piece.length;
    }
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

function lengthOf(piece: Piece): number {
  return typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length;
}

/** @internal The bytes that `write()` was given. */
export function checkData(data: unknown): Uint8Array {
  const bytes = bytesOf('data', data);
  if (bytes === null) {
    throw invalidType('data', 'a string, an ArrayBufferView or an ArrayBuffer', data);
  }
  return bytes;
}
