import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the file holds that scripts send: text in which no two places look alike. */
export const CONTENT = Array.from({ length: 20_000 }, (_, at) => at.toString(36)).join(' ');

/** What of it `writeFile()` sends. */
export function partOf(nbytes: number, offset: number): string {
  return CONTENT.slice(offset, nbytes === 0 ? undefined : offset + nbytes);
}

let path: string | null = null;

/** The file, from its first use to the end of the process. */
export function contentFile(): string {
  if (path !== null) return path;
  const directory = mkdtempSync(join(tmpdir(), 'pants-differential-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  path = join(directory, 'content');
  writeFileSync(path, CONTENT);
  return path;
}
