/**
 * The reading half of a stream, on the JS side: frames out of what the reactor passes on.
 *
 * ```text
 *   a chunk ──cut under our delimiter, nothing held──▶ its frames ─────────────────▶ deliver
 *      └──────── otherwise ──▶ held ──▶ frames that are found here (`framer.ts`) ──▶ deliver
 *                               ▲                                                      │
 *                               └── the rest, where a hook has changed something ◀─────┘
 * ```
 *
 * Who cuts is a matter of the `Agreement`. A `RegExp` is searched by the reactor's own code, here too.
 *
 * Under a delimiter of 0 nothing is cut, and the reactor is not asked to: the bytes are held here. Each
 * time it is set, one empty frame is due, before anything else.
 */

import type { NativeSearchHandle } from '../binding.ts';
import { bufferDetached } from '../check/errors.ts';
import { cutsAlike, type Framing, NOTHING, searchOf } from '../check/read-delimiter.ts';
import { CutResult, FramingKind, Stop } from '../generated/wire.ts';
import { type Cut, MOST_FRAMES } from '../reactor/cutter.ts';
import type { Chunk } from '../reactor/handler.ts';
import type { Slab } from '../reactor/slab.ts';
import type { ReframeRequest } from '../reactor/submission.ts';
import { Agreement, FIRST } from './agreement.ts';
import { nextFrame, overflowDetail } from './cut.ts';
import { announced, frameEnd, frameStart, scanned } from './framer.ts';
import { Held } from './held.ts';
import type { Reading } from './reading.ts';
import { asksForAscii, completeLength, decode, Slices } from './text.ts';
import { Views } from './views.ts';

/** For all inboxes: hardly ever does one deliver while another does. */
const slices = new Slices();
const views = new Views();
/** What is held by all that have held nothing yet. */
const NONE = new Held();

/** @internal What becomes of frames. */
export interface Receiver {
  /** Whether a frame may be delivered now: open, not paused, not ended by this side. */
  readonly receptive: boolean;
  /** Whether anybody listens. */
  readonly listens: boolean;
  deliver(frame: Buffer | string): void;
  /** The frame at the front can never be delivered. `again`: for the same bytes as before. */
  overflow(detail: string, again: boolean): void;
  /** What was to be delivered cannot be: its memory is gone, or no string can be so long. */
  undeliverable(error: Error): void;
}

/** @internal */
export class Inbox implements Reading {
  framing: Framing;
  limit: number;
  encoding: BufferEncoding | null = null;
  /** Bytes that the reactor has passed on. */
  passedOn = 0;
  /** Frames are being delivered, or it is seen whether there are: a change needs no other look. */
  isDelivering = false;
  /** A loop over frames is to look at what has changed; see `interrupt()`. */
  #interrupted = false;
  #whole: boolean;
  #receiver: Receiver;
  #cut: Cut;
  #agreement = FIRST;
  #burst = MOST_FRAMES;
  #held = NONE;
  /** What the last cut of the same bytes has said, or 0. */
  #scan = 0;
  /** What knows more of that for a RegExp, from the first cut on that is made here. */
  #search: NativeSearchHandle | null = null;
  /** Empty frames that are due, under a delimiter of 0. */
  #empties = 0;
  /** The peer has finished: no byte follows those that are held. */
  #last = false;
  /** `rest()` was taken: no frame follows. */
  #over = false;
  #overflowed = false;

  /** `whole`: what comes is whole, so that no character is split over two pieces of it. */
  constructor(receiver: Receiver, cut: Cut, framing: Framing, limit: number, whole = false) {
    this.#whole = whole;
    this.#receiver = receiver;
    this.#cut = cut;
    this.framing = framing;
    this.limit = limit;
  }

  /** Nothing waits here to be delivered. */
  get isEmpty(): boolean {
    return this.#held.bytes === null && this.#empties === 0;
  }

  /** Under a delimiter of 0: as much is held as may be, and the peer is to be held back. */
  get isFull(): boolean {
    return this.framing === NOTHING && this.length >= this.limit;
  }

  /** How many bytes are held. */
  get length(): number {
    return this.#held.length;
  }

