// Files that a run needs for a while: the socket of a server, and the file that is sent.

import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import type { Part } from './case.ts';

export class Scratch implements Disposable {
  readonly #folder = mkdtempSync(join(os.tmpdir(), 'pants-bench-'));
  #file: string | null = null;
  #sockets = 0;

  /** A free path for a Unix socket; null where the part uses none. */
  socketFor(part: Part): string | null {
    if (!part.unix) return null;
    this.#sockets += 1;
    return join(this.#folder, String(this.#sockets));
  }

  /** What servers find in their environment. */
  environmentFor(part: Part): NodeJS.ProcessEnv {
    if (part.program !== 'file') return {};
    this.#file ??= this.#write(part.load.answer ?? 0);
    return { BENCH_FILE: this.#file };
  }

  /** The alphabet, again and again, as the load generator expects it. */
  #write(size: number): string {
    const path = join(this.#folder, 'file');
    const block = Buffer.alloc(26 * 65_536, 'abcdefghijklmnopqrstuvwxyz');
    const file = openSync(path, 'wx');
    for (let written = 0; written < size; ) {
      written += writeSync(file, block, 0, Math.min(block.length, size - written));
    }
    closeSync(file);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}
