// The compiled programs: the load generator, and the bare echo server.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface Programs {
  readonly load: string;
  readonly echo: string;
}

/** Compiles them if need be. */
export async function buildPrograms(): Promise<Programs> {
  const [load, echo] = [
    await build('pants-load', ['--package=pants-load', '--bin=pants-load']),
    await build('echo', ['--package=pants-core', '--example=echo']),
  ];
  return { load, echo };
}

async function build(name: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    'cargo',
    ['build', '--release', ...args, '--message-format=json-render-diagnostics'],
    { cwd: fileURLToPath(new URL('..', import.meta.url)), maxBuffer: 64 * 1024 * 1024 },
  );
  // Cargo says where it is: that depends on the platform and on the user's configuration.
  for (const line of stdout.split('\n').filter((line) => line.startsWith('{'))) {
    const { target, executable } = JSON.parse(line);
    if (target?.name === name && executable) return executable;
  }
  throw new Error(`cargo built no ${name}`);
}