  /** Bytes at the front that are not a whole frame; changes when a frame has been cut off. */
  get partial(): { length: number; after: number } | null {
    if (this.#held.bytes === null || this.framing.kind === FramingKind.RAW) return null;
    const { length } = this;
    return { length, after: this.passedOn - length };
  }

  /** Sets how to cut, from the very next byte on; returns whether that is a change. */
  set(framing: Framing, limit: number): boolean {
    if (limit === this.limit && cutsAlike(framing, this.framing)) return false;
    if (framing !== NOTHING) this.#empties = 0;
    this.framing = framing;
    this.limit = limit;
    this.#scan = 0;
    this.#search = null;
    this.#interrupted = true;
    this.#agreement = this.#agreement.change();
    return true;
  }

  /** A delimiter of 0 was set, perhaps again: an empty frame is due, but not behind the end. */
  expectEmpty(): void {
    if (!this.#over) this.#empties += 1;
  }

  /** Something has changed that a loop over frames must look at. */
  interrupt(): void {
    this.#interrupted = true;
  }

  setEncoding(encoding: BufferEncoding | null): void {
    this.encoding = encoding;
    this.#interrupted = true;
  }

  /** What to tell the reactor when reading starts: it may cut from the first byte. */
  begin(): ReframeRequest {
    const mayCut = this.framing !== NOTHING;
    this.#agreement = mayCut ? FIRST : new Agreement(mayCut);
    return this.#request(mayCut);
  }

  /** Whether the reactor is to hear of how bytes are cut now. */
  get requestDue(): boolean {
    return this.#agreement.due;
  }

  /** That, when a turn's work is done. */
  takeRequest(): ReframeRequest | null {
    const canCut = this.#held.bytes === null && this.framing !== NOTHING;
    const mayCut = this.#agreement.ask(canCut);
    return mayCut === null ? null : this.#request(mayCut);
  }

  /** A chunk has arrived: delivers what it completes, holds the rest. */
  take(chunk: Chunk): void {
    this.passedOn += chunk.length;
    const isCut = this.#agreement.take(chunk.epoch);
    if (isCut && this.#held.bytes === null && this.#receiver.receptive) {
      this.#deliverCut(chunk);
      return;
    }
    this.#keep(chunk.slab, chunk.start, chunk.start + chunk.length, chunk.ascii);
    this.#deliverHeld(false);
    if (this.#held.bytes === null) this.#agreement.level();
  }

  /** All that the reactor held when a frame outgrew the limit; it has halted. */
  takeOverflow(slab: Slab, start: number, length: number): void {
    this.passedOn += length;
    this.#agreement = this.#agreement.halt();
    this.#keep(slab, start, start + length);
    this.deliverHeld();
  }

  /** Holds bytes of a batch. */
  #keep(slab: Slab, start: number, end: number, ascii = false): void {
    if (start >= end) return;
    const at = slab.keep(start, end, this.#receiver);
    if (at >= 0) this.hold(slab.bytes, at, at + end - start, ascii);
  }

  /** Holds bytes that nobody else writes to, behind those that are held. */
  hold(bytes: Buffer, start: number, end: number, ascii = false): void {
    if (start >= end) return;
    if (this.#held === NONE) this.#held = new Held();
    if (this.#held.bytes === null) this.#scan = 0;
    this.#held.add(bytes, start, end, ascii);
  }

  /** Delivers frames out of what is held, until it is incomplete or may not be delivered. */
  deliverHeld(): void {
    this.#deliverHeld(true);
  }

  /** `few`: perhaps it ends with the first, as the last time. */
  #deliverHeld(few: boolean): void {
    this.isDelivering = true;
    slices.begin(few);
    try {
      while (this.#receiver.receptive) if (!this.#deliverSome()) break;
    } finally {
      this.isDelivering = false;
      slices.end();
      views.end();
    }
    this.#held.compact();
  }

  /** Some of what is due, under one delimiter; false: no more can be. */
  #deliverSome(): boolean {
    const { framing } = this;
    const { bytes, at } = this.#held;
    if (this.#empties > 0) {
      this.#empties -= 1;
      this.#deliver(Buffer.alloc(0), 0, 0);
      return true;
    }
    if (bytes === null || framing === NOTHING) return false;
    if (bytes.length === 0) {
      this.#held.release();
      this.#receiver.undeliverable(bufferDetached());
      return false;
    }
    if (framing.kind === FramingKind.RAW) return this.#deliverAll(bytes, at);
    if (framing.kind === FramingKind.REGEXP) return this.#deliverMatched(bytes, at);
    return this.#deliverFramed(bytes);
  }

  /** Without a delimiter: all that is whole characters. */
  #deliverAll(bytes: Buffer, at: number): boolean {
    const { ascii } = this.#held;
    const end = at + completeLength(bytes, at, bytes.length, this.#whole ? null : this.encoding);
    this.#held.release();
    this.hold(bytes, end, bytes.length, ascii);
    if (end > at) this.#deliver(bytes, at, end);
    return end > at;
  }

  /** Frames that are found here. */
  #deliverFramed(bytes: Buffer): boolean {
    const held = this.#held;
    let sliceable = this.#sliceable(held.ascii);
    this.#interrupted = false;
    while (held.bytes === bytes) {
      const { framing } = this;
      const from = held.at;
      const end = frameEnd(framing, this.limit, bytes, from, this.#scan);
      if (end < 0) return this.#notFound(~end, bytes, from);
      const start = frameStart(framing, bytes, from);
      held.advance(end + framing.sequence.length);
      this.#scan = 0;
      if (sliceable) this.#deliverText(slices.slice(bytes, start, end, bytes.length));
      else this.#deliver(bytes, start, end);
      if (!this.#interrupted) continue;
      this.#interrupted = false;
      const { kind } = this.framing;
      if (kind === FramingKind.RAW || kind === FramingKind.REGEXP) return true;
      if (bytes.length === 0 || !this.#receiver.receptive) return true;
      sliceable = this.#sliceable(held.ascii);
    }
    return true;
  }

  /** The bytes from `from` on are not a whole frame. */
  #notFound(stop: number, bytes: Buffer, from: number): boolean {
    const { framing, limit } = this;
    if (stop === Stop.INCOMPLETE) {
      this.#scan = scanned(framing, limit, bytes, from);
      this.#overflowed = false;
      return false;
    }
    const length = stop === Stop.NO_DELIMITER ? 0 : Math.abs(announced(framing, bytes, from));
    this.#overflow(overflowDetail(stop, length));
    return true;
  }

  /** Frames up to matches of a RegExp, which are found natively. */
  #deliverMatched(bytes: Buffer, at: number): boolean {
    this.#search ??= searchOf(this.framing);
    const request = this.#request(false);
    const words = this.#cut(request, bytes, at, this.#scan, this.#burst, this.#search);
    const stop = words[CutResult.STOP] as number;
    const scan = words[CutResult.SCAN] as number;
    if (!this.#deliverFound(bytes, at, words)) {
      this.#burst = 1;
      return true;
    }
    this.#burst = Math.min(2 * this.#burst, MOST_FRAMES);
    this.#scan = scan;
    if (stop === Stop.INCOMPLETE) {
      this.#overflowed = false;
      // Of frames that the reactor has cut and that were not delivered then, this may take more to
      // find the last again: what decided on its end is still in the reactor.
      if (this.#agreement.isCut) this.#agreement = this.#agreement.renew();
      return false;
    }
    if (stop !== Stop.BUDGET) this.#overflow(overflowDetail(stop, 0));
    return true;
  }

  /** The peer has finished: what the reactor held. It may hold frames of a newer delimiter. */
  takeRest(slab: Slab, start: number, length: number): void {
    this.passedOn += length;
    this.#last = true;
    this.#keep(slab, start, start + length);
    this.deliverHeld();
  }

  /** All that no delimiter completed, as `onEnd` gets it; null where it cannot be delivered. */
  rest(): Buffer | string | null {
    const { bytes, at } = this.#held;
    const rest = bytes?.subarray(at) ?? Buffer.alloc(0);
    this.#held.release();
    this.#over = true;
    if (this.encoding === null) return rest;
    return decode(rest, 0, rest.length, this.encoding, this.#receiver);
  }

  /** Drops all that is held. */
  clear(): void {
    this.#overflowed = false;
    this.#empties = 0;
    this.#held.release();
  }

  #request(mayCut: boolean): ReframeRequest {
    const { framing, limit, passedOn, encoding } = this;
    const text = asksForAscii(encoding);
    const { epoch } = this.#agreement;
    const last = this.#last;
    return { epoch, framing, limit, passedOn, mayCut, text, last };
  }

  /** The fast way: frames that the reactor has cut, under the delimiter that still holds. */
  #deliverCut(chunk: Chunk): void {
    if (!this.#receiver.listens) return;
    this.isDelivering = true;
    slices.begin(false);
    try {
      if (this.framing.kind === FramingKind.RAW) this.#deliverRaw(chunk);
      else this.#deliverFrames(chunk);
    } finally {
      this.isDelivering = false;
      slices.end();
      views.end();
    }
  }

  #deliverFrames(chunk: Chunk): void {
    const { slab, length, words, at } = chunk;
    const epoch = this.#agreement.epoch;
    const { kind } = this.framing;
    const last = chunk.start + length;
    let sliceable = chunk.frames > 1 && this.#sliceable(chunk.ascii);
    let start = this.#startOf(chunk);
    if (start < 0) return;
    let bytes = this.encoding === null ? slab.bytes : chunk.bytes;
    this.#interrupted = false;
    const end = at + 2 * chunk.frames;
    for (let word = at; word < end; word += 2) {
      const from = start + (words[word] as number);
      const to = start + (words[word + 1] as number);
      if (sliceable) this.#deliverText(slices.slice(bytes, from, to, last));
      else this.#deliver(bytes, from, to);
      if (!this.#interrupted) continue;
      this.#interrupted = false;
      if (this.#agreement.epoch !== epoch || !this.#receiver.receptive) {
        const next = nextFrame(kind, words, word, end, length);
        this.#keep(slab, chunk.start + next, last, chunk.ascii);
        this.#deliverHeld(false);
        return;
      }
      sliceable = chunk.frames > 1 && this.#sliceable(chunk.ascii);
      start = this.#startOf(chunk);
      if (start < 0) return;
      bytes = this.encoding === null ? slab.bytes : chunk.bytes;
    }
  }

  /** Data as it arrives; of text, what makes whole characters. */
  #deliverRaw(chunk: Chunk): void {
    const { slab, length } = chunk;
    const start = this.#startOf(chunk);
    if (start < 0) return;
    const bytes = this.encoding === null ? slab.bytes : chunk.bytes;
    const encoding = this.#whole ? null : this.encoding;
    const whole = completeLength(bytes, start, start + length, encoding);
    this.#keep(slab, chunk.start + whole, chunk.start + length);
    if (whole > 0) this.#deliver(bytes, start, start + whole);
    if (this.#held.bytes !== null) this.#deliverHeld(false);
  }

  /** Text is made of the batch's bytes, a Buffer is one of those that outlive it; -1 for neither. */
  #startOf({ slab, start, length }: Chunk): number {
    return this.encoding === null ? slab.keep(start, start + length, this.#receiver) : start;
  }

  /** Whether frames may be slices of a string: where bytes are the same text as latin1. */
  #sliceable(ascii: boolean): boolean {
    return this.encoding === 'latin1' || (ascii && asksForAscii(this.encoding));
  }

  /** Frames that were found natively; false where something changed and the rest was cut in vain. */
  #deliverFound(bytes: Buffer, at: number, words: Uint32Array): boolean {
    const { kind } = this.framing;
    const epoch = this.#agreement.epoch;
    const consumed = words[CutResult.CONSUMED] as number;
    const end = CutResult.WORDS + 2 * (words[CutResult.FRAMES] as number);
    for (let word = CutResult.WORDS; word < end; word += 2) {
      const from = words[word] as number;
      const to = words[word + 1] as number;
      this.#held.advance(at + nextFrame(kind, words, word, end, consumed));
      this.#scan = 0;
      this.#deliver(bytes, at + from, at + to);
      if (this.#agreement.epoch !== epoch || !this.#receiver.receptive) return false;
    }
    return true;
  }

  #deliver(bytes: Buffer, from: number, to: number): void {
    this.#overflowed = false;
    if (to > bytes.length) {
      this.#receiver.undeliverable(bufferDetached());
    } else if (this.encoding === null) {
      this.#receiver.deliver(views.view(bytes, from, to));
    } else {
      const frame = decode(bytes, from, to, this.encoding, this.#receiver);
      if (frame !== null) this.#receiver.deliver(frame);
    }
  }

  #deliverText(frame: string): void {
    this.#overflowed = false;
    this.#receiver.deliver(frame);
  }

  #overflow(detail: string): void {
    const again = this.#overflowed;
    this.#overflowed = true;
    this.#receiver.overflow(detail, again);
  }
}
