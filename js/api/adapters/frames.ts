// The frames of a channel as an async iterator.

import { aborted } from '../../check/errors.ts';
import { checkOptions, datagramFramesNames, framesNames } from '../../check/option-names.ts';
import { bool, checkSignal, integer } from '../../check/options.ts';
import { watchAbort } from '../../link/abort.ts';
import type { Link } from '../../link/link.ts';
import type { Taker } from '../../link/taker.ts';
import type { Address, CloseInfo, DatagramFramesOptions, FramesOptions } from '../../types.ts';
import { Asked, type FrameIterator } from './iterator.ts';

/** What `readEncoding` makes of frames. */
export type FrameOf<E extends string | null> = E extends string ? string : Buffer;

/** @internal A channel that reads, as far as its iterator needs it. */
export interface Source extends Link<object> {
  waiting: number;
  give(what: string, taker: Taker): void;
  takeBack(taker: Taker): void;
  supply(): void;
  /** The taker wants no more for now. */
  satisfied(): void;
}

/** Frames that may wait. */
const MOST = 64;
const MANY = 0x7fff_ffff;
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

class Frames<T> extends Asked<T> implements Taker {
  wants = false;
  isBusy = false;
  readonly most: number;
  #source: Source;
  #shape: (frame: Buffer | string, addr: unknown) => T;
  #rest: boolean;
  #keepOpen: boolean;
  #unwatchAbort = (): void => {};
  #supply: () => void;

  constructor(
    source: Source,
    { signal: given, highWaterMark, rest, keepOpen }: FramesOptions,
    shape: (frame: Buffer | string, addr: unknown) => T,
  ) {
    super();
    this.most = integer('highWaterMark', highWaterMark, 1, MANY, MOST);
    this.#rest = bool('rest', rest, false);
    this.#keepOpen = bool('keepOpen', keepOpen, false);
    const signal = checkSignal(given);
    this.#source = source;
    this.#shape = shape;
    this.#supply = () => source.supply();
    if (source.told === null) source.give('frames()', this);
    else this.finish(source.told.error ?? null);
    if (signal?.aborted) this.leave(aborted(signal));
    else this.#unwatchAbort = watchAbort(signal, (error) => this.leave(error));
  }

  protected wanted(): void {
    this.wants = true;
    this.isBusy = false;
    // When the stack is empty: hooks may come before the next frame.
    void soon.then(this.#supply);
  }

  // ── What the channel gives ──────────────────────────────────────────────────────────────────

  onRead(frame: Buffer | string, addr?: Address | string | null): void {
    this.#source.waiting -= 1;
    this.give(this.#shape(frame, addr));
    this.wants = this.isAsked;
    this.isBusy = !this.wants;
    if (this.isBusy) this.#source.satisfied();
  }

  onEnd(rest: Buffer | string): void {
    if (this.#rest && rest.length > 0) this.onRead(rest);
    this.finish(null);
  }

  closed(info: CloseInfo): void {
    this.finish(info.error ?? null);
  }

  // ── How it ends ─────────────────────────────────────────────────────────────────────────────

  protected leave(error: Error | null): void {
    if (this.isOver) return;
    this.finish(error);
    if (!this.#keepOpen) this.#source.dispose();
  }

  protected override finish(error: Error | null): void {
    if (this.isOver) return;
    this.wants = false;
    this.#unwatchAbort();
    this.#source.takeBack(this);
    super.finish(error);
  }
}
