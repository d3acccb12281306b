/** The programs of examples/ and of the documentation, as a user has them. */

import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

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

/** Whole programs that stand in the documentation, as they are, and with require(). @param {Project} project */
export function blocks(project) {
  const folder = project.folder('blocks', 'commonjs');
  writeFileSync(join(folder, 'prelude.cjs'), prelude);
  for (const [name, code] of programs()) {
    const commonjs = code.replaceAll(
      /import (\{[^}]+\}) from ('[^']+');/g,
      (_, names, from) => `const ${names.replaceAll(' as ', ': ')} = require(${from});`,
    );
    writeFileSync(join(folder, `${name}.mjs`), code);
    writeFileSync(join(folder, `${name}.cjs`), commonjs);
    writeFileSync(
      join(folder, 'main.mjs'),
      `import './prelude.cjs';\nawait import('./${name}.mjs');`,
    );
    writeFileSync(join(folder, 'main.cjs'), `require('./prelude.cjs');\nrequire('./${name}.cjs');`);
    for (const runtime of runtimes) {
      const [program = '', ...args] = command(runtime);
      for (const main of ['main.mjs', 'main.cjs']) run(program, [...args, main], { cwd: folder });
    }
    console.log(
      `ok  ${name}, ES module and CommonJS: ${runtimes.map(({ name }) => name).join(', ')}`,
    );
  }
}

/** A server of a block listens on a free port, is connected to, and then the program has done. */
const prelude = `
const { connect } = require('node:net');
const { Server } = require('pants-native');
const { listen } = Server.prototype;
Server.prototype.listen = function (port, ...others) {
  listen.call(this, 0, ...others);
  connect(this.localAddr.port, '127.0.0.1', () => process.exit(0));
  return this;
};
`;

/** @returns {[string, string][]} the name of each, and its text */
function programs() {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  const pages = [
    'README.md',
    ...docs.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
  ];
  return pages.flatMap((page) => {
    const text = readFileSync(join(root, page), 'utf8');
    const found = [...text.matchAll(/^```js\n(.*?)^```/gms)].map(([, code = '']) => code);
    return found
      .filter((code) => code.includes("from 'pants-native'"))
      .map((code, at) => [`${page.replaceAll(/[/.]/g, '-')}-${at + 1}`, code]);
  });
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
function compile(compiler, folder, compilerOptions) {
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: sources }));
  run(process.execPath, [join(compiler, 'bin/tsc'), '--project', folder]);
}
