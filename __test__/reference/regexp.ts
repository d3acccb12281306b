/** A match, or why there is none: not decided yet, or certain to come too late. */
export type Verdict = { start: number; end: number } | 'undecided' | 'overflow';

/** How many bytes a match may take, with what it takes to decide on it. */
const LONGEST_MATCH = 65_536;

/** How many characters are tried, to see whether more could change a match. */
const FORESIGHT = 2;

/**
 * A RegExp, asked again and again with JavaScript's own means. A match counts when it is the same
 * whatever follows: all that could follow is tried, of the characters that the pattern names.
 *
 * So it is good for what tests need only: patterns of ASCII characters, of which each step to
 * another match takes two characters at most.
 */
export class Pattern {
  readonly #regexp: RegExp;
  readonly #futures: string[];

  constructor(regexp: RegExp) {
    const { source, flags } = regexp;
    this.#regexp = new RegExp(source, flags.replace('g', ''));
    this.#futures = words(alphabetOf(source), FORESIGHT);
  }

  /** Looks for a match that begins at `limit` at the latest. `last`: nothing follows. */
  search(text: string, limit: number, last: boolean): Verdict {
    const verdict = this.#foresee(text, limit);
    if (verdict !== 'undecided' || !last) return verdict;
    const match = this.#exec(text);
    return match !== null && match.start <= limit ? match : verdict;
  }

  #foresee(text: string, limit: number): Verdict {
    const matches = this.#futures.map((future) => this.#exec(text + future));
    const [first = null] = matches;
    const certain =
      first !== null &&
      matches.every((match) => match?.start === first.start && match.end === first.end);
    if (certain) return first.start > limit ? 'overflow' : first;
    const starts = matches.flatMap((match) => (match === null ? [] : match.start));
    const earliest = Math.min(...starts);
    if (earliest > limit && text.length > limit) return 'overflow';
    return text.length - earliest > LONGEST_MATCH ? 'overflow' : 'undecided';
  }

  #exec(text: string): { start: number; end: number } | null {
    const match = this.#regexp.exec(text);
    return match && { start: match.index, end: match.index + match[0].length };
  }
}

/** Why a RegExp cannot be a delimiter; null where it can. By looking for it in its source. */
export function refusal({ source, flags }: RegExp): string | null {
  if (/\(\?(?:[=!]|<[=!])/.test(source)) return 'without look-around';
  if (/\\[1-9k]/.test(source)) return 'without back-references';
  if (/[vy]/.test(flags)) return 'without the flags v and y';
  if (flags.includes('m') && source.includes('$')) return 'without $ under the flag m';
  if (new RegExp(`^(?:${source})$`, flags).test('')) return 'that matches something';
  if (source === '[]') return 'that matches something';
  return null;
}

/** A few characters that the source may be about, a line end, and one that it is not about. */
function alphabetOf(source: string): string[] {
  const named = source.replace(/\\([rnt])/g, (_, letter: string) => ESCAPES[letter] ?? '');
  const characters = named.match(/[\w\s,;:.-]/g) ?? [];
  return [...new Set([...characters, '\n', '~'])];
}

const ESCAPES: Record<string, string> = { r: '\r', n: '\n', t: '\t' };

/** Every string of up to `length` of these characters, the empty one first. */
function words(characters: string[], length: number): string[] {
  if (length === 0) return [''];
  const shorter = words(characters, length - 1);
  return ['', ...characters.flatMap((first) => shorter.map((rest) => first + rest))];
}
