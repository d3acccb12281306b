// The frames of a channel as an async iterator.

import { aborted } from '../../check/errors.ts';
import { checkOptions, datagramFramesNames, framesNames } from '../../check/option-names.ts';
import { bool, checkSignal, integer } from '../../check/options.ts';
import { watchAbort } from '../../link/abort.ts';
import type { Link } from '../../link/link.ts';
import type { Taker } from '../../link/taker.ts';
import type { Address, CloseInfo, DatagramFramesOptions, FramesOptions } from '../../types.ts';

/** What `readEncoding` makes of frames. */
export type FrameOf<E extends string | null> = E extends string ? string : Buffer;

/** The frames of a channel, one by one. Leaving a loop over it early ends the channel; see `frames()`. */
export interface FrameIterator<F> extends AsyncIterableIterator<F> {
  next(): Promise<IteratorResult<F, undefined>>;
  return(): Promise<IteratorResult<F, undefined>>;
  [Symbol.asyncIterator](): this;
  /** As `return()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** @internal A channel that reads, as far as its iterator needs it. */
export interface Source extends Link<object> {
  waiting: number;
  give(what: string, taker: Taker): void;
  takeBack(taker: Taker): void;
  supply(): void;
  /** The taker wants no more for now. */
  satisfied(): void;
}

/** Who has called `next()`. */
interface Asking<F> {
  resolve(result: IteratorResult<F, undefined>): void;
  reject(error: Error): void;
}

/** Frames that may wait. */
const MOST = 64;
const MANY = 0x7fff_ffff;
const DONE = { done: true, value: undefined } as const;
const soon = Promise.resolve();

/** @internal */
export function framesOf<F>(source: Source, options: unknown): FrameIterator<F> {
  const given: FramesOptions = checkOptions(options, framesNames);
  return new Frames(source, given, (frame) => frame as F);
}

/** @internal Each with its sender. */
export function datagramFramesOf<F, A>(source: Source, options: unknown): FrameIterator<[F, A]> {
  const given: DatagramFramesOptions = checkOptions(options, datagramFramesNames);
  return new Frames(source, given, (frame, addr) => [frame, addr] as [F, A]);
}

class Frames<T> implements Taker, FrameIterator<T> {
  wants = false;
  isBusy = false;
  readonly most: number;
  #source: Source;
  #shape: (frame: Buffer | string, addr: unknown) => T;
  #rest: boolean;
  #keepOpen: boolean;
  #asking: Asking<T>[] = [];
  #over = false;
  /** Why it is over, until that is told. */
  #failure: Error | null = null;
  #unwatchAbort = (): void => {};
  #supply: () => void;

  constructor(
    source: Source,
    { signal: given, highWaterMark, rest, keepOpen }: FramesOptions,
    shape: (frame: Buffer | string, addr: unknown) => T,
  ) {
    this.most = integer('highWaterMark', highWaterMark, 1, MANY, MOST);
    this.#rest = bool('rest', rest, false);
    this.#keepOpen = bool('keepOpen', keepOpen, false);
    const signal = checkSignal(given);
    this.#source = source;
    this.#shape = shape;
    this.#supply = () => source.supply();
    if (source.told === null) source.give('frames()', this);
    else this.#finish(source.told.error ?? null);
    if (signal?.aborted) this.#leave(aborted(signal));
    else this.#unwatchAbort = watchAbort(signal, (error) => this.#leave(error));
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#over) {
      const failure = this.#failure;
      this.#failure = null;
      return failure === null ? Promise.resolve(DONE) : Promise.reject(failure);
    }
    return new Promise((resolve, reject) => {
      this.#asking.push({ resolve, reject });
      this.wants = true;
      this.isBusy = false;
      // When the stack is empty: hooks may come before the next frame.
      void soon.then(this.#supply);
    });
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#leave(null);
    this.#failure = null;
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  // ── What the channel gives ──────────────────────────────────────────────────────────────────

  onRead(frame: Buffer | string, addr?: Address | string | null): void {
    const asking = this.#asking.shift();
    this.#source.waiting -= 1;
    this.wants = this.#asking.length > 0;
    this.isBusy = !this.wants;
    if (this.isBusy) this.#source.satisfied();
    asking?.resolve({ done: false, value: this.#shape(frame, addr) });
  }

  onEnd(rest: Buffer | string): void {
    if (this.#rest && rest.length > 0) this.onRead(rest);
    this.#finish(null);
  }

  closed(info: CloseInfo): void {
    this.#finish(info.error ?? null);
  }

  // ── How it ends ─────────────────────────────────────────────────────────────────────────────

  /** Before the channel's end. */
  #leave(error: Error | null): void {
    if (this.#over) return;
    this.#finish(error);
    if (!this.#keepOpen) this.#source.dispose();
  }

  /** Nothing follows; who asks, or the next who does, is told why. */
  #finish(error: Error | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#failure = error;
    this.wants = false;
    this.#unwatchAbort();
    this.#source.takeBack(this);
    for (const { resolve, reject } of this.#asking.splice(0)) {
      const failure = this.#failure;
      this.#failure = null;
      if (failure === null) resolve(DONE);
      else reject(failure);
    }
  }
}
