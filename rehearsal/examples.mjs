/** The programs of examples/ and of the documentation, as a user has them. */

import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { pages, programs } from '../__test__/helpers/markdown.ts';
import { here, root, run, withoutRust } from './project.mjs';
import { command, runtimes } from './runtimes.mjs';

/** @typedef {import('./project.mjs').Project} Project */

const sources = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.ts'));

/** The oldest that is looked at, and the newest. */
const compilers = [join(here, 'node_modules/typescript5'), join(root, 'node_modules/typescript')];

const strict = {
  allowImportingTsExtensions: true,
  noImplicitOverride: true,
  rewriteRelativeImportExtensions: true,
  skipLibCheck: false,
  strict: true,
  target: 'es2022',
  types: [],
};

/** tsc --noEmit, however modules are resolved. No types but those that the package brings itself. @param {Project} project */
export function types(project) {
  for (const type of /** @type {const} */ (['module', 'commonjs'])) {
    const folder = copy(project, `types-${type}`, type);
    for (const [moduleResolution, module] of Object.entries(resolutions)) {
      if (moduleResolution === 'bundler' && type === 'commonjs') continue;
      const options = { ...strict, module, moduleResolution, noEmit: true };
      for (const compiler of compilers) compile(compiler, folder, options);
      console.log(`ok  types: ${type}, moduleResolution ${moduleResolution}`);
    }
  }
}

const resolutions = { node16: 'node16', nodenext: 'nodenext', bundler: 'preserve' };

/** Those of examples/, compiled, by their own tests. @param {Project} project */
export function examples(project) {
  const esm = emit(project, 'examples-esm', 'module');
  const cjs = emit(project, 'examples-cjs', 'commonjs');
  const ts = copy(project, 'examples-ts', 'module');
  for (const runtime of runtimes) {
    tested(runtime, 'ES modules', esm, 'js');
    tested(runtime, 'CommonJS', cjs, 'js');
    if (stripsTypes(runtime)) tested(runtime, 'TypeScript', ts, 'ts');
  }
}

/** @param {import('./runtimes.mjs').Runtime} runtime */
function stripsTypes({ kind, version }) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return kind !== 'node' || major > 22 || (major === 22 && minor >= 18);
}

/** @param {import('./runtimes.mjs').Runtime} runtime @param {string} kind @param {string} folder @param {string} extension */
function tested(runtime, kind, folder, extension) {
  const [program, ...args] = command(runtime);
  const EXAMPLES = JSON.stringify({ program, args, folder, extension });
  const ava = join(root, 'node_modules/ava/entrypoints/cli.mjs');
  const env = { ...withoutRust(), EXAMPLES, FORCE_COLOR: '0' };
  const output = run(process.execPath, [ava, '__test__/examples/*.spec.ts'], { env });
  const [count] = /\d+ tests? passed/.exec(output) ?? [];
  console.log(`ok  examples: ${kind}, ${runtime.name}: ${count}`);
}

/** The programs of README and docs, compiled, on every runtime. @param {Project} project */
export function blocks(project) {
  const shown = pages().flatMap((page) =>
    programs(page).map((program, at) => ({
      name: `${page.replace('.md', '').replaceAll('/', '-')}-${at + 1}`,
      // Any port will do; what runs is a module, also where it imports nothing.
      program: `${program.replaceAll('4040', '0')}\nexport {};\n`,
    })),
  );
  for (const type of /** @type {const} */ (['module', 'commonjs'])) {
    const folder = project.folder(`blocks-${type}`, type);
    for (const { name, program } of shown) writeFileSync(join(folder, `${name}.ts`), program);
    const files = shown.map(({ name }) => `${name}.ts`);
    // That they are typed as they should be is what the project's own tests see to.
    const options = { ...strict, module: 'nodenext', allowImportingTsExtensions: false };
    compile(compilers.at(-1) ?? '', folder, { ...options, noCheck: true }, files);
    const awaiting = type === 'module' ? [] : awaitsAtTop(folder);
    const kept = shown.filter(({ name }) => !awaiting.includes(`${name}.ts`));
    for (const runtime of runtimes) {
      const [program = '', ...args] = command(runtime);
      for (const { name } of kept) run(program, [...args, `${name}.js`], { cwd: folder });
      console.log(`ok  README and docs: ${type}, ${runtime.name}: ${kept.length} programs`);
    }
  }
}

/** Those that do what no CommonJS module may, as the compiler says. @param {string} folder */
function awaitsAtTop(folder) {
  const tsc = join(compilers.at(-1) ?? '', 'bin/tsc');
  const args = [tsc, '--project', folder, '--noCheck', 'false', '--noEmit', '--pretty', 'false'];
  const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  return Array.from(
    stdout.matchAll(/^(\S+\.ts)\(.*: error TS(?:1309|1432):/gm),
    ([, file]) => file,
  );
}

/** The examples, in a folder of the project. @param {Project} project @param {string} name @param {'commonjs' | 'module'} type */
function copy(project, name, type) {
  const folder = project.folder(name, type);
  for (const file of sources) cpSync(join(root, 'examples', file), join(folder, file));
  return folder;
}

/** As JavaScript. @param {Project} project @param {string} name @param {'commonjs' | 'module'} type */
function emit(project, name, type) {
  const folder = copy(project, name, type);
  compile(compilers.at(-1) ?? '', folder, {
    ...strict,
    module: 'nodenext',
    allowImportingTsExtensions: false,
  });
  return folder;
}

/** @param {string} compiler @param {string} folder @param {object} compilerOptions */
function compile(compiler, folder, compilerOptions, files = sources) {
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  run(process.execPath, [join(compiler, 'bin/tsc'), '--project', folder]);
}
