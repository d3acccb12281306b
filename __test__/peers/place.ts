import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ExecutionContext } from 'ava';

/** A Unix socket's address that nobody else has: as we write it, and as socat does. */
export function place(t: ExecutionContext, kind: string): { path: string; name: string } {
  const folder = mkdtempSync(join(tmpdir(), 'pants-socat-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const name = join(folder, 'socket');
  return { path: kind === 'ABSTRACT' ? `\0${name}` : name, name };
}
