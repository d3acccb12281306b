// A Redis server's SET and GET, without a framework: commands are cut out of what has arrived, and
// the replies to all of them are joined.

const store = new Map<string, string>();

/** What the application does. */
export function run(words: readonly string[]): string {
  const [name, key = '', value = ''] = words;
  if (name === 'SET') {
    store.set(key, value);
    return '+OK\r\n';
  }
  const found = name === 'GET' ? store.get(key) : undefined;
  return found === undefined ? '$-1\r\n' : `$${found.length}\r\n${found}\r\n`;
}

/** Bytes as latin1: positions in the string are positions in the bytes. */
export class Commands {
  #rest = '';

  /** The replies to the commands that are complete. */
  accept(received: string): string {
    const text = this.#rest + received;
    let replies = '';
    let start = 0;
    for (;;) {
      const command = cut(text, start);
      if (command === null) break;
      replies += run(command.words);
      start = command.end;
    }
    this.#rest = text.slice(start);
    return replies;
  }
}

/** The command that begins at `start`; null when it is not complete. */
function cut(text: string, start: number): { words: string[]; end: number } | null {
  let at = text.indexOf('\r\n', start);
  if (at === -1) return null;
  const count = Number(text.slice(start + 1, at));
  const words: string[] = [];
  at += 2;
  for (let index = 0; index < count; index += 1) {
    const line = text.indexOf('\r\n', at);
    if (line === -1) return null;
    const length = Number(text.slice(at + 1, line));
    const end = line + 2 + length;
    if (end + 2 > text.length) return null;
    words.push(text.slice(line + 2, end));
    at = end + 2;
  }
  return { words, end: at };
}
