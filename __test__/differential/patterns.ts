/**
 * The RegExps that scripts have, each with what it means while more may follow, written by hand: nothing here is
 * derived from the RegExp.
 */
export interface Pattern {
  readonly source: string;
  readonly flags: string;
  /** Its matches that are the same whatever follows. */
  readonly decided: RegExp;
  /** Where there is none: the end of the text, from where on one may still begin. */
  readonly begun: RegExp;
}

export const PATTERNS: readonly Pattern[] = [
  { source: '\\r?\\n', flags: '', decided: /\r?\n/, begun: /\r?$/ },
  { source: '\\r\\n?|\\n', flags: '', decided: /\r\n|\r(?=.)|\n/s, begun: /\r?$/ },
  { source: '\\n+', flags: '', decided: /\n+(?=[^\n])/, begun: /\n*$/ },
  { source: 'a+b?', flags: '', decided: /a+b|a+(?=[^ab])/, begun: /a*$/ },
  { source: 'ab|a', flags: 'g', decided: /ab|a(?=[^b])/, begun: /a?$/ },
  { source: 'A(?:b|X)*?y?', flags: 'i', decided: /ay|a(?=[^y])/i, begun: /a?$/i },
  {
    source: '[ab]{2,3}',
    flags: '',
    decided: /[ab]{3}|[ab]{2}(?=[^ab])/,
    begun: /[ab]{0,2}$/,
  },
  { source: 'b$|aa', flags: '', decided: /aa/, begun: /[ab]?$/ },
  { source: 'a\\b|x', flags: '', decided: /a\b(?=.)|x/s, begun: /a?$/ },
  { source: '^[abx]|\\n[bx]', flags: 'm', decided: /^[abx]|\n[bx]/m, begun: /\n?$/ },
];

export function patternOf(source: string, flags: string): Pattern {
  const found = PATTERNS.find((one) => one.source === source && one.flags === flags);
  if (found === undefined) throw new Error(`nobody has said what /${source}/${flags} means`);
  return found;
}
