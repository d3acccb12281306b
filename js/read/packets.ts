/**
 * The reading half of a datagram channel, on the JS side.
 *
 * ```text
 *   a record ──▶ backlog, while paused ──▶ no delimiter: each datagram as it is ──▶ deliver
 *                                          else: behind what waits of its sender, cut ──▶ deliver
 * ```
 *
 * The reactor passes datagrams on as they came; with a delimiter they are cut here, per sender.
 */

import type { Endpoint, Endpoints } from '../check/endpoint.ts';
import { bufferDetached, frameOverflow, senderEvicted, withAddress } from '../check/errors.ts';
import { cutsAlike, type Framing, framingOf, limitOf } from '../check/read-delimiter.ts';
import { FramingKind, Packet } from '../generated/wire.ts';
import type { Cut } from '../reactor/cutter.ts';
import type { Datagrams } from '../reactor/handler.ts';
import { latin1 } from '../reactor/slab.ts';
import type { Receiver } from './inbox.ts';
import type { Reading } from './reading.ts';
import { type SenderSettings, Senders } from './senders.ts';
import { decode } from './text.ts';

/** @internal What becomes of datagrams. */
export interface DatagramReceiver {
  /** Whether one may be delivered now: bound, not paused, not ended by this side. */
  readonly receptive: boolean;
  /** Whether none will be delivered any more. */
  readonly deliversNothing: boolean;
  /** Whether only its share of a turn is used up: what is left goes on by itself in the next. */
  readonly awaitsTurn: boolean;
  /** Whether anybody listens. */
  readonly listens: boolean;
  deliver(frame: Buffer | string, sender: Endpoint): void;
  /** What waited of a sender can never be delivered. */
  overflow(error: Error): void;
  /** Something was lost, and the channel lives on. */
  report(error: Error): void;
  /** What was to be delivered cannot be: its memory is gone, or no string can be so long. */
  undeliverable(error: Error): void;
}

/** @internal What bounds it. */
export interface InboxSettings {
  /** How many bytes of one sender may wait for a delimiter. */
  readonly bufferSize: number;
  /** How many senders may leave something waiting. */
  readonly maxSenders: number;
}

/** A datagram that waits for `resume()`. */
interface Waiting {
  readonly sender: Endpoint;
  readonly bytes: Buffer;
}

/** @internal */
export class DatagramInbox implements Reading, Receiver {
  encoding: BufferEncoding | null = null;
  /** Bytes that the reactor has passed on. */
  passedOn = 0;
  /** Whose datagram is being delivered. */
  sender: Endpoint | null = null;
  #receiver: DatagramReceiver;
  #endpoints: Endpoints;
  #framing: Framing = framingOf(null);
  #settings: InboxSettings;
  #limit: number;
  /** How senders' bytes are cut now. */
  #how: SenderSettings;
  #senders: Senders;
  #backlog: Waiting[] = [];
  /** What waits of senders is to be looked at again. */
  #recut = false;
  /** Of whom that is still to be done. */
  #toCut: Endpoint[] = [];

  constructor(receiver: DatagramReceiver, endpoints: Endpoints, cut: Cut, settings: InboxSettings) {
    this.#receiver = receiver;
    this.#endpoints = endpoints;
    this.#settings = settings;
    this.#limit = settings.bufferSize;
    this.#how = { framing: this.#framing, limit: this.#limit, encoding: null };
    this.#senders = new Senders(this, cut);
  }

  /** A sender can be anyone, and cannot be held back. */
  readonly isFull = false;

  /** How many bytes are held. */
  get length(): number {
    return this.#backlog.reduce((sum, { bytes }) => sum + bytes.length, this.#senders.bytes);
  }

  /** How to cut from the very next byte on; returns whether what is held is to be looked at. */
  set(settings: InboxSettings, framing: Framing = this.#framing): boolean {
    this.#framing = framing;
    this.#settings = settings;
    this.#limit = limitOf(framing, settings.bufferSize);
    this.#change();
    this.#recut ||= !this.#senders.isEmpty;
    return this.#recut;
  }

  setEncoding(encoding: BufferEncoding | null): void {
    this.encoding = encoding;
    this.#change();
  }

  /** Something that a loop over frames must look at has changed. */
  interrupt(): void {
    this.#senders.interrupt();
  }

