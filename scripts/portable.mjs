// Builds an addon for Linux as it is published:  node scripts/portable.mjs [<target of rustc>]
//
// By zig's linker, which PyPI has: for glibc against version 2.28, the oldest that Node.js's own
// binaries run on, whatever this machine has; for musl from any machine. → artifacts/

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { root } from './generated.mjs';
import { tooNew } from './symbol-versions.mjs';

const tools = join(root, 'target/zig');
const pinned = ['ziglang==0.17.1', 'cargo-zigbuild==0.24.1'];

const here = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
const [target = `${here}-unknown-linux-gnu`] = process.argv.slice(2);
const [, cpu, libc] = /^(x86_64|aarch64)-unknown-linux-(gnu|musl)$/.exec(target) ?? [];
if (cpu === undefined) fail(`'${target}' is none of this package's targets on Linux`);

if (!existsSync(join(tools, 'bin/cargo-zigbuild'))) {
  run('python3', ['-m', 'pip', 'install', '--quiet', '--target', tools, ...pinned]);
}
mkdirSync(join(root, 'artifacts'), { recursive: true });
run(process.execPath, [
  join(root, 'node_modules/@napi-rs/cli/dist/cli.js'),
  ...['build', '--platform', '--release', '--no-js', '--dts', 'binding.d.cts', '--no-dts-cache'],
  ...['--manifest-path', 'crates/node/Cargo.toml', '--output-dir', 'artifacts'],
  ...['--cross-compile', '--target', libc === 'gnu' ? `${target}.2.28` : target],
  ...['--', '--locked'],
]);
const name = `pants-native.linux-${cpu === 'aarch64' ? 'arm64' : 'x64'}-${libc}.node`;
const wrong = libc === 'gnu' ? tooNew(join(root, 'artifacts', name)) : null;
if (wrong !== null) fail(wrong);

/** @param {string} command @param {string[]} args */
function run(command, args) {
  const PATH = [join(tools, 'bin'), process.env['PATH']].join(delimiter);
  const env = { ...process.env, PATH, PYTHONPATH: tools };
  const { status, error } = spawnSync(command, args, { cwd: root, env, stdio: 'inherit' });
  if (error) fail(error.message);
  if (status !== 0) process.exit(status ?? 1);
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(`portable: ${message}`);
  process.exit(1);
}
