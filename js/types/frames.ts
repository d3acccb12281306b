// What is written and read, and how bytes become frames.

/** What `write()` takes. A string is sent as UTF-8. The bytes are taken at the call. */
export type Data = string | ArrayBufferView | ArrayBufferLike;

/** As `Data`, or several pieces of it that belong together. */
export type Gathered = Data | readonly Data[];

/** What `onRead` gets: a string where `readEncoding` is set. */
export type Frame = Buffer | string;

/**
 * What `onRead` and `onEnd` of a class get, as far as its `readEncoding` says: strings for a class field
 * such as `readEncoding = 'utf8' as const`, Buffers for `readEncoding = null`. Where it only says that
 * it may be anything, the hook's own parameter does: `Buffer`, `string`, or `Frame` for both.
 */
export type FrameFor<C> = C extends { readEncoding: null }
  ? Buffer
  : C extends { readEncoding: BufferEncoding }
    ? string
    : Buffer & string;

/** Options of `lengthPrefix`. */
export interface LengthPrefixOptions {
  /** The header's size; `'varint'`: an unsigned LEB128, as Protocol Buffers have it. */
  bytes: 1 | 2 | 4 | 8 | 'varint';
  /** The order of the header's bytes. Default: `'big'`; a varint has its own, which is little. */
  endian?: 'big' | 'little' | undefined;
  /** Added to the header's value to get the body's length. Default: 0. */
  adjust?: number | undefined;
}

/** A delimiter made by `lengthPrefix`. */
export interface LengthPrefix {
  readonly bytes: 1 | 2 | 4 | 8 | 'varint';
  readonly endian: 'big' | 'little';
  readonly adjust: number;
  /**
   * A body with its header in front, as one Buffer: what `readDelimiter` cuts on the other side. A
   * string is encoded as UTF-8. The header's value is the body's length, less `adjust`.
   *
   * @throws `ERR_INVALID_ARG_VALUE` where the header cannot hold that; `ERR_INVALID_ARG_TYPE`,
   *   `ERR_BUFFER_DETACHED`
   */
  encode(body: Data): Buffer;
}

/**
 * How a stream's bytes become frames:
 *
 * - `null`: data as it arrives
 * - a string (as UTF-8) or bytes: everything up to that sequence, which is dropped
 * - a positive integer: exactly that many bytes
 * - 0, on streams only: one empty frame for each time it is set, then nothing until another value is
 *   set, so that a protocol that counts needs no special case for a length of 0. What arrives
 *   meanwhile waits, up to `bufferSize`; then the peer is held back
 * - `lengthPrefix(…)`: the body behind a length header
 * - a `RegExp`: everything up to the match, which is dropped
 *
 * A `RegExp` is matched in linear time, as the bytes come, and with the same result however they
 * come: a match counts as soon as no further byte can change it, or when the peer has finished. So
 * `/\r?\n/`, `/\s\s/` and `/\s\s+?/` cut at once; `/\r\n?|\n/` waits for the byte behind a `\r`, and
 * `/\s\s+/` for one that is no space, as each space belongs to the match. A protocol whose peer
 * waits for an answer at that place wants a delimiter with a certain end. A match longer than
 * 65,536 bytes is an overflow, as is a frame longer than `bufferSize`.
 *
 * The bytes are taken as UTF-8; a character is a code point, with or without the flag `u`; what is
 * no UTF-8 matches nothing. `^` is the beginning of the frame, under `m` of a line too; `$` is the
 * end of the stream. The flags `d` and `g` and `lastIndex` mean nothing here.
 *
 * Most patterns cost one look-up a byte. Those with large counted repetitions (`/.{1,500};/`,
 * `/x[^]{10}y/`) are determinized as the bytes come, in at most 2 MiB a pattern and thread: a byte
 * not seen before at such a place costs a step for each way to match that is on its way, hundreds
 * of times as much. A channel has some milliseconds of that a turn; then others are served.
 *
 * `ERR_INVALID_ARG_VALUE` where that cannot be done: look-ahead, look-behind, back-references; the
 * flags `v` and `y`; `$` under `m`; `\b` under `iu`; old octal and incomplete escapes; what matches
 * the empty string, or nothing at all; and repetitions so large that the pattern takes more than
 * 32,768 states: one for each byte of a character, up to some 300 for a property such as `\p{L}`,
 * times what its counts multiply to. To find that out, or to compile a pattern, takes a few
 * milliseconds at most.
 */
export type ReadDelimiter =
  | null
  | string
  | number
  | ArrayBufferView
  | ArrayBufferLike
  | LengthPrefix
  | RegExp;
