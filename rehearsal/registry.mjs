// npm run rehearse:release: a release from beginning to end, to a registry of its own (verdaccio).
//
// Packs for every platform (in the place of addons that this machine cannot build stands its own),
// publishes, breaks off half-way, goes on, and installs from there as a user does.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { fail, here, npm, ownPlatform, root, run, tools, withoutRust } from './project.mjs';
import { nodes } from './runtimes.mjs';

const { values: options } = parseArgs({
  options: { addons: { type: 'string', default: 'native' } },
});

const names = ['darwin-arm64', 'darwin-x64', 'linux-arm64-gnu', 'linux-arm64-musl'].concat([
  'linux-x64-gnu',
  'linux-x64-musl',
  'win32-arm64-msvc',
  'win32-x64-msvc',
]);
const own = ownPlatform();
const folder = mkdtempSync(join(tmpdir(), 'pants-registry-'));
tools();
try {
  packEveryPlatform();
  const port = await freePort();
  const refusing = await registry(port, 'pants-native-win32-*');
  const env = await user(port);
  const broken = publish(env, false);
  if (broken.includes('published: pants-native@')) fail('published before all its parts were');
  refusing.kill();
  await once(refusing, 'exit');
  console.log('ok  a platform that is refused holds the package back');

  const accepting = await registry(port, 'nothing');
  const rest = publish(env, true);
  if (rest.split('there already').length !== 7) fail(`not six were there already:\n${rest}`);
  console.log('ok  run again, it publishes what is missing');
  if (publish(env, true).split('there already').length !== 10) fail('published twice');
  console.log('ok  run once more, it has nothing to do');

  install(env);
  console.log('ok  installed from there, without Rust, and without other platforms');
  accepting.kill();
  await once(accepting, 'exit');
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function packEveryPlatform() {
  const addons = join(folder, 'addons');
  mkdirSync(addons);
  const mine = resolve(root, options.addons, `pants-native.${own}.node`);
  for (const name of names) cpSync(mine, join(addons, `pants-native.${name}.node`));
  run(process.execPath, [
    join(root, 'scripts/pack.mjs'),
    ...['--every-platform', '--any-glibc', '--addons', addons],
  ]);
  console.log('ok  packed for every platform');
}

/** A registry that refuses packages of such a name. @param {number} port @param {string} refused */
async function registry(port, refused) {
  const config = join(folder, 'verdaccio.yaml');
  writeFileSync(
    config,
    `storage: ${JSON.stringify(join(folder, 'storage'))}
auth: { htpasswd: { file: ${JSON.stringify(join(folder, 'htpasswd'))} } }
packages:
  '${refused}': { access: $all, publish: nobody }
  '**': { access: $all, publish: $authenticated }
log: { type: stdout, level: warn }
`,
  );
  // It asks for a newer Node.js than the oldest that the package runs on.
  const newest = nodes.at(-1)?.path ?? process.execPath;
  const verdaccio = join(here, 'node_modules/verdaccio/bin/verdaccio');
  const args = [verdaccio, '--config', config, '--listen', `127.0.0.1:${port}`];
  const child = spawn(newest, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  // It says so when it listens; should it end before, that is told.
  const ended = once(child, 'exit').then(() => fail('verdaccio has ended'));
  await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => {});
  return child;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') fail('no port');
  return address.port;
}

/** npm's environment for somebody who may publish there. @param {number} port */
async function user(port) {
  const body = JSON.stringify({ name: 'rehearsal', password: 'dress rehearsal' });
  const headers = { 'content-type': 'application/json' };
  const address = `127.0.0.1:${port}`;
  const answer = await fetch(`http://${address}/-/user/org.couchdb.user:rehearsal`, {
    method: 'PUT',
    headers,
    body,
  });
  const { token } = /** @type {{ token: string }} */ (await answer.json());
  const config = join(folder, 'npmrc');
  writeFileSync(config, `registry=http://${address}/\n//${address}/:_authToken=${token}\n`);
  return {
    ...withoutRust(),
    npm_config_userconfig: config,
    npm_config_registry: `http://${address}/`,
    npm_config_cache: join(folder, 'cache'),
  };
}

/** What it printed. @param {NodeJS.ProcessEnv} env @param {boolean} works */
function publish(env, works) {
  const script = join(root, 'scripts/publish.mjs');
  return run(process.execPath, [script, '--direct'], { env, status: works ? 0 : 1 });
}

/** @param {NodeJS.ProcessEnv} env */
function install(env) {
  const app = join(folder, 'app');
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), '{ "private": true }\n');
  npm(['install', '--no-audit', '--no-fund', 'pants-native'], { cwd: app, env });
  const installed = readdirSync(join(app, 'node_modules')).filter((name) => !name.startsWith('.'));
  const expected = ['pants-native', `pants-native-${own}`];
  if (installed.join() !== expected.join()) fail(`npm has installed ${installed.join(', ')}`);
  for (const file of ['LICENSE', 'THIRD-PARTY-NOTICES.txt', 'README.md']) {
    if (!existsSync(join(app, 'node_modules', `pants-native-${own}`, file))) fail(`no ${file}`);
  }
  run(process.execPath, ['--eval', "new (require('pants-native').Server)().listen(0).close()"], {
    cwd: app,
    env,
  });
}
