/**
 * Framing per sender: what no delimiter has completed yet waits for that sender's next datagram.
 *
 * Bounded in senders and in bytes. Who has waited longest makes room, and that is reported: the
 * senders of datagrams are whoever they say they are.
 */

import type { Endpoint } from '../check/endpoint.ts';
import type { Framing } from '../check/read-delimiter.ts';
import { FramingKind } from '../generated/wire.ts';
import type { Cut } from '../reactor/cutter.ts';
import { Inbox, type Receiver } from './inbox.ts';

/** All senders together may leave this many times `bufferSize` waiting. */
const BUFFERS = 64;

/** @internal How bytes are cut now. */
export interface SenderSettings {
  readonly framing: Framing;
  readonly limit: number;
  readonly encoding: BufferEncoding | null;
}

interface Waiting {
  readonly sender: Endpoint;
  readonly inbox: Inbox;
}

/** @internal */
export class Senders {
  #receiver: Receiver;
  #cut: Cut;
  /** Those with bytes that wait; who was heard of last is last. */
  #waiting = new Map<string, Waiting>();
  #bytes = 0;
  /** Whose datagram is being cut. */
  #current: Inbox | null = null;
  /** Spare, so that datagrams of whole frames make no garbage. */
  #spare: Inbox | null = null;

  constructor(receiver: Receiver, cut: Cut) {
    this.#receiver = receiver;
    this.#cut = cut;
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** How many bytes wait. */
  get bytes(): number {
    return this.#bytes;
  }

  has(sender: Endpoint): boolean {
    return this.#waiting.has(sender.key);
  }

  /** The settings have changed: holds from the next byte of the datagram that is being cut. */
  changed({ framing, limit, encoding }: SenderSettings): void {
    if (this.#current === null) return;
    this.#current.set(framing, limit);
    this.#current.setEncoding(encoding);
  }

  /** Something that a loop over frames must look at has changed. */
  interrupt(): void {
    this.#current?.interrupt();
  }

  /** Cuts a datagram, behind what waited of its sender. */
  take(
    sender: Endpoint,
    bytes: Buffer,
    start: number,
    end: number,
    settings: SenderSettings,
  ): void {
    const inbox = this.#open(sender, settings);
    // Last heard of, last in the map; one that is only cut again keeps its place.
    this.#waiting.delete(sender.key);
    inbox.hold(bytes, start, end);
    this.#deliver(sender, inbox, settings);
  }

  /** Cuts again what waits of this sender. */
  recut(sender: Endpoint, settings: SenderSettings): void {
    if (this.has(sender)) this.#deliver(sender, this.#open(sender, settings), settings);
  }

  /** Whose bytes wait. */
  get all(): Endpoint[] {
    return [...this.#waiting.values()].map(({ sender }) => sender);
  }

  /** Who makes room, where too much waits; its bytes are gone. */
  evict(most: number, limit: number): { sender: Endpoint; length: number } | null {
    if (this.#waiting.size <= most && this.#bytes <= BUFFERS * limit) return null;
    for (const [key, { sender, inbox }] of this.#waiting) {
      const { length } = inbox;
      this.#waiting.delete(key);
      this.#bytes -= length;
      return { sender, length };
    }
    return null;
  }

  /** Drops what is left of the datagram that is being cut, and what waited of its sender. */
  discard(): void {
    this.#current?.clear();
  }

  clear(): void {
    this.#current?.clear();
    this.#waiting.clear();
    this.#bytes = 0;
  }

  /** The sender's inbox; its bytes do not count until they have been looked at. */
  #open(sender: Endpoint, { framing, limit, encoding }: SenderSettings): Inbox {
    const waiting = this.#waiting.get(sender.key);
    let inbox = waiting?.inbox;
    if (inbox !== undefined) {
      this.#bytes -= inbox.length;
    } else {
      inbox = this.#spare ?? new Inbox(this.#receiver, this.#cut, framing, limit, true);
      this.#spare = null;
    }
    inbox.set(framing, limit);
    inbox.encoding = encoding;
    return inbox;
  }

  #deliver(sender: Endpoint, inbox: Inbox, settings: SenderSettings): void {
    this.#current = inbox;
    inbox.deliverHeld();
    this.#current = null;
    if (inbox.isEmpty) {
      this.#waiting.delete(sender.key);
      this.#spare = inbox;
    } else if (settings.framing.kind !== FramingKind.RAW || !this.#receiver.receptive) {
      this.#waiting.set(sender.key, { sender, inbox });
      this.#bytes += inbox.length;
    } else {
      this.#waiting.delete(sender.key);
    }
  }
}
