// Checks of the repository that no compiler makes:  node scripts/check.mjs
// Each prints one line; the first that fails says what to do, and ends the run.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { compileTypes, publicTypes, root, wireLayout } from './generated.mjs';

versionsAgree();
coreKnowsNoHost();
regexpStandsAlone();
coreImportsOneWay();
jsImportsOneWay();
lockfilesNamePublicRegistries();
actionsArePinned();
wireLayoutIsCommitted();
await publicTypesAreCommitted();
benchmarkTargetsAreTrue();

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
  const napi = cratesUnder('pants-core').filter((crate) => crate.startsWith('napi'));
  if (napi.length > 0)
    fail(`crates/core depends on ${napi.join(', ')}; napi belongs in crates/node`);
  ok('crates/core does not depend on napi');
}

/** The automata must stay usable, and testable, without sockets. */
function regexpStandsAlone() {
  const [, ...others] = cratesUnder('pants-regexp');
  const ours = others.filter((crate) => /^(pants|mio|napi)/.test(crate));
  if (ours.length > 0) fail(`crates/regexp depends on ${ours.join(', ')}`);
  ok('crates/regexp stands alone');
}

/** reactor → source → buffer → queue → framing, and no circle of files: a test knows the rooms. */
function coreImportsOneWay() {
  run('cargo', ['test', '--quiet', '--package', 'pants-core', '--test', 'rooms']);
  ok('crates/core imports one way');
}

/** As the rooms of js/ lie above each other: `.dependency-cruiser.cjs` has their order. */
function jsImportsOneWay() {
  const cruise = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  run(process.execPath, [cruise, '--config', '.dependency-cruiser.cjs', 'js']);
  ok('js/ imports one way, and in no circle');
}

/** A crate, and all that it is built of. @param {string} name */
function cratesUnder(name) {
  const tree = run('cargo', [
    ...['tree', '--package', name, '--target', 'all'],
    ...['--edges', 'normal,build', '--prefix', 'none'],
  ]);
  return tree.split('\n').filter((line) => line !== '');
}

/** A lockfile written behind a registry mirror would not install anywhere else. */
function lockfilesNamePublicRegistries() {
  const sources =
    /^source = "(?!registry\+https:\/\/github\.com\/rust-lang\/crates\.io-index").*/gm;
  const resolved = /"resolved": "(?!https:\/\/registry\.npmjs\.org\/).*/g;
  const foreign = [
    ...(read('Cargo.lock').match(sources) ?? []),
    ...(read('package-lock.json').match(resolved) ?? []),
    ...(read('rehearsal/package-lock.json').match(resolved) ?? []),
  ];
  if (foreign.length > 0) fail(`a lockfile names another registry: ${foreign.join(', ')}`);
  ok('the lockfiles name public registries only');
}

/** A tag can be moved to other code, a commit cannot. */
function actionsArePinned() {
  const folder = '.github/workflows';
  const loose = readdirSync(join(root, folder))
    .flatMap((file) => read(`${folder}/${file}`).match(/uses: (?!\.\/).*/g) ?? [])
    .filter((line) => !/@[0-9a-f]{40} # \S+$/.test(line));
  if (loose.length > 0) fail(`not pinned to a commit: ${loose.join(', ')}`);
  ok("the workflows' actions are pinned to commits");
}

/** Both sides of the boundary must read the same layout. */
function wireLayoutIsCommitted() {
  isCommitted('js/generated/wire.ts', wireLayout(), 'npm run generate');
}

/** A change of the public surface must show up in review. */
async function publicTypesAreCommitted() {
  compileTypes();
  isCommitted('index.d.ts', await publicTypes(), 'npm run build:ts -- --force');
}

/** What benchmark/README.md says of the targets comes from the results beside it. */
function benchmarkTargetsAreTrue() {
  const table = join(root, 'benchmark/targets-table.ts');
  run(process.execPath, ['--import', '@oxc-node/core/register', table, '--check']);
  ok('benchmark/README.md says what the results say');
}

/** @param {string} file @param {string} expected @param {string} remedy */
function isCommitted(file, expected, remedy) {
  const committed = existsSync(join(root, file)) ? read(file) : '';
  if (committed !== expected) fail(`${file} is out of date: run \`${remedy}\` and commit it`);
  ok(`${file} is up to date`);
}

/** @param {string} command @param {string[]} args */
function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
  });
  if (error || status !== 0)
    fail(error?.message ?? `${command} ${args.join(' ')} failed\n${stdout}${stderr}`);
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
