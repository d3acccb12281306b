// What building needs, and in one line what is missing. Plain enough for any Node.js to read.

import { spawnSync } from 'node:child_process';

/** What package.json's `engines` says. @param {string} version of Node.js */
export function missingNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const fits = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24;
  if (fits) return null;
  return `Node.js ${version} is not supported: 20.19, 22.12, 24 or newer is`;
}

/**
 * What the addon is compiled and linked with.
 *
 * @param {NodeJS.ProcessEnv} env
 */
export function missingCompiler(env = process.env) {
  const { error, stdout } = spawnSync('cargo', ['--version'], { env, encoding: 'utf8' });
  if (error) return `cannot run cargo (${error.message}); Rust 1.88 or newer: https://rustup.rs`;
  const [, major = 0, minor = 0] = (/^cargo (\d+)\.(\d+)/.exec(stdout) ?? []).map(Number);
  if (major < 1 || (major === 1 && minor < 88)) {
    return `${stdout.trim() || 'cargo without a version'} is too old: Rust 1.88 or newer`;
  }
  // On Windows rustc finds the linker by itself; elsewhere somebody may have named another.
  const named = Object.keys(env).some((name) => /^CARGO_TARGET_.*_LINKER$/.test(name));
  if (process.platform === 'win32' || named) return null;
  if (!spawnSync('cc', ['--version'], { env }).error) return null;
  return "cannot run cc, which links what Rust compiles: on Debian, 'apt-get install gcc'";
}
