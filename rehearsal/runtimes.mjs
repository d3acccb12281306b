/** Everything that runs JavaScript here, by the names that people use. */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { here } from './project.mjs';

/** @typedef {{ name: string, kind: 'node' | 'bun' | 'deno', path: string, version: string }} Runtime */

const modules = join(here, 'node_modules');

/** The Node.js of this process, and of each line that is installed; Bun and Deno. */
export const runtimes = [
  runtime('node', process.execPath),
  ...installed(/^node\d+-/, 'bin/node').map((path) => runtime('node', path)),
  ...installed(/^@oven\//, 'bin/bun').map((path) => runtime('bun', path)),
  ...installed(/^@deno\//, 'deno').map((path) => runtime('deno', path)),
]
  .filter((found) => found !== null)
  .filter(({ name }, at, all) => all.findIndex((other) => other.name === name) === at);

export const nodes = runtimes.filter(({ kind }) => kind === 'node');

/** @param {RegExp} name of the package @param {string} binary in it */
function installed(name, binary) {
  const names = ['', '@oven/', '@deno/'].flatMap((scope) =>
    existsSync(join(modules, scope))
      ? readdirSync(join(modules, scope)).map((entry) => scope + entry)
      : [],
  );
  return names.filter((entry) => name.test(entry)).map((entry) => join(modules, entry, binary));
}

/**
 * One that does not run here is for another C library.
 *
 * @param {Runtime['kind']} kind @param {string} path @returns {Runtime | null}
 */
function runtime(kind, path) {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  const [version] = /\d+\.\d+\.\d+/.exec(stdout ?? '') ?? [];
  if (version === undefined) return null;
  const names = { node: 'Node.js', bun: 'Bun', deno: 'Deno' };
  return { name: `${names[kind]} ${version}`, kind, path, version };
}

/** What comes before the file. @param {Runtime} runtime */
export function command({ kind, path }) {
  // Deno asks for permission for everything; --allow-ffi is the one for addons.
  return kind === 'deno' ? [path, 'run', '--quiet', '--allow-all'] : [path];
}
