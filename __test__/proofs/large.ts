import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { transfer, type Way } from './transfer.ts';

const MB = 1_000_000;
const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

/** What the process may take, beside what it was told to keep. */
export const MEMORY = 300 * MB;

/**
 * 2.5 GiB written as `write()` wants it, and 4 GiB and a byte out of a file: whole, in less than
 * 300 MB. The same 2.5 GiB in two writes at once: whole, and kept once beside the writer's own.
 */
export async function large(): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), 'pants-large-'));
  try {
    const path = join(directory, 'sparse');
    sparse(path, 4 * GiB + 1);
    const file = await show('from a file', {
      how: 'file',
      bytes: 4 * GiB + 1,
      path,
      offset: 0,
    });
    const written = await show('written with back-pressure', { how: 'pressure', bytes: 2.5 * GiB });
    const huge = await show('written at once', { how: 'huge', bytes: 2.5 * GiB });
    return file && written && huge;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A file that is empty but for a mark in every 16 MiB, and its last byte. */
export function sparse(path: string, size: number): void {
  const file = openSync(path, 'w');
  ftruncateSync(file, size);
  for (let at = 0; at < size; at += 16 * MiB)
    writeSync(file, `byte ${at} `.slice(0, size - at), at);
  writeSync(file, '.', size - 1);
  closeSync(file);
}

async function show(title: string, way: Way): Promise<boolean> {
  const result = await transfer(way);
  const { received, whole, memory, seconds, unsentBytes } = result;
  const rate = received / MB / seconds;
  const kept = way.how === 'huge' ? way.bytes : 0;
  const holds = whole && received === way.bytes && unsentBytes === 0 && memory < MEMORY + 2 * kept;
  const text = `${received} of ${way.bytes} bytes, SHA-256 ${whole ? 'the same' : 'DIFFERS'}`;
  const cost = `${(memory / MB).toFixed(0)} MB, ${seconds.toFixed(1)} s, ${rate.toFixed(0)} MB/s`;
  console.log(`  ${title}: ${text}; ${cost}${holds ? '' : `  FAILED ${JSON.stringify(result)}`}`);
  return holds;
}
