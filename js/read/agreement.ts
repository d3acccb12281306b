/**
 * Who cuts: the reactor, as far as it and this side agree on a byte from which it does.
 *
 * ```text
 *              the delimiter changes                     a chunk of the epoch asked for
 *   CUTS ─────────────────────────────▶ ASKED ───────────────────────────────▶ CUTS
 *    (chunks carry frames of our epoch)  │  ▲
 *                 an uncut chunk: refused │  │ nothing left over, and the delimiter is not restless
 *                                         ▼  │
 *                                         RAW  (chunks come uncut, frames are found here)
 * ```
 *
 * The reactor agrees when all the bytes that it has passed on have been taken in here, by count. Where
 * the delimiter changes all the time it is not asked: it passes bytes on, and frames are found here.
 */

const CUTS = 0;
const ASKED = 1;
const RAW = 2;

/** After this many changes a delimiter counts as one that changes all the time … */
const RESTLESS = 8;
/** … and the reactor is asked to cut again only after this many chunks without a change. */
const SETTLED = 16;

/** @internal What changes it returns the agreement from then on. */
export class Agreement {
  /** The number of the delimiter that holds. */
  epoch = 1;
  /** The reactor is to hear of how bytes are cut now. */
  due = false;
  #state: number;
  /** It reads nothing until it hears of how to go on. */
  #halted = false;
  #changes = 0;
  /** Chunks since the last of them. */
  #stable = 0;

  /** `mayCut`: the reactor may cut from the first byte; or there is nothing to cut by. */
  constructor(mayCut = true) {
    this.#state = mayCut ? CUTS : RAW;
  }

  /** There is another delimiter, or another limit. */
  change(): Agreement {
    const own = this.renew();
    own.#changes += 1;
    own.#stable = 0;
    return own;
  }

  /** Chunks that are on their way are cut anew, and the reactor is to hear of it. */
  renew(): Agreement {
    const own = this.#own;
    own.epoch = own.epoch === 0xffff_ffff ? 1 : own.epoch + 1;
    own.due ||= own.#state !== RAW;
    return own;
  }

  /** A chunk has come, cut under this epoch, or uncut (0). Returns whether its frames hold. */
  take(epoch: number): boolean {
    if (this.#changes > 0) {
      this.#stable += 1;
      if (this.#stable === SETTLED) this.#changes = 0;
    }
    if (epoch === this.epoch) this.#state = CUTS;
    else if (epoch === 0 && this.#state === ASKED) this.#state = RAW;
    return epoch === this.epoch;
  }

  /** Nothing is left over: the reactor may cut from the next byte on. */
  level(): void {
    if (this.#state === RAW && !this.#isRestless) this.due = true;
  }

  /** The reactor has halted, for what outgrew the limit. */
  halt(): Agreement {
    const own = this.#own;
    own.#state = RAW;
    own.#halted = true;
    own.due = true;
    return own;
  }

  /** It cuts, as far as is known. */
  get isCut(): boolean {
    return this.#state === CUTS;
  }

  /** What to tell the reactor: whether it may cut, if it can; null where that is no news. */
  ask(canCut: boolean): boolean | null {
    if (!this.due) return null;
    this.due = false;
    const mayCut = canCut && !this.#isRestless;
    if (!mayCut && this.#state === RAW && !this.#halted) return null;
    this.#halted = false;
    this.#state = mayCut ? ASKED : RAW;
    return mayCut;
  }

  /** This, or what takes its place where others have it, too. */
  get #own(): Agreement {
    return this === FIRST ? new Agreement() : this;
  }

  get #isRestless(): boolean {
    return this.#changes > RESTLESS;
  }
}

/** @internal That of all which have had no other delimiter since they began: most never have. */
export const FIRST: Agreement = new Agreement();
