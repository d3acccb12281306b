import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
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

/** A port that nobody has, for a program that cannot be asked which one it has got. */
export function freePort(host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, host, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
