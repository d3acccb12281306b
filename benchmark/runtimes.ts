// The programs that run servers: this Node or another, and what `npm run bench:peers` has
// installed.

import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export type RuntimeName = 'node' | 'bun' | 'deno';

export interface Runtime {
  readonly name: RuntimeName;
  readonly path: string;
  readonly version: string;
}

/** Ignored by Git. */
export const peersFolder: string = fileURLToPath(new URL('../.peers/', import.meta.url));

/** Where npm's packages have their binaries. */
const binaries: Readonly<Record<RuntimeName, RegExp>> = {
  node: /^node-[^/]+[/\\]bin[/\\]node(\.exe)?$/,
  bun: /^@oven[/\\]bun-[^/]+[/\\]bin[/\\]bun(\.exe)?$/,
  deno: /^@deno[/\\][^/]+[/\\]deno(\.exe)?$/,
};

/** The one of this name that was installed and runs here; null without one. */
export async function findPeer(name: RuntimeName): Promise<Runtime | null> {
  const modules = `${peersFolder}node_modules/`;
  let files: string[];
  try {
    files = readdirSync(modules, { recursive: true, encoding: 'utf8' });
  } catch {
    return null;
  }
  for (const file of files.filter((file) => binaries[name].test(file))) {
    // Some are there for another C library.
    const runtime = await inspect(name, modules + file).catch(() => null);
    if (runtime !== null) return runtime;
  }
  return null;
}

/** "newest", or a binary. */
export async function findNode(text: string): Promise<Runtime> {
  if (text !== 'newest') return await inspect('node', text);
  const peer = await findPeer('node');
  if (peer === null) throw new Error('--node newest: run `npm run bench:peers` first');
  return peer;
}

async function inspect(name: RuntimeName, path: string): Promise<Runtime> {
  const { stdout } = await promisify(execFile)(path, ['--version']);
  const version = /\d+\.\d+\.\d+/.exec(stdout)?.[0];
  if (version === undefined) throw new Error(`${path} --version says "${stdout.trim()}"`);
  return { name, path, version };
}
