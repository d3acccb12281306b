/** Bundled programs, and what those who trace files find: the addon must come along, without flags. */

import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { fail, here, root, run } from './project.mjs';
import { command, runtimes } from './runtimes.mjs';

/** @typedef {import('./project.mjs').Project} Project */

/** Both ways to ask for the package in one program: there must be one state. */
const program = `
import { Connection, Engine, Server } from 'pants-native';
import required from './required.cjs';
if (required.Server !== Server) throw new Error('two copies of the package');
if (required.Engine.instance() !== Engine.instance()) throw new Error('two engines');
const server = new Server(Connection).listen(0, '127.0.0.1');
console.log('listening', server.localAddr.port > 0);
server.close();
`;

/** Without flags, into either format; what comes of it runs beside node_modules. @param {Project} project */
export async function bundles(project) {
  const folder = sources(project, 'bundles');
  const tools = { esbuild: await esbuild(), rolldown: await rolldown() };
  for (const [name, bundle] of Object.entries(tools)) {
    for (const format of /** @type {const} */ (['esm', 'cjs'])) {
      const file = join(folder, `${name}.${format === 'esm' ? 'mjs' : 'cjs'}`);
      await bundle(join(folder, 'main.mjs'), file, format);
      prints(file, folder);
      // A deployment without node_modules: the addon's file lies beside the bundle.
      const alone = join(project.app, '..', `${name}-${format}`);
      mkdirSync(alone);
      cpSync(file, join(alone, 'bundle.mjs'.replace('mjs', file.slice(-3))));
      for (const addon of addons(project))
        cpSync(addon, join(alone, addon.split(/[/\\]/).at(-1) ?? ''));
      prints(join(alone, `bundle.${file.slice(-3)}`), alone);
      rmSync(alone, { recursive: true });
    }
    console.log(
      `ok  ${name}: ES module and CommonJS, beside node_modules and with the addon beside it`,
    );
  }
}

/** @vercel/nft, by which Next.js finds what to deploy: the addon, of this platform. @param {Project} project */
export async function traces(project) {
  const folder = sources(project, 'traces');
  const require = createRequire(join(here, 'package.json'));
  const { nodeFileTrace } = require('@vercel/nft');
  for (const entry of ['main.mjs', 'required.cjs']) {
    const { fileList } = await nodeFileTrace([join(folder, entry)], { base: project.app });
    const found = [...fileList].filter((file) => file.endsWith('.node'));
    if (found.length !== 1) fail(`@vercel/nft finds ${found.length} addons behind ${entry}`);
  }
  console.log('ok  @vercel/nft: the addon, behind import and require()');
}

/** @param {Project} project @param {string} name */
function sources(project, name) {
  const folder = project.folder(name, 'commonjs');
  writeFileSync(join(folder, 'main.mjs'), program);
  writeFileSync(join(folder, 'required.cjs'), "module.exports = require('pants-native');\n");
  return folder;
}

/** @param {string} file @param {string} cwd */
function prints(file, cwd) {
  for (const runtime of runtimes) {
    const [binary = '', ...args] = command(runtime);
    const output = run(binary, [...args, file], { cwd });
    if (output !== 'listening true\n') fail(`${file} on ${runtime.name} prints '${output}'`);
  }
}

/** @param {Project} project */
function addons({ app }) {
  const modules = join(app, 'node_modules');
  return readdirSync(modules)
    .filter((name) => name.startsWith('pants-native-'))
    .flatMap((name) => readdirSync(join(modules, name)).map((file) => join(modules, name, file)))
    .filter((file) => file.endsWith('.node'));
}

/** @typedef {(input: string, output: string, format: 'esm' | 'cjs') => Promise<unknown>} Bundle */

/** @returns {Promise<Bundle>} */
async function esbuild() {
  const { build } = createRequire(join(here, 'package.json'))('esbuild');
  return (input, outfile, format) =>
    build({
      entryPoints: [input],
      outfile,
      format,
      bundle: true,
      platform: 'node',
      logLevel: 'error',
    });
}

/** @returns {Promise<Bundle>} */
async function rolldown() {
  const { build } = await import(join(root, 'node_modules/rolldown/dist/index.mjs'));
  return (input, file, format) =>
    build({ input, platform: 'node', logLevel: 'silent', output: { file, format } });
}
