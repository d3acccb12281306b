/** A stream in the forms that others take: promises, loops, Web streams. */

import type { ReadableStream, WritableStream } from 'node:stream/web';

import { link } from '../link/link.ts';
import type { StreamLink } from '../link/stream-link.ts';
import type { FramesOptions, Gathered, WaitOptions } from '../types.ts';
import { type FrameIterator, type FrameOf, framesOf } from './adapters/frames.ts';
import { coverable } from './adapters/own.ts';
import { drainedOf } from './adapters/promises.ts';
import { readableOf, writableOf } from './adapters/web.ts';
import { Channel } from './engine.ts';

export abstract class AdaptedStream extends Channel {
  /** @internal */
  abstract override readonly [link]: StreamLink;

  /** What decides the type of frames. */
  abstract readEncoding: string | null;

  /**
   * Resolves with the next `onWrite`, after that hook, or at once where nothing is pending: the whole
   * of back-pressure is `if (!channel.write(data)) await channel.drained();`. Rejects when the channel
   * closes before: with what has closed it, or `ERR_CHANNEL_CLOSED`; `ABORT_ERR` by the signal.
   */
  drained(options?: WaitOptions): Promise<void> {
    return drainedOf(this[link], options);
  }

  /**
   * The frames, as `readDelimiter` cuts them, instead of `onRead`; `for await (const frame of channel)`
   * is the same with the defaults. The other hooks run as ever. From this call on what is not asked for
   * waits, and the peer is held back when `highWaterMark` frames do; so a channel that is paused may be
   * read so.
   *
   * ```ts
   * for await (const line of channel) {
   *   if (!channel.write(answerTo(line))) await channel.drained();
   * }
   * ```
   *
   * It ends when the peer has finished sending, after what no delimiter completed where `rest` is true,
   * and when this side closes the channel. It throws what has closed the channel otherwise: what
   * `onConnectError`, `onError` or `onOverflowError` gets, or a timeout's error; `ABORT_ERR` by the signal.
   *
   * A delimiter that is set in the loop's body holds from the very next byte. Leaving the loop early
   * (`break`, `return`, an error) ends the channel, as by `end()`, unless `keepOpen` is true: then
   * `onRead` gets what follows, or another `frames()`.
   *
   * @throws `ERR_CHANNEL_ACTIVE` where something else reads it so; `ERR_INVALID_ARG_TYPE`,
   *   `ERR_INVALID_ARG_VALUE`, `ERR_UNKNOWN_OPTION`
   */
  frames(options?: FramesOptions): FrameIterator<FrameOf<this['readEncoding']>> {
    return framesOf(this[link], options);
  }

  /** As `frames()`. */
  [Symbol.asyncIterator](): FrameIterator<FrameOf<this['readEncoding']>> {
    return framesOf(this[link], undefined);
  }

  /**
   * What arrives, as a Web stream of bytes (also for BYOB readers), whatever `readDelimiter` and
   * `readEncoding` say; made when it is first asked for, and instead of `onRead`. It closes when the peer
   * has finished, and fails with what closes the channel otherwise. `cancel()` ends the channel; where
   * `writable` was asked for, what comes is dropped instead.
   *
   * @throws `ERR_CHANNEL_ACTIVE` where something else reads the channel
   */
  get readable(): ReadableStream<Uint8Array> {
    return readableOf(this[link]);
  }

  /**
   * A Web stream that takes what `write()` takes, with its back-pressure; made when it is first asked
   * for. From then on the channel stays writable when the peer has finished, until the writer closes
   * it. `close()` is `shutdown()`, `abort()` is `close()`; it fails with what closes the channel.
   */
  get writable(): WritableStream<Gathered> {
    return writableOf(this[link]);
  }
}

coverable(AdaptedStream.prototype, 'readable', 'writable');
