/**
 * Bytes of a stream that were received and are not delivered yet, in one piece.
 *
 * ```text
 *   bytes    [delivered][not yet · · · · · ]
 *            0          at                 length
 *   backing  [ · · · · bytes · · · · · · · ][room to grow into]
 * ```
 */

import { memory } from '../reactor/slab.ts';

/** @internal */
export class Held {
  /** Null: there are none. Of no length: whoever has a Buffer of them has detached their memory. */
  bytes: Buffer | null = null;
  at = 0;
  /** All of them are ASCII, as far as anybody has looked. */
  ascii = false;
  /** The memory that `bytes` ends in, where it is our own, up to `#used`. */
  #backing: Buffer | null = null;
  #used = 0;

  get length(): number {
    return this.bytes === null ? 0 : this.bytes.length - this.at;
  }

  /** Holds bytes that nobody else writes to, behind those that are held. */
  add(bytes: Buffer, start: number, end: number, ascii = false): void {
    const more = bytes.subarray(start, end);
    if (this.bytes === null) {
      this.bytes = more;
      this.ascii = ascii;
    } else if (this.bytes.length === 0) {
      // Detached: the next delivery says so.
      return;
    } else {
      this.bytes = this.#append(this.bytes.subarray(this.at), more);
      this.ascii &&= ascii;
    }
    this.at = 0;
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

  /** Up to `next` all is delivered. */
  advance(next: number): void {
    if (this.bytes !== null && next >= this.bytes.length) this.release();
    else this.at = next;
  }

  release(): void {
    this.bytes = null;
    this.#backing = null;
  }

  /** Moves the bytes to memory of their own, where they use less than a quarter of theirs. */
  compact(): void {
    const { bytes, length } = this;
    if (bytes === null || bytes.length === 0 || bytes.buffer.byteLength <= 4 * length) return;
    const own = memory(length);
    bytes.copy(own, 0, this.at);
    this.bytes = own;
    this.at = 0;
    this.#backing = null;
  }
}
