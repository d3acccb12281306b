// Builds what is out of date:  node scripts/build.mjs [native] [ts] [clean] [--force]
//                              node scripts/build.mjs native -- <more arguments of `napi build`>
//
//   native   crates/{regexp,core,node}  → native/            the addon, its types
//   ts       js/, native's types       → dist/, index.d.ts
//
// dist/ holds the package thrice, by who loads it:
//
//   index.cjs     the code, for require()
//   index.js      its names, for import: in a process there is one state, whoever asks
//   bundler.js    the code once more as an ES module, for bundlers (condition `module`)
//
// "Out of date" is judged by a hash over the contents of the inputs: a fresh checkout's timestamps
// build nothing, and a deleted file does.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { compileTypes, publicTypes, root } from './generated.mjs';
import { missingCompiler, missingNode } from './requirements.mjs';

need(missingNode());

const stamps = join(root, 'target', 'stamps');

const steps = [
  {
    name: 'native',
    inputs: [
      ...['Cargo.toml', 'Cargo.lock', 'build.rs', 'package.json'],
      ...['crates/regexp', 'crates/core', 'crates/node'],
    ],
    outputs: ['native/binding.d.cts', addon()],
    run: buildNative,
  },
  {
    name: 'ts',
    inputs: ['js', 'native/binding.d.cts', 'tsconfig.json', 'tsconfig.build.json', 'package.json'],
    outputs: [
      ...['dist/index.cjs', 'dist/index.js', 'dist/bundler.js'],
      ...['dist/index.d.cts', 'index.d.ts'],
    ],
    run: buildTs,
  },
];

const [words, forwarded] = split(process.argv.slice(2), '--');
const known = new Set(['clean', '--force', ...steps.map((step) => step.name)]);
for (const word of words) {
  if (!known.has(word)) fail(`unknown argument '${word}'; known are ${[...known].join(', ')}`);
}
if (words.includes('clean')) {
  for (const folder of ['dist', 'native', 'target']) {
    rmSync(join(root, folder), { recursive: true, force: true });
  }
} else if (forwarded.length > 0) {
  // For another target, say: what comes of it is not this machine's addon.
  if (words.join() !== 'native') fail('only `native` takes arguments after --');
  buildNative();
} else {
  const named = steps.filter((step) => words.includes(step.name));
  for (const step of named.length > 0 ? named : steps) {
    await build(step, words.includes('--force'));
  }
}

/** @param {typeof steps[number]} step @param {boolean} force */
async function build(step, force) {
  const stamp = join(stamps, step.name);
  const hash = hashOf(step.inputs);
  const fresh =
    !force &&
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === hash &&
    step.outputs.every((file) => existsSync(join(root, file)));
  if (fresh) return;

  console.log(`building ${step.name} …`);
  rmSync(stamp, { force: true });
  await step.run();
  const missing = step.outputs.filter((file) => !existsSync(join(root, file)));
  if (missing.length > 0) fail(`${step.name}: built, but without ${missing.join(', ')}`);
  mkdirSync(stamps, { recursive: true });
  writeFileSync(stamp, hash);
}

function buildNative() {
  need(missingCompiler());
  // In CI a lockfile that does not match is an error, not something to mend silently.
  const cargo = process.env['CI'] ? ['--', '--locked'] : [];
  run('@napi-rs/cli/dist/cli.js', [
    ...['build', '--platform', '--release'],
    ...['--manifest-path', 'crates/node/Cargo.toml', '--output-dir', 'native'],
    ...['--no-js', '--dts', 'binding.d.cts', '--no-dts-cache'],
    ...forwarded,
    ...cargo,
  ]);
}

async function buildTs() {
  compileTypes();
  const types = await publicTypes();
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const [commonjs] = await Promise.all([
    bundle({ file: 'dist/index.cjs', format: 'cjs', sourcemap: true }, [ownRequire()]),
    bundle({ file: 'dist/bundler.js', format: 'es' }),
  ]);
  const names = commonjs.output[0].exports.sort().map((name) => `  ${name},\n`);
  writeFileSync(join(root, 'dist/index.js'), `export {\n${names.join('')}} from './index.cjs';\n`);
  writeFileSync(join(root, 'dist/index.d.cts'), types);
  writeFileSync(join(root, 'index.d.ts'), types);
}

/** @param {import('rolldown').OutputOptions} output @param {import('rolldown').Plugin[]} plugins */
async function bundle(output, plugins = []) {
  const { build } = await import('rolldown');
  return build({
    cwd: root,
    input: 'js/index.ts',
    platform: 'node',
    external: /^pants-native-/,
    plugins,
    transform: { target: 'es2023' },
    // The code as it is written. Tools that drop what they take for useless drop, of the calls that
    // are made to see whether they throw, the call.
    treeshake: false,
    // No `__esModule`: to everybody the CommonJS module's default export is the module.
    output: { ...output, esModule: false, minify: false },
  });
}

/** CommonJS has a `require`, and those who trace files know it. @returns {import('rolldown').Plugin} */
function ownRequire() {
  const made = 'const require = createRequire(import.meta.url ?? __filename);';
  return {
    name: 'own-require',
    transform(code, id) {
      if (!id.endsWith('addon.ts')) return null;
      if (!code.includes(made)) fail(`js/addon.ts has no line '${made}'`);
      return { code: code.replace(made, ''), map: null };
    },
  };
}

/** The addon's file for this platform, as `napi build --platform` names it. */
function addon() {
  const { platform, arch } = process;
  if (platform === 'linux')
    return `native/pants-native.linux-${arch}-${musl() ? 'musl' : 'gnu'}.node`;
  if (platform === 'win32') return `native/pants-native.win32-${arch}-msvc.node`;
  return `native/pants-native.${platform}-${arch}.node`;
}

function musl() {
  return readdirSync('/lib').some((name) => name.startsWith('ld-musl-'));
}

/** @param {string[]} inputs files and folders, relative to the root */
function hashOf(inputs) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  for (const file of inputs.flatMap(filesIn)) {
    hash.update(`${file}\n`);
    hash.update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

/** @param {string} path @returns {string[]} */
function filesIn(path) {
  const stats = statSync(join(root, path), { throwIfNoEntry: false });
  if (!stats?.isDirectory()) return stats ? [path] : [];
  return readdirSync(join(root, path))
    .sort()
    .flatMap((name) => filesIn(`${path}/${name}`));
}

/** @param {string} script inside node_modules @param {string[]} args */
function run(script, args) {
  const command = [join(root, 'node_modules', script), ...args];
  const { status, error } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' });
  if (error) fail(error.message);
  if (status !== 0) process.exit(status ?? 1);
}

/** @param {string[]} words @param {string} separator @returns {[string[], string[]]} */
function split(words, separator) {
  const at = words.indexOf(separator);
  return at < 0 ? [words, []] : [words.slice(0, at), words.slice(at + 1)];
}

/** @param {string | null} missing */
function need(missing) {
  if (missing !== null) fail(missing);
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(`build: ${message}`);
  process.exit(1);
}
