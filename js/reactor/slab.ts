/**
 * The memory of what outlives a batch: Buffers that users are given, and bytes that wait.
 *
 * A batch is read into the same place again and again. What is to be kept of it is copied out, and
 * some of what follows with it: that is mostly wanted next.
 *
 * ```text
 *   batch   [chunk][chunk][chunk][chunk][chunk]…
 *                  └──── kept ───┘
 *   slab    [of batches before ][chunk][chunk]·  ·  ·  ]
 * ```
 *
 * A chunk that is a good part of the batch is not copied: the batch's memory is kept as it is, and the
 * next one gets other memory. So a Buffer of few bytes keeps no more memory alive than a slab has, or
 * some times the chunk that it was cut off.
 */

import { markAsUntransferable } from 'node:worker_threads';

/** Twice Node's own pool: memory of its own for each chunk would cost as much as its Buffers. */
const SLAB_BYTES = 16 * 1024;
/** Chunks from this size on have memory of their own. */
const LARGE_BYTES = SLAB_BYTES / 2;
/** So many are copied at once: few calls for many small chunks, little in vain beside a large one. */
const AHEAD_BYTES = 1024;
/** A chunk of at least this part of the batch's memory keeps that, where half of it is in use. */
const PART = 8;

/** @internal */
export class Slab {
  /** What `keep` has found its bytes in. */
  bytes: Buffer = Buffer.alloc(0);
  #batch: Buffer = this.bytes;
  #length = 0;
  /** The batch's memory itself is kept: it must not be read into any more. */
  claimed = false;
  /** Which bytes of the batch are in `bytes`, and how far they have moved. */
  #batchFrom = 0;
  #batchTo = 0;
  #shift = 0;
  #slab = this.bytes;
  #used = 0;

  /** Another batch, of so many bytes. */
  begin(batch: Buffer, length: number): void {
    this.#batch = batch;
    this.#length = length;
    this.claimed = false;
    this.#batchFrom = 0;
    this.#batchTo = 0;
  }

  /**
   * Where in `bytes` these bytes of the batch are, to which nobody writes any more; -1, and the
   * receiver is told, where there is no memory for them.
   */
  keep(start: number, end: number, receiver: { undeliverable(error: Error): void }): number {
    // What was detached by whoever has a Buffer of it is copied once more.
    if (start < this.#batchFrom || end > this.#batchTo || this.bytes.length === 0) {
      try {
        this.#copy(start, end);
      } catch (error) {
        receiver.undeliverable(error as Error);
        return -1;
      }
    }
    return start + this.#shift;
  }

  #copy(start: number, end: number): void {
    const length = end - start;
    if (PART * length >= this.#batch.length && 2 * this.#length >= this.#batch.length) {
      this.claimed = true;
      this.#place(this.#batch, start, start, end);
    } else if (length >= LARGE_BYTES) {
      const own = memory(length);
      this.#batch.copy(own, 0, start, end);
      this.#place(own, 0, start, end);
    } else {
      if (this.#slab.length - this.#used < length) {
        this.#slab = memory(SLAB_BYTES);
        this.#used = 0;
      }
      const room = this.#slab.length - this.#used;
      const ahead = Math.min(start + Math.min(Math.max(length, AHEAD_BYTES), room), this.#length);
      this.#batch.copy(this.#slab, this.#used, start, ahead);
      this.#place(this.#slab, this.#used, start, ahead);
      this.#used += ahead - start;
    }
  }

  /** The batch's bytes from `batchFrom` to `batchTo` are in `bytes` now, from `at` on. */
  #place(bytes: Buffer, at: number, batchFrom: number, batchTo: number): void {
    this.bytes = bytes;
    this.#batchFrom = batchFrom;
    this.#batchTo = batchTo;
    this.#shift = at - batchFrom;
  }
}

/** @internal Memory that no thread can be given: others may have Buffers of it. */
export function memory(length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  markAsUntransferable(bytes.buffer);
  return bytes;
}

/** @internal Bytes as characters, one of each: latin1 in the words of Node. */
export function latin1(bytes: Buffer, from: number, to: number): string {
  // What `toString` comes to after a look at its arguments.
  return (bytes as Buffer & Latin1).latin1Slice(from, to);
}

interface Latin1 {
  latin1Slice(from: number, to: number): string;
}
