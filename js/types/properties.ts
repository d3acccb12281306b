// Options that are properties of a channel as well: its prototype has an accessor for each.
//
// Any of them can be set at any time, and as a class field. Setting one throws `ERR_INVALID_ARG_TYPE`
// or `ERR_INVALID_ARG_VALUE`, and then changes nothing.

import type { ReadDelimiter } from './frames.ts';

/** What both have. */
export interface FlowProperties {
  /**
   * `null` (default): `onRead` gets Buffers, which are yours for ever. An encoding that Buffer
   * knows: strings; a character that is split over reads of a stream never breaks. Data that is longer
   * than a string may be ends the channel: `onError` with Node's `ERR_STRING_TOO_LONG`.
   */
  readEncoding: BufferEncoding | (string & {}) | null;

  /**
   * The option of that name. It can be set at any time, and as a class field: what is written next
   * is judged by it.
   *
   * Setting throws `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`, and then changes nothing.
   */
  highWaterMark: number;
  /** The option of that name; see `highWaterMark`. */
  maxPendingBytes: number;
  /**
   * The option of that name; see `highWaterMark`. Its clock begins anew when it is set, after `end()`,
   * too; 0 stops it.
   */
  lingerTimeout: number;
}

/** Options of a stream that are its properties as well. */
export interface StreamProperties extends FlowProperties {
  /**
   * How the bytes become frames; see `ReadDelimiter`. Default: null.
   *
   * It can be set at any time. Set inside `onRead`, it holds from the very next byte, also for
   * bytes that were received already. Set elsewhere, what is buffered is cut again at once.
   *
   * Setting throws `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`, and then changes nothing.
   */
  readDelimiter: ReadDelimiter;

  /**
   * How many bytes may wait for a delimiter. Default: 65,536. A frame of exactly that size passes,
   * one byte more is an overflow. An integer delimiter that is larger raises it.
   */
  bufferSize: number;

  /** The option of that name; see `highWaterMark`. */
  allowHalfOpen: boolean;
  /**
   * The option of that name; see `highWaterMark`. Its clock begins anew when it is set, however long
   * nothing has happened; 0 stops it.
   */
  idleTimeout: number;
  /** The option of that name; see `idleTimeout`. A frame that has begun has so long from then on. */
  frameTimeout: number;
}

/** Options of a datagram channel that are its properties as well. */
export interface DatagramProperties extends FlowProperties {
  /**
   * `null` (default): each datagram is given to `onRead` as it is, an empty one too. Otherwise the
   * bytes of each sender become frames as a stream's do, over the bounds of datagrams; see
   * `ReadDelimiter`. It can be set at any time, and holds from the very next byte. 0 is for streams:
   * who sends datagrams cannot be held back.
   *
   * Setting throws `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`, and then changes nothing.
   */
  readDelimiter: ReadDelimiter;

  /**
   * With a delimiter: how many bytes of one sender may wait for it. Default: 65,536. All senders
   * together may leave 64 times as much waiting.
   */
  bufferSize: number;

  /** The option of that name; see `highWaterMark`. */
  maxSenders: number;
}
