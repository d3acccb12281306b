// The servers as JavaScript, for a Node that does not run TypeScript by itself.
//
// A loader in the server's process would take part in what is measured: it compiles this package
// too, and with all that it keeps there, V8 collects the whole heap much more often.

import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const servers = fileURLToPath(new URL('servers', import.meta.url));
const output = fileURLToPath(new URL('../target/benchmark', import.meta.url));

/** Compiles those of these names. */
export async function compileServers(ids: readonly string[]): Promise<void> {
  const files = readdirSync(servers, { recursive: true, encoding: 'utf8' });
  const chosen = files.filter(
    (file) => dirname(file) !== '.' && ids.includes(basename(file, '.ts')),
  );
  rmSync(output, { recursive: true, force: true });
  await build({
    input: Object.fromEntries(chosen.map((file) => [nameOf(file), join(servers, file)])),
    platform: 'node',
    external: 'pants-native',
    output: { dir: output, entryFileNames: '[name].mjs' },
  });
}

/** What has become of a file in servers/. */
export function compiled(file: string): string {
  return join(output, `${nameOf(relative(servers, file))}.mjs`);
}

function nameOf(file: string): string {
  return file.slice(0, -'.ts'.length);
}
