/** What somebody may have meant who has misspelt a name. */

/** Longer names than this are no slip of the pen. */
const MOST_LENGTH = 64;

/** @internal The one of `names` that takes the fewest edits to get to; null where none is near. */
export function nearest(name: string, names: readonly string[]): string | null {
  if (name.length > MOST_LENGTH) return null;
  const [best] = names
    .map((other) => ({ other, edits: editDistance(name.toLowerCase(), other.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  const most = Math.min(3, name.length / 2);
  return best !== undefined && best.edits <= most ? best.other : null;
}

/** @internal Levenshtein's: how many characters are to be added, dropped or changed. A row at a time. */
export function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const [index, char] of [...from].entries()) {
    const next = [index + 1];
    for (let at = 1; at <= to.length; at += 1) {
      const changed = (row[at - 1] as number) + (char === to[at - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[at] as number) + 1, (next[at - 1] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}
