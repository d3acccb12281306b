/**
 * Strings that were written and are not encoded yet: those to one channel are one text, whatever is
 * written to others in between.
 *
 * ```text
 *   text      "one\n" + "two\n" + …    a rope; encoded by one call when the turn ends
 *   #ends     [4][6][8]…               where each string ends in its text, of all channels …
 *   #former   [-1][-1][0]…             … and which of these is the one before it in the same text
 * ```
 *
 * The ends are looked at only where a text is not ASCII: each string is encoded by itself, so the
 * halves of a surrogate pair in two strings are no pair.
 */

/** So much may wait: then all of it is to be encoded. */
const MOST_STRINGS = 4096;
/** UTF-16 units. */
const MOST_UNITS = 64 * 1024;

/** @internal Whoever has strings gathered. */
export interface Gatherer {
  /** Its strings. */
  text: string;
  /** Which of the ends is its last; -1: nothing is gathered, be it an empty string. */
  lastEnd: number;
}

/** @internal */
export class Gathered<G extends Gatherer> {
  #writers: G[] = [];
  #ends = new Uint32Array(MOST_STRINGS);
  #former = new Int32Array(MOST_STRINGS);
  #strings = 0;
  #units = 0;

  /** Whether nothing was added since all was taken. */
  get isEmpty(): boolean {
    return this.#strings === 0;
  }

  /** Adds a string; returns whether all that there is has to be encoded now. */
  add(gatherer: G, data: string): boolean {
    if (gatherer.lastEnd < 0) this.#writers.push(gatherer);
    const text = gatherer.text + data;
    const at = this.#strings;
    this.#ends[at] = text.length;
    this.#former[at] = gatherer.lastEnd;
    gatherer.text = text;
    gatherer.lastEnd = at;
    this.#strings = at + 1;
    this.#units += data.length;
    return at + 1 === MOST_STRINGS || this.#units >= MOST_UNITS;
  }

  /** Whether its text is one string, which others may have been given as well. */
  isOne({ lastEnd }: G): boolean {
    return (this.#former[lastEnd] as number) < 0;
  }

  /** Where in its text a surrogate pair is split between two strings, in order. */
  splits(gatherer: G): number[] {
    const { text } = gatherer;
    const splits: number[] = [];
    let later = text.length;
    for (let at = gatherer.lastEnd; at >= 0; at = this.#former[at] as number) {
      const end = this.#ends[at] as number;
      if (end !== later && isHigh(text.charCodeAt(end - 1)) && isLow(text.charCodeAt(end))) {
        splits.unshift(end);
      }
      later = end;
    }
    return splits;
  }

  /** All has been encoded. */
  clear(): void {
    this.#strings = 0;
    this.#units = 0;
    this.#writers.length = 0;
  }

  /** Whoever has something gathered; those that have been encoded since, too. */
  get writers(): readonly G[] {
    return this.#writers;
  }
}

function isHigh(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}

function isLow(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00;
}
