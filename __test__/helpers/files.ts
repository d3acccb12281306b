import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ExecutionContext } from 'ava';

/** A directory that is gone when the test is through. */
export function temporaryDirectory(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'pants-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function temporaryFile(t: ExecutionContext, content: string | Uint8Array): string {
  const path = join(temporaryDirectory(t), 'file');
  writeFileSync(path, content);
  return path;
}

/** A file of this size that is empty but for these marks: it takes no room on the disk. */
export function sparseFile(
  t: ExecutionContext,
  size: number,
  marks: Readonly<Record<number, string>>,
): string {
  const path = join(temporaryDirectory(t), 'sparse');
  const descriptor = openSync(path, 'w');
  ftruncateSync(descriptor, size);
  for (const [place, mark] of Object.entries(marks)) {
    writeSync(descriptor, mark, Number(place), 'latin1');
  }
  closeSync(descriptor);
  return path;
}

/** Bytes in which no two places are easily mistaken for each other. */
export function patternOf(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4)
    bytes.writeUInt32LE(Math.imul(at, 0x9e3779b1) >>> 0, at);
  return bytes;
}

/** How many descriptors of this process are open on the file. Known on Linux only, else 0. */
export function descriptorsOf(path: string): number {
  if (process.platform !== 'linux') return 0;
  const names = readdirSync('/proc/self/fd').map((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`);
    } catch {
      return '';
    }
  });
  return names.filter((name) => name === path || name === `${path} (deleted)`).length;
}
