// Checks of the repository that no compiler makes:  node scripts/check.mjs
// Each prints one line; the first that fails says what to do, and ends the run.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { publicTypes, root } from './public-types.mjs';

versionsAgree();
coreKnowsNoHost();
lockfilesNamePublicRegistries();
await publicTypesAreCommitted();

/** One version for the npm package and for the crates. */
function versionsAgree() {
  const { version } = JSON.parse(read('package.json'));
  const locked = JSON.parse(read('package-lock.json')).version;
  const [, crates] = /^version = "(.*)"$/m.exec(read('Cargo.toml')) ?? [];
  if (version !== crates || version !== locked) {
    fail(`package.json says ${version}, package-lock.json ${locked}, Cargo.toml ${crates}`);
  }
  ok(`version ${version} everywhere`);
}

/** The core must stay usable, and testable, without Node. */
function coreKnowsNoHost() {
  const tree = run('cargo', [
    ...['tree', '--package', 'pants-core', '--target', 'all'],
    ...['--edges', 'normal,build', '--prefix', 'none'],
  ]);
  const napi = tree.split('\n').filter((line) => line.startsWith('napi'));
  if (napi.length > 0)
    fail(`crates/core depends on ${napi.join(', ')}; napi belongs in crates/node`);
  ok('crates/core does not depend on napi');
}

/** A lockfile written behind a registry mirror would not install anywhere else. */
function lockfilesNamePublicRegistries() {
  const sources =
    /^source = "(?!registry\+https:\/\/github\.com\/rust-lang\/crates\.io-index").*/gm;
  const resolved = /"resolved": "(?!https:\/\/registry\.npmjs\.org\/).*/g;
  const foreign = [
    ...(read('Cargo.lock').match(sources) ?? []),
    ...(read('package-lock.json').match(resolved) ?? []),
  ];
  if (foreign.length > 0) fail(`a lockfile names another registry: ${foreign.join(', ')}`);
  ok('the lockfiles name public registries only');
}

/** A change of the public surface must show up in review. */
async function publicTypesAreCommitted() {
  run(process.execPath, [
    join(root, 'node_modules/typescript/bin/tsc'),
    ...['--project', 'tsconfig.build.json'],
  ]);
  const committed = existsSync(join(root, 'index.d.ts')) ? read('index.d.ts') : '';
  if ((await publicTypes()) !== committed) {
    fail(
      'index.d.ts is not what js/index.ts exports: run `npm run build:ts` and commit the result',
    );
  }
  ok('index.d.ts is up to date');
}

/** @param {string} command @param {string[]} args */
function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
  });
  if (error || status !== 0) fail(error?.message ?? `${command} failed\n${stdout}${stderr}`);
  return stdout;
}

/** @param {string} file */
function read(file) {
  return readFileSync(join(root, file), 'utf8').replaceAll('\r\n', '\n');
}

/** @param {string} what */
function ok(what) {
  console.log(`ok  ${what}`);
}

/** @param {string} what @returns {never} */
function fail(what) {
  console.error(`check: ${what}`);
  process.exit(1);
}