  /** Datagrams have arrived: delivers what may be, holds the rest. */
  take(record: Datagrams): void {
    // What `resume()` or another delimiter has let go may still be waiting for its turn.
    if (this.#recut || this.#toCut.length > 0) this.deliverHeld();
    const { bytes, slab, words, senders, count } = record;
    const from: Endpoint[] = [];
    let start = record.start;
    let at = record.at;
    for (const end = at + senders; at < end; at += 1) {
      const length = words[at] as number;
      from.push(this.#endpoints.of(latin1(bytes, start, start + length)));
      start += length;
    }
    const mask = (1 << Packet.SENDER_SHIFT) - 1;
    for (const end = at + count; at < end; at += 1) {
      const word = words[at] as number;
      const sender = from[word >>> Packet.SENDER_SHIFT] as Endpoint;
      const length = word & mask;
      this.passedOn += length;
      const free = this.receptive && this.#backlog.length === 0;
      const kept = slab.keep(start, start + length, this);
      if (kept < 0) return;
      if (!free || !this.#take(sender, slab.bytes, kept, kept + length)) {
        if (this.#receiver.deliversNothing) return;
        this.#backlog.push({ sender, bytes: slab.bytes.subarray(kept, kept + length) });
      }
      start += length;
    }
    this.#settle();
  }

  /** What waited for `resume()`, or for another delimiter. */
  deliverHeld(): void {
    while (this.receptive && (this.#recut || this.#toCut.length > 0)) {
      if (this.#toCut.length === 0) {
        this.#recut = false;
        this.#toCut = this.#senders.all;
      }
      const [sender] = this.#toCut;
      if (sender === undefined) break;
      this.sender = sender;
      this.#senders.recut(sender, this.#how);
      this.sender = null;
      this.#interrupted(sender, this.#toCut);
      if (this.#toCut.length === 0) this.#settle();
    }
    let done = 0;
    while (done < this.#backlog.length && this.receptive) {
      const { sender, bytes } = this.#backlog[done] as Waiting;
      if (!this.#take(sender, bytes, 0, bytes.length)) break;
      done += 1;
    }
    this.#backlog.splice(0, done);
    this.#settle();
  }

  /** Drops all that is held. */
  clear(): void {
    this.#senders.clear();
    this.#backlog = [];
  }

  // ── What the senders' inboxes ask and say ───────────────────────────────────────────────────

  get receptive(): boolean {
    return this.#receiver.receptive;
  }

  get listens(): boolean {
    return this.#receiver.listens;
  }

  deliver(frame: Buffer | string): void {
    if (this.sender !== null) this.#receiver.deliver(frame, this.sender);
  }

  /** A sender's frame can never be delivered: what it sent is dropped, unless it is cut anew. */
  overflow(detail: string, again: boolean): void {
    const framing = this.#framing;
    const limit = this.#limit;
    const error = frameOverflow(detail, limit);
    const address = this.sender?.address ?? null;
    if (!again) this.#receiver.overflow(withAddress(error, address));
    const same = limit === this.#limit && cutsAlike(framing, this.#framing);
    if (again || same) this.#senders.discard();
  }

  undeliverable(error: Error): void {
    this.#receiver.undeliverable(error);
  }

  // ── Below ───────────────────────────────────────────────────────────────────────────────────

  #change(): void {
    this.#how = { framing: this.#framing, limit: this.#limit, encoding: this.encoding };
    this.#senders.changed(this.#how);
  }

  /**
   * One datagram: as it is, or behind what waits of its sender. False where it could not be looked
   * at, because what waited has led to a `pause()`.
   */
  #take(sender: Endpoint, bytes: Buffer, start: number, end: number): boolean {
    if (!this.listens) return true;
    const whole = this.#framing.kind === FramingKind.RAW;
    this.sender = sender;
    if (whole && this.#senders.isEmpty) {
      this.#whole(bytes, start, end);
      this.sender = null;
      return true;
    }
    // What waited for a delimiter that is no more is data of its own, whose `onRead` may pause, or
    // set another delimiter.
    if (whole) this.#senders.recut(sender, this.#how);
    const taken = this.receptive;
    if (taken && this.#framing.kind === FramingKind.RAW) this.#whole(bytes, start, end);
    else if (taken) this.#senders.take(sender, bytes, start, end, this.#how);
    this.sender = null;
    this.#interrupted(sender, [sender]);
    return taken;
  }

  /** A sender has been cut, the first of those to be: a turn that ends goes on with what is left. */
  #interrupted(sender: Endpoint, toCut: Endpoint[]): void {
    if (this.receptive) this.#toCut = toCut.filter((other) => other !== sender);
    else if (this.#receiver.awaitsTurn) this.#toCut = toCut;
    else {
      this.#toCut = [];
      this.#recut = true;
    }
  }

  #whole(bytes: Buffer, start: number, end: number): void {
    if (end > bytes.length) {
      this.undeliverable(bufferDetached());
    } else if (this.encoding === null) {
      this.deliver(bytes.subarray(start, end));
    } else {
      const data = decode(bytes, start, end, this.encoding, this);
      if (data !== null) this.deliver(data);
    }
  }

  /** Keeps what waits within its bounds. What has not been cut yet waits for no delimiter. */
  #settle(): void {
    if (this.#senders.isEmpty || this.#receiver.awaitsTurn) return;
    for (;;) {
      const evicted = this.#senders.evict(this.#settings.maxSenders, this.#limit);
      if (evicted === null) return;
      this.#receiver.report(senderEvicted(evicted.length, evicted.sender.address));
      if (this.#receiver.deliversNothing) return;
    }
  }
}
