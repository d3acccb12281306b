/** The packages, and an empty project that has installed them. */

import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const here = fileURLToPath(new URL('./', import.meta.url));
export const root = fileURLToPath(new URL('../', import.meta.url));
export const packed = join(root, 'npm/packed');

/** @typedef {ReturnType<typeof emptyProject>} Project */

/** Installs the tools, where they are not those that the lock file names. */
export function tools() {
  const hidden = join(here, 'node_modules/.package-lock.json');
  const wanted = JSON.parse(readFileSync(join(here, 'package-lock.json'), 'utf8')).packages;
  const there = existsSync(hidden) ? JSON.parse(readFileSync(hidden, 'utf8')).packages : {};
  const fits = Object.keys(wanted).every(
    (path) => path === '' || wanted[path].optional || there[path]?.version === wanted[path].version,
  );
  if (fits) return;
  // No package's own script: what is needed is in the packages.
  npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: here });
  console.log('ok  the tools of rehearsal/package-lock.json');
}

/** napi-rs' name of the platform that this is. */
export function ownPlatform() {
  const { platform, arch } = process;
  if (platform === 'win32') return `win32-${arch}-msvc`;
  if (platform !== 'linux') return `${platform}-${arch}`;
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (
    process.report.getReport()
  );
  return `linux-${arch}-${header.glibcVersionRuntime === undefined ? 'musl' : 'gnu'}`;
}

/** @param {string} addons a folder */
export function pack(addons) {
  run(process.execPath, [join(root, 'scripts/pack.mjs'), '--addons', addons]);
}

/** In a folder of its own, with neither a cache nor a registry to install from. */
export function emptyProject() {
  const folder = mkdtempSync(join(tmpdir(), 'pants-rehearsal-'));
  const app = join(folder, 'app');
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), '{ "private": true }\n');
  const own = new RegExp(`^pants-native-(${ownPlatform()}-)?\\d`);
  const tarballs = readdirSync(packed)
    .filter((name) => own.test(name))
    .map((name) => join(packed, name));
  if (tarballs.length !== 2) fail(`npm/packed has ${tarballs.length} of the two packages`);
  const env = { ...withoutRust(), npm_config_cache: join(folder, 'cache') };
  npm(['install', '--offline', '--no-audit', '--no-fund', ...tarballs], { cwd: app, env });
  // Node's types, which a TypeScript user has.
  for (const name of ['@types/node', 'undici-types']) {
    cpSync(join(root, 'node_modules', name), join(app, 'node_modules', name), { recursive: true });
  }
  console.log(`ok  installed offline, without Rust: ${tarballs.length} packages`);
  return {
    app,
    /** A folder in it, with this `type`. @param {string} name @param {'commonjs' | 'module'} type */
    folder(name, type) {
      const path = join(app, name);
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, 'package.json'), `{ "private": true, "type": "${type}" }\n`);
      return path;
    },
    remove() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The environment without the folders that have Rust. */
export function withoutRust() {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const rust = ['cargo', 'rustc', 'rustup'].flatMap((name) => [name, `${name}.exe`]);
  const kept = folders.filter((folder) => !rust.some((name) => has(folder, name)));
  return { ...process.env, PATH: [dirname(process.execPath), ...kept].join(delimiter) };
}

/** @param {string} folder @param {string} name */
function has(folder, name) {
  try {
    return readdirSync(folder).includes(name);
  } catch {
    return false;
  }
}

/** @typedef {{ cwd?: string, env?: NodeJS.ProcessEnv }} Options */

/** @param {string[]} args @param {Options} [options] */
export function npm(args, options) {
  return run('npm', args, { ...options, shell: process.platform === 'win32' });
}

/** A tool of rehearsal/, by its file. @param {string} file @param {string[]} args @param {Options} [options] */
export function tool(file, args, options) {
  return run(process.execPath, [join(here, 'node_modules', file), ...args], options);
}

/**
 * Runs it to its end. What it printed is given back; where it did not end with this status, told.
 *
 * @param {string} command @param {string[]} args
 * @param {Options & { shell?: boolean, status?: number }} [options]
 */
export function run(command, args, { status: expected = 0, ...options } = {}) {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    timeout: 300_000,
    ...options,
  });
  if (error) fail(`${command}: ${error.message}\n${stdout}${stderr}`);
  if (status !== expected) {
    fail(`${command} ${args.join(' ')} ended with ${status ?? signal}\n${stdout}${stderr}`);
  }
  return stdout;
}

/** @param {string} message @returns {never} */
export function fail(message) {
  throw new Error(`rehearsal: ${message}`);
}
