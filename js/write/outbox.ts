/** The writing half of a stream, on the JS side: what was accepted, and what has left. */

import { channelNotConnected, invalidType } from '../check/errors.ts';
import { type FileRequest, OpenFile } from '../check/file.ts';
import type { StreamSettings } from '../check/options.ts';
import { bytesOf } from '../check/values.ts';
import { LARGE_BYTES, SHORT_STRING, type Submission, type Writer } from '../reactor/submission.ts';
import { encode } from './encode.ts';
import { Ledger } from './ledger.ts';

/** So many files are kept in mind before it is asked which of them have left. */
const LEAST_FILES = 16;

/** What is written. */
type Piece = string | Uint8Array | OpenFile;

/** @internal What the outbox needs of the reactor. */
export interface OutboxReactor {
  readonly submission: Submission;
  /** How many of the channel's bytes have been sent; -1 where it is gone. */
  sent(target: Writer): number;
}

/**
 * @internal
 *
 * ```text
 *   idle ──begin()──▶ early: kept here ──open()──▶ open: submitted ──settle()──▶ gone: counted
 * ```
 */
export class Outbox extends Ledger<StreamSettings> {
  /** All has left during a write: nobody else will tell the drain. */
  emptied = false;
  #reactor: OutboxReactor;
  #target: Writer;
  #state: 'idle' | 'early' | 'open' | 'gone' = 'idle';
  /** What was written before there was a socket to send it to. */
  #early: Piece[] = [];
  /** The files that may not have left yet: where in the stream each begins and ends. */
  #files: { from: number; to: number; name: string }[] = [];
  /** How many there may be before it is asked which of them have left. */
  #mostFiles = LEAST_FILES;
  /** How much of what was submitted last has not left at once. */
  #unsent = 0;

  constructor(reactor: OutboxReactor, target: Writer, settings: StreamSettings) {
    super(reactor.submission, settings);
    this.#reactor = reactor;
    this.#target = target;
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

  /** Takes the bytes, or drops them; returns whether to go on. */
  write(data: unknown, notify: boolean): boolean {
    if (Array.isArray(data)) return this.#writeAll(checkAll(data), notify);
    const piece = typeof data === 'string' ? data : checkData(data);
    if (this.#takes('write()')) return this.#accept(piece, notify);
    return this.refuse(lengthOf(piece));
  }

  /** All of them, or none. */
  #writeAll(pieces: Piece[], notify: boolean): boolean {
    if (this.#takes('write()')) {
      for (const piece of pieces) this.#accept(piece, notify);
      return this.flows;
    }
    return this.refuse(pieces.reduce((sum, piece) => sum + lengthOf(piece), 0));
  }

  /** As `write()`; the file is opened only where it is accepted. */
  writeFile(request: FileRequest, notify: boolean): boolean {
    if (!this.#takes('writeFile()')) return this.refuse(request.nbytes);
    const file = request.open();
    this.#files.push({ from: this.accepted, to: this.accepted + file.length, name: file.name });
    if (this.#files.length > this.#mostFiles) {
      this.refresh();
      this.#forgetFiles();
      this.#mostFiles = Math.max(LEAST_FILES, 2 * this.#files.length);
    }
    return this.#accept(file, notify);
  }

  /** The reactor says that everything up to here has been taken: is that all, and news? */
  drained(sent: number): boolean {
    this.taken = Math.max(this.taken, sent);
    if (this.taken < this.accepted) return false;
    this.#files.length = 0;
    return this.drain();
  }

  /** The socket is gone with so much left; what is still written is left as well. */
  settle(unsent: number): void {
    this.#state = 'gone';
    for (const piece of this.#early.splice(0)) if (piece instanceof OpenFile) piece.close();
    this.taken = this.accepted - unsent;
  }

  /** The file that the byte at this place in the stream is of. */
  fileAt(place: number): string {
    return this.#files.find(({ from, to }) => from <= place && place < to)?.name ?? '';
  }

  #takes(what: string): boolean {
    const isOpen = this.accepts(what);
    if (this.#state === 'idle') throw channelNotConnected(what);
    return isOpen && this.claimRoom();
  }

  #accept(piece: Piece, notify: boolean): boolean {
    if (this.#state !== 'open') {
      this.count(this.#keep(piece));
      return this.flows;
    }
    const length = this.#submit(piece, notify);
    this.count(length);
    // With all that was accepted before it.
    if (this.#unsent < length) this.taken = this.accepted - this.#unsent;
    this.emptied = notify && this.#unsent === 0;
    return this.flows;
  }

  /** Files take no memory. */
  protected override get inMemory(): number {
    return this.weight - this.#pendingInFiles();
  }

  /** How much of what is pending waits in files. */
  #pendingInFiles(): number {
    this.#forgetFiles();
    return this.#files.reduce((sum, { from, to }) => sum + to - Math.max(from, this.taken), 0);
  }

  /** Those that have left. Where nobody asks for `onWrite`, no `drained()` comes that does it. */
  #forgetFiles(): void {
    const pending = this.#files.findIndex(({ to }) => to > this.taken);
    this.#files.splice(0, pending < 0 ? this.#files.length : pending);
  }

  /** Until there is a socket; or only counts it, where that is gone. */
  #keep(piece: Piece): number {
    const kept = piece instanceof Uint8Array ? Uint8Array.from(piece) : piece;
    if (this.#state === 'early') this.#early.push(kept);
    else if (kept instanceof OpenFile) kept.close();
    return lengthOf(kept);
  }

  /** Returns how long it is. */
  #submit(piece: Piece, notify: boolean): number {
    const { submission } = this.#reactor;
    if (piece instanceof OpenFile) {
      submission.writeFile(this.#target, piece.native, notify);
      this.#unsent = piece.length;
      return piece.length;
    }
    if (typeof piece === 'string' && piece.length <= SHORT_STRING) {
      this.#unsent = submission.writeString(this.#target, piece, notify);
      return this.#unsent;
    }
    const bytes = typeof piece === 'string' ? encode(piece) : piece;
    const { length } = bytes;
    this.#unsent =
      length < LARGE_BYTES
        ? submission.writeBytes(this.#target, bytes, notify)
        : submission.writeLarge(this.#target, bytes, notify);
    return length;
  }

  protected override ask(): void {
    if (this.#state !== 'open') return;
    this.taken = Math.max(this.taken, this.#reactor.sent(this.#target));
  }
}

function lengthOf(piece: Piece): number {
  return typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length;
}

/** What stands in an array; one of nothing is one empty piece. */
function checkAll(data: unknown[]): Piece[] {
  const pieces = Array.from(data, (one, at) => {
    return typeof one === 'string' ? one : checkData(one, `data[${at}]`);
  });
  return pieces.length > 0 ? pieces : [''];
}

/** @internal The bytes that `write()` was given. */
export function checkData(data: unknown, name = 'data'): Uint8Array {
  const bytes = bytesOf(name, data);
  if (bytes === null) {
    throw invalidType(name, 'a string, an ArrayBufferView or an ArrayBuffer', data);
  }
  return bytes;
}
