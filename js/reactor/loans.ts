/**
 * The memory that the reactor reads into where bytes are many, so that they need not be copied. Who
 * has it changes with each batch:
 *
 * ```text
 *             ┌── lend() ──▶ the reactor's, which fills it ──┐
 *   here ─────┤                                              │
 *             └◀─ taken(), with the batch that stands in it ─┘
 *                 rest(), what waits there in vain: no longer anybody's
 * ```
 */

import type { NativeBinding, NativeEngineHandle } from '../binding.ts';
import { memory, type Slab } from './slab.ts';

/** The memory that the reactor reads into, once it has brought much. */
const LOAN_BYTES = 256 * 1024;
/** One for the batch that is read here, one for that which is filled, and for all that may wait. */
const MOST_LOANS = 6;
/** Milliseconds without a long batch after which what waits to be filled is given back. */
const REST_MS = 2000;

/** @internal */
export class Loans {
  #binding: Pick<NativeBinding, 'lend' | 'reclaim'>;
  #native: NativeEngineHandle;
  /** By number; `undefined` where there is none. */
  #all: (Buffer | undefined)[] = [];
  /** Which of them has come with the batch, or -1. */
  #returned = -1;
  /** The batch was copied, but long enough to be read into a loan. */
  #wanted = false;
  /** Only where something was lent since the last rest. */
  #timer: NodeJS.Timeout | undefined;
  /** Something was lent since the timer began. */
  #used = false;

  constructor(binding: Pick<NativeBinding, 'lend' | 'reclaim'>, native: NativeEngineHandle) {
    this.#binding = binding;
    this.#native = native;
  }

  /** A batch of so many bytes was taken: the loan of this number that they stand in, if any (-1). */
  taken(number: number, length: number): Buffer | undefined {
    this.#returned = number;
    this.#wanted = number < 0 && 2 * length >= LOAN_BYTES;
    return this.#all[number];
  }

  /**
   * The batch was read: lends its memory again, or other, where somebody keeps that; or one more.
   * Nothing has been taken yet that would be lost where there is no memory.
   */
  lend(slab: Slab): void {
    let number = this.#returned;
    if (number >= 0) {
      if (slab.claimed) this.#all[number] = memory(LOAN_BYTES);
      slab.claimed = false;
    } else if (this.#wanted) {
      number = this.#all.indexOf(undefined);
      if (number < 0) number = this.#all.length;
      if (number < MOST_LOANS) this.#all[number] = memory(LOAN_BYTES);
    }
    this.#returned = -1;
    this.#wanted = false;
    const bytes = this.#all[number];
    if (bytes === undefined) return;
    this.#binding.lend(this.#native, number, bytes);
    if (this.#timer === undefined) this.#watch();
    else this.#used = true;
  }

  /** Nothing is read any more. */
  end(): void {
    clearTimeout(this.#timer);
  }

  #watch(): void {
    this.#used = false;
    this.#timer = setTimeout(() => this.#rest(), REST_MS).unref();
  }

  /** Gives back what waits to be filled, where nothing was lent for a while: then no timer is left. */
  #rest(): void {
    this.#timer = undefined;
    if (this.#used) this.#watch();
    else for (const number of this.#binding.reclaim(this.#native)) this.#all[number] = undefined;
  }
}
