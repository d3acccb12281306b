/** The writing half of a stream, on the JS side: what was accepted, and what of it is sent. */

import { channelNotConnected, invalidType } from '../check/errors.ts';
import { type FileRequest, OpenFile } from '../check/file.ts';
import type { StreamSettings } from '../check/options.ts';
import { byteLength, bytesOf, isReadable, plainLength, unshared } from '../check/values.ts';
import {
  LARGE_BYTES,
  type Submission,
  type TextWriter,
  type Writer,
} from '../reactor/submission.ts';
import { encode } from './encode.ts';
import { Ledger } from './ledger.ts';

/** So many files are kept in mind before it is asked which of them are sent. */
const LEAST_FILES = 16;
/** Bytes that a UTF-16 unit has at most. */
const MOST_BYTES_A_UNIT = 3;
/** State and limits are looked at this often at least. */
const MOST_CREDIT = MOST_BYTES_A_UNIT * LARGE_BYTES;

/** What is written. */
type Piece = string | Uint8Array | OpenFile;

/** One that may not be sent yet: where in the stream it begins and ends. */
interface PendingFile {
  readonly from: number;
  readonly to: number;
  readonly name: string;
}

/** @internal The channel whose outbox it is. */
export interface Source extends Writer {
  /** Somebody listens for the drain. */
  readonly wantsDrain: boolean;
}

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
 *                                                   └ strings are gathered, and counted when that
 *                                                     ends; until then their length bounds it
 * ```
 */
export class Outbox extends Ledger<StreamSettings> implements TextWriter {
  /** All was sent during a write: nobody else will tell the drain. */
  emptied = false;
  /** What the submission has gathered. */
  text = '';
  lastEnd = -1;
  wantsDrain = false;
  readonly target: Source;
  #reactor: OutboxReactor;
  #submission: Submission;
  /**
   * So many bytes may follow in the same submission without a look at state and limits, as the last write
   * that looked has found them. 0 as soon as somebody asks for anything, or sets it.
   */
  #credit = 0;
  #creditedAt = -1;
  #state: 'idle' | 'early' | 'open' | 'gone' = 'idle';
  /** What was written before there was a socket to send it to. */
  #early: Piece[] | null = null;
  /** Null: there was none, or all are sent. */
  #files: PendingFile[] | null = null;
  /** How many there may be before it is asked which of them are sent. */
  #mostFiles = LEAST_FILES;

  constructor(reactor: OutboxReactor, target: Source, settings: StreamSettings) {
    super(reactor.submission, settings);
    this.#reactor = reactor;
    this.#submission = reactor.submission;
    this.target = target;
  }

  /** Whether bytes were written that the reactor does not know of, and would not miss at a close. */
  get cutsOff(): boolean {
    return this.flooded !== null || this.#early?.some((piece) => piece.length > 0) === true;
  }

  override get accepted(): number {
    this.encode();
    return this.counted;
  }

  /** Writes are accepted from now on, and kept. */
  begin(): void {
    this.#state = 'early';
  }

  /** There is a socket: sends what was kept. */
  open(): void {
    this.#state = 'open';
    const early = this.#early;
    this.#early = null;
    // They are counted as they are submitted.
    this.counted = 0;
    for (const piece of early ?? []) this.#accept(piece);
  }

  /** Takes the bytes, or drops them; returns whether to go on. */
  write(data: unknown): boolean {
    if (typeof data === 'string') {
      if (!this.#spends(MOST_BYTES_A_UNIT * data.length)) return this.#writePiece(data);
      this.#submission.gather(this, data);
      return true;
    }
    const length = plainLength(data);
    if (length <= 0) return this.#write(data);
    const bytes = data as Uint8Array;
    if (length >= LARGE_BYTES || !this.#spends(length)) return this.#writePiece(bytes);
    this.#submission.encode(this);
    this.#submission.writeBytes(this.target, bytes, this.wantsDrain);
    this.count(length);
    return true;
  }

  /** Whether so many bytes, be it at most, need no look at state and limits. */
  #spends(bytes: number): boolean {
    if (bytes >= this.#credit || this.#submission.count !== this.#creditedAt) return false;
    this.#credit -= bytes;
    return true;
  }

  #write(data: unknown): boolean {
    const bytes = bytesOf('data', data);
    return bytes === null ? this.#writeAll(checkAll(data)) : this.#writePiece(bytes);
  }

  #writePiece(piece: string | Uint8Array): boolean {
    if (this.#takes('write()')) return this.#accept(piece);
    return this.refuse(lengthOf(piece));
  }

  /** All of them, or none. */
  #writeAll(pieces: Piece[]): boolean {
    if (this.#takes('write()')) {
      for (const piece of pieces) this.#accept(piece);
      return this.flows;
    }
    return this.refuse(pieces.reduce((sum, piece) => sum + lengthOf(piece), 0));
  }

  /** As `write()`; the file is opened only where it is accepted. */
  writeFile(request: FileRequest): boolean {
    if (!this.#takes('writeFile()')) return this.refuse(request.nbytes);
    const file = request.open();
    this.#files ??= [];
    this.#files.push({ from: this.accepted, to: this.accepted + file.length, name: file.name });
    if (this.#files.length > this.#mostFiles) {
      this.refresh();
      this.#forgetFiles();
      this.#mostFiles = Math.max(LEAST_FILES, 2 * this.#files.length);
    }
    return this.#accept(file);
  }

  /** What was written comes before whatever the reactor is asked from now on. */
  encode(): void {
    this.#credit = 0;
    if (this.lastEnd >= 0) this.#submission.encode(this);
  }

  encoded(bytes: number): void {
    this.count(bytes);
  }

  override configure(settings: StreamSettings): void {
    this.encode();
    super.configure(settings);
  }

  override end(by: 'this side' | 'others'): void {
    this.encode();
    super.end(by);
  }

  /** The reactor says that everything up to here is sent: is that all, and news? */
  drained(sent: number): boolean {
    this.sent = Math.max(this.sent, sent);
    if (this.lastEnd >= 0 || this.sent < this.counted) return false;
    this.#files = null;
    return this.drain();
  }

  /** The socket is gone with so much unsent; so is what is still written. */
  settle(unsent: number): void {
    this.#state = 'gone';
    for (const piece of this.#early ?? []) if (piece instanceof OpenFile) piece.close();
    this.#early = null;
    this.sent = this.accepted - unsent;
  }

  /** The file that the byte at this place in the stream is of. */
  fileAt(place: number): string {
    return this.#files?.find(({ from, to }) => from <= place && place < to)?.name ?? '';
  }

  #takes(what: string): boolean {
    const isOpen = this.accepts(what);
    if (this.#state === 'idle') throw channelNotConnected(what);
    return isOpen && this.claimRoom();
  }

  #accept(piece: Piece): boolean {
    if (this.#state !== 'open') this.count(this.#keep(piece));
    else {
      this.wantsDrain = this.target.wantsDrain;
      if (typeof piece === 'string' && piece.length < LARGE_BYTES) this.#gather(piece);
      else this.#submit(piece);
      this.#credit = this.emptied ? 0 : Math.min(MOST_CREDIT, this.room);
      this.#creditedAt = this.#submission.count;
    }
    return this.flows;
  }

  #gather(data: string): void {
    this.emptied = false;
    this.count(0);
    this.#submission.gather(this, data);
  }

  protected override get most(): number {
    return this.counted - this.sent + MOST_BYTES_A_UNIT * this.text.length;
  }

  protected override get least(): number {
    return this.counted - this.sent + this.text.length;
  }

  /** Files take no memory. */
  protected override get inMemory(): number {
    return this.weight - this.#pendingInFiles();
  }

  /** How much of what is pending waits in files. */
  #pendingInFiles(): number {
    this.#forgetFiles();
    const files = this.#files ?? [];
    return files.reduce((sum, { from, to }) => sum + to - Math.max(from, this.sent), 0);
  }

  /** Those that are sent. Where nobody asks for `onWrite`, no `drained()` comes that does it. */
  #forgetFiles(): void {
    const files = this.#files ?? [];
    const pending = files.findIndex(({ to }) => to > this.sent);
    files.splice(0, pending < 0 ? files.length : pending);
  }

  /** Until there is a socket; or only counts it, where that is gone. */
  #keep(piece: Piece): number {
    const kept = piece instanceof Uint8Array ? Uint8Array.from(piece) : piece;
    if (this.#state === 'early') {
      this.#early ??= [];
      this.#early.push(kept);
    } else if (kept instanceof OpenFile) {
      kept.close();
    }
    return lengthOf(kept);
  }

  /** Behind what was gathered; what was sent during the call is counted so. */
  #submit(piece: Piece): void {
    const submission = this.#submission;
    const { target, wantsDrain } = this;
    this.encode();
    let unsent: number;
    if (piece instanceof OpenFile) {
      submission.writeFile(target, piece.native, wantsDrain);
      unsent = piece.length;
      this.count(unsent);
    } else {
      const bytes = typeof piece === 'string' ? encode(piece) : piece;
      const length = byteLength.call(bytes);
      unsent =
        length < LARGE_BYTES
          ? submission.writeBytes(target, bytes, wantsDrain)
          : submission.writeLarge(target, unshared(bytes), wantsDrain);
      this.count(length);
      // With all that was accepted before it.
      if (unsent < length) this.sent = this.counted - unsent;
    }
    this.emptied = wantsDrain && unsent === 0;
  }

  protected override ask(): void {
    if (this.#state !== 'open') return;
    this.sent = Math.max(this.sent, this.#reactor.sent(this.target));
  }
}

function lengthOf(piece: Piece): number {
  return typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length;
}

/** What stands in an array; one of nothing is one empty piece. */
function checkAll(data: unknown): Piece[] {
  if (!isReadable(data) || !Array.isArray(data)) throw noData('data', data);
  const pieces = Array.from(data, (one: unknown, at) => {
    return typeof one === 'string' ? one : checkData(one, `data[${at}]`);
  });
  return pieces.length > 0 ? pieces : [''];
}

/** @internal The bytes that `write()` was given. */
export function checkData(data: unknown, name = 'data'): Uint8Array {
  const bytes = bytesOf(name, data);
  if (bytes === null) throw noData(name, data);
  return bytes;
}

function noData(name: string, data: unknown): TypeError {
  return invalidType(name, 'a string, an ArrayBufferView or an ArrayBuffer', data);
}
