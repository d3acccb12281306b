import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ExecutionContext } from 'ava';

import { Program, type ProgramName } from '../helpers/program.ts';
import { milliseconds } from '../helpers/wait.ts';

/** Runs a program with such a file of settings, in a folder of its own. */
export function run(
  t: ExecutionContext,
  name: ProgramName,
  settings: (folder: string) => string,
  args: (file: string, folder: string) => string[],
): Program {
  const folder = mkdtempSync(join(tmpdir(), `pants-${name}-`));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'settings');
  writeFileSync(file, settings(folder));
  return new Program(t, name, ...args(file, folder));
}

/** HAProxy with these sections, behind its defaults. */
export function runHAProxy(t: ExecutionContext, sections: string): Program {
  const defaults = `
    defaults
      mode tcp
      timeout connect 5s
      timeout client 30s
      timeout server 30s
      timeout check 10s`;
  return run(
    t,
    'haproxy',
    () => `${defaults}\n${sections}\n`,
    (file) => ['-db', '-f', file],
  );
}

/** Connects, as soon as somebody listens there. */
export async function reach(t: ExecutionContext, port: number, host: string): Promise<Socket> {
  for (;;) {
    const socket = connect(port, host);
    t.teardown(() => socket.destroy());
    const isConnected = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    if (isConnected) return socket.on('error', () => {});
    await milliseconds(20);
  }
}
