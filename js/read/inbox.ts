/**
 * The reading half of a stream, on the JS side: frames out of what the reactor passes on.
 *
 * The reactor cuts, under the delimiter that it was told last. When that has changed meanwhile,
 * what it cut before is cut again here, by the same native code, and so is all that follows until
 * the reactor and this side agree on a byte from which it cuts again:
 *
 * ```text
 *              the delimiter changes                     a chunk of the epoch asked for
 *   CUTS ─────────────────────────────▶ ASKED ───────────────────────────────▶ CUTS
 *    (chunks carry frames of our epoch)  │  ▲
 *                 an uncut chunk: refused │  │ nothing left over, the delimiter has settled
 *                                         ▼  │
 *                                         RAW  (chunks come uncut, frames are found here)
 * ```
 *
 * The reactor agrees when all the bytes that it has passed on have been taken in here, by count.
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
import { latin1, memory, type Slab } from '../reactor/slab.ts';
import type { ReframeRequest } from '../reactor/submission.ts';
import { nextFrame, overflowDetail } from './cut.ts';
import { completeLength, decode, isAsciiCompatible } from './text.ts';

const CUTS = 0;
const ASKED = 1;
const RAW = 2;

/** After this many changes a delimiter counts as one that changes all the time … */
const RESTLESS = 8;
/** … and the reactor is asked to cut again only after this many chunks without a change. */
const SETTLED = 16;
/** ASCII chunks up to this size become one string, of which the frames are slices. */
const SLICE_BYTES = 8 * 1024;

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
export class Inbox {
  framing: Framing;
  limit: number;
  encoding: BufferEncoding | null = null;
  /** Bytes that the reactor has passed on. */
  consumed = 0;
  /** Whether the reactor is to hear of how bytes are cut now; see `takeRequest`. */
  requestDue = false;
  /** See `interrupt()`. */
  #changed = false;
  #whole: boolean;
  #receiver: Receiver;
  #cut: Cut;
  #epoch = 1;
  #state = CUTS;
  /** The reactor reads nothing until it hears of how to go on. */
  #halted = false;
  #changes = 0;
  #stable = 0;
  #burst = MOST_FRAMES;
  /** Bytes not delivered, from `#at` on; `#scan`: what the last cut of the same ones said, or 0. */
  #held: Buffer | null = null;
  /** The memory that `#held` ends in, where it is our own, up to `#used`: room to grow into. */
  #backing: Buffer | null = null;
  #used = 0;
  #at = 0;
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
    return this.#held === null && this.#empties === 0;
  }

  /** Under a delimiter of 0: as much is held as may be, and the peer is to be held back. */
  get isFull(): boolean {
    return this.framing === NOTHING && this.length >= this.limit;
  }

  /** How many bytes are held. */
  get length(): number {
    return this.#held === null ? 0 : this.#held.length - this.#at;
  }

  /** Moves the held bytes to memory of their own, where they use less than a quarter of theirs. */
  #compact(held: Buffer): void {
    const { length } = this;
    if (held.buffer.byteLength <= 4 * length || held.length === 0) return;
    const own = memory(length);
    held.copy(own, 0, this.#at);
    this.#held = own;
    this.#at = 0;
    this.#backing = null;
  }

  /** Bytes at the front that are not a whole frame; changes when a frame has been cut off. */
  get partial(): { length: number; after: number } | null {
    if (this.#held === null || this.framing.kind === FramingKind.RAW) return null;
    const length = this.#held.length - this.#at;
    return { length, after: this.consumed - length };
  }

  /** Sets how to cut, from the very next byte on; returns whether that is a change. */
  set(framing: Framing, limit: number): boolean {
    if (limit === this.limit && cutsAlike(framing, this.framing)) return false;
    if (framing !== NOTHING) this.#empties = 0;
    this.framing = framing;
    this.limit = limit;
    this.#scan = 0;
    this.#search = null;
    this.#changes += 1;
    this.#stable = 0;
    this.#changed = true;
    this.#renew();
    return true;
  }

  /** A delimiter of 0 was set, perhaps again: an empty frame is due, but not behind the end. */
  expectEmpty(): void {
    if (!this.#over) this.#empties += 1;
  }

  /** Something has changed that a loop over frames must look at. */
  interrupt(): void {
    this.#changed = true;
  }

  /** Chunks that are on their way are cut anew, and the reactor is to hear of it. */
  #renew(): void {
    this.#epoch = this.#epoch === 0xffff_ffff ? 1 : this.#epoch + 1;
    this.requestDue ||= this.#state !== RAW;
  }

  setEncoding(encoding: BufferEncoding | null): void {
    this.encoding = encoding;
    this.#changed = true;
  }

  /** What to tell the reactor when reading starts: it may cut from the first byte. */
  begin(): ReframeRequest {
    this.requestDue = false;
    this.#changes = 0;
    const mayCut = this.framing !== NOTHING;
    this.#state = mayCut ? CUTS : RAW;
    return this.#request(mayCut);
  }

  /** What to tell the reactor when a turn's work is done. */
  takeRequest(): ReframeRequest | null {
    if (!this.requestDue) return null;
    this.requestDue = false;
    const isSettled = this.#changes <= RESTLESS || this.#stable >= SETTLED;
    const mayCut = this.#held === null && this.framing !== NOTHING && isSettled;
    if (!mayCut && this.#state === RAW && !this.#halted) return null;
    this.#halted = false;
    this.#state = mayCut ? ASKED : RAW;
    return this.#request(mayCut);
  }

  /** A chunk has arrived: delivers what it completes, holds the rest. */
  take(chunk: Chunk): void {
    this.consumed += chunk.length;
    if (chunk.epoch === this.#epoch) {
      this.#state = CUTS;
      if (this.#held === null && this.#receiver.receptive) {
        this.#deliverCut(chunk);
        return;
      }
    } else if (chunk.epoch === 0 && this.#state === ASKED) {
      this.#state = RAW;
    }
    this.#stable += 1;
    this.#keep(chunk.slab, chunk.start, chunk.start + chunk.length);
    this.deliverHeld();
    this.requestDue ||= this.#state === RAW && this.#held === null;
  }

  /** All that the reactor held when a frame outgrew the limit; it has halted. */
  takeOverflow(slab: Slab, start: number, length: number): void {
    this.consumed += length;
    this.#state = RAW;
    this.#halted = true;
    this.requestDue = true;
    this.#keep(slab, start, start + length);
    this.deliverHeld();
  }

  /** Holds bytes of a batch. */
  #keep(slab: Slab, start: number, end: number): void {
    if (start >= end) return;
    const at = slab.keep(start, end, this.#receiver);
    if (at >= 0) this.hold(slab.bytes, at, at + end - start);
  }

  /** Holds bytes that nobody else writes to, behind those that are held. */
  hold(bytes: Buffer, start: number, end: number): void {
    if (start >= end) return;
    const more = bytes.subarray(start, end);
    if (this.#held === null) {
      this.#held = more;
      this.#scan = 0;
    } else if (this.#held.length === 0) {
      // Detached: `deliverHeld` says so.
      return;
    } else {
      this.#held = this.#append(this.#held.subarray(this.#at), more);
    }
    this.#at = 0;
  }

  /**
   * Both as one: `more` is copied behind `held` where there is room, else both to new memory with
   * room for as much again, so that a large frame in many pieces is copied twice at most.
   */
  #append(held: Buffer, more: Buffer): Buffer {
    let backing = this.#backing;
    let from = backing === null ? 0 : held.byteOffset - backing.byteOffset;
    if (backing === null || this.#used + more.length > backing.length) {
      backing = memory(2 * (held.length + more.length));
      held.copy(backing);
      from = 0;
      this.#backing = backing;
      this.#used = held.length;
    }
    more.copy(backing, this.#used);
    this.#used += more.length;
    return backing.subarray(from, this.#used);
  }

  #release(): void {
    this.#held = null;
    this.#backing = null;
  }

  /** Delivers frames out of what is held, until it is incomplete or may not be delivered. */
  deliverHeld(): void {
    this.#deliverHeld();
    if (this.#held !== null) this.#compact(this.#held);
  }

  #deliverHeld(): void {
    while (this.#receiver.receptive) {
      if (this.#empties > 0) {
        this.#empties -= 1;
        this.#deliver(Buffer.alloc(0), 0, 0);
        continue;
      }
      if (this.#held === null || this.framing === NOTHING) return;
      const held: Buffer = this.#held;
      const at = this.#at;
      if (held.length === 0) {
        this.#release();
        this.#receiver.undeliverable(bufferDetached());
        return;
      }
      if (this.framing.kind === FramingKind.RAW) {
        this.#release();
        const encoding = this.#whole ? null : this.encoding;
        const end = at + completeLength(held, at, held.length, encoding);
        this.hold(held, end, held.length);
        if (end === at) return;
        this.#deliver(held, at, end);
        continue;
      }
      this.#search ??= searchOf(this.framing);
      const request = this.#request(false);
      const words = this.#cut(request, held, at, this.#scan, this.#burst, this.#search);
      const stop = words[CutResult.STOP] as number;
      const scan = words[CutResult.SCAN] as number;
      const low = words[CutResult.ANNOUNCED_LOW] as number;
      const announced = (words[CutResult.ANNOUNCED_HIGH] as number) * 0x1_0000_0000 + low;
      if (!this.#deliverFound(held, at, words)) {
        this.#burst = 1;
        continue;
      }
      this.#burst = Math.min(2 * this.#burst, MOST_FRAMES);
      this.#scan = scan;
      if (stop === Stop.INCOMPLETE) {
        this.#overflowed = false;
        // Of frames that the reactor has cut and that were not delivered then, a RegExp may take
        // more to find the last again: what decided on its end is still in the reactor.
        if (this.#state === CUTS && this.framing.regexp !== null) this.#renew();
        return;
      }
      if (stop !== Stop.BUDGET) this.#overflow(overflowDetail(stop, announced));
    }
  }

  /** The peer has finished: what the reactor held. It may hold frames of a newer delimiter. */
  takeRest(slab: Slab, start: number, length: number): void {
    this.consumed += length;
    this.#last = true;
    this.#keep(slab, start, start + length);
    this.deliverHeld();
  }

  /** All that no delimiter completed, as `onEnd` gets it; null where it cannot be delivered. */
  rest(): Buffer | string | null {
    const held = this.#held?.subarray(this.#at) ?? Buffer.alloc(0);
    this.#release();
    this.#over = true;
    if (this.encoding === null) return held;
    return decode(held, 0, held.length, this.encoding, this.#receiver);
  }

  /** Drops all that is held. */
  clear(): void {
    this.#overflowed = false;
    this.#empties = 0;
    this.#release();
  }

  #request(mayCut: boolean): ReframeRequest {
    const { framing, limit, consumed, encoding } = this;
    const text = encoding !== null;
    return { epoch: this.#epoch, framing, limit, consumed, mayCut, text, last: this.#last };
  }

  /** The fast way: frames that the reactor has cut, under the delimiter that still holds. */
  #deliverCut(chunk: Chunk): void {
    if (!this.#receiver.listens) return;
    if (this.framing.kind === FramingKind.RAW) {
      this.#deliverRaw(chunk);
      return;
    }
    const { slab, length, words, at } = chunk;
    const epoch = this.#epoch;
    const { kind } = this.framing;
    let text = this.#sliceable(chunk)
      ? latin1(chunk.bytes, chunk.start, chunk.start + length)
      : null;
    let start = this.#startOf(chunk);
    if (start < 0) return;
    let bytes = this.encoding === null ? slab.bytes : chunk.bytes;
    this.#changed = false;
    const end = at + 2 * chunk.frames;
    for (let word = at; word < end; word += 2) {
      const from = words[word] as number;
      const to = words[word + 1] as number;
      if (text === null) this.#deliver(bytes, start + from, start + to);
      else this.#receiver.deliver(text.slice(from, to));
      if (!this.#changed) continue;
      this.#changed = false;
      if (this.#epoch !== epoch || !this.#receiver.receptive) {
        const next = nextFrame(kind, words, word, end, length);
        this.#keep(slab, chunk.start + next, chunk.start + length);
        this.deliverHeld();
        return;
      }
      text = null;
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
    if (this.#held !== null) this.deliverHeld();
  }

  /** Text is made of the batch's bytes, a Buffer is one of those that outlive it; -1 for neither. */
  #startOf({ slab, start, length }: Chunk): number {
    return this.encoding === null ? slab.keep(start, start + length, this.#receiver) : start;
  }

  /** Whether a chunk's frames may be slices of one string: ASCII, and not pinning much memory. */
  #sliceable({ ascii, frames, length }: Chunk): boolean {
    return ascii && frames > 1 && length <= SLICE_BYTES && isAsciiCompatible(this.encoding);
  }

  /** Frames that were cut here; false where something changed and the rest was cut in vain. */
  #deliverFound(held: Buffer, at: number, words: Uint32Array): boolean {
    const { kind } = this.framing;
    const epoch = this.#epoch;
    const consumed = words[CutResult.CONSUMED] as number;
    const end = CutResult.WORDS + 2 * (words[CutResult.FRAMES] as number);
    for (let word = CutResult.WORDS; word < end; word += 2) {
      const from = words[word] as number;
      const to = words[word + 1] as number;
      this.#at = at + nextFrame(kind, words, word, end, consumed);
      this.#scan = 0;
      if (this.#at >= held.length) this.#release();
      this.#deliver(held, at + from, at + to);
      if (this.#epoch !== epoch || !this.#receiver.receptive) return false;
    }
    return true;
  }

  #deliver(bytes: Buffer, from: number, to: number): void {
    this.#overflowed = false;
    if (to > bytes.length) {
      this.#receiver.undeliverable(bufferDetached());
    } else if (this.encoding === null) {
      this.#receiver.deliver(bytes.subarray(from, to));
    } else {
      const frame = decode(bytes, from, to, this.encoding, this.#receiver);
      if (frame !== null) this.#receiver.deliver(frame);
    }
  }

  #overflow(detail: string): void {
    const again = this.#overflowed;
    this.#overflowed = true;
    this.#receiver.overflow(detail, again);
  }
}
