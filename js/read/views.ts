/** Buffers that are a part of others. */

/** What `subarray` makes Buffers of, after a look at its arguments; that takes twice as long. */
const View = (Buffer as unknown as Species)[Symbol.species];

interface Species {
  readonly [Symbol.species]: new (memory: ArrayBufferLike, at: number, length: number) => Buffer;
}

/** @internal To ask a Buffer for its memory costs as much as to make one: it is asked once for many. */
export class Views {
  /** What they are part of, its memory, and where in that it begins. */
  #bytes: Buffer | null = null;
  #memory: ArrayBufferLike | null = null;
  #at = 0;

  /** A part of `bytes`, which has so many. */
  view(bytes: Buffer, from: number, to: number): Buffer {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#memory = bytes.buffer;
      this.#at = bytes.byteOffset;
    }
    return new View(this.#memory as ArrayBufferLike, this.#at + from, to - from);
  }

  /** No more of them for now: keeps nothing alive. */
  end(): void {
    this.#bytes = null;
    this.#memory = null;
  }
}
