// Publishes what scripts/pack.mjs has packed:  node scripts/publish.mjs [--direct] [-- <arguments of npm>]
//
// The platforms' packages first, the package that needs them last, and only when all of them are there.
// npm stages each (`npm stage publish`): nobody can install it until a person has approved it. With
// --direct it is published at once: the first version of all, which npm does not stage, and to a
// registry of one's own. What the registry has in this version is passed over, so that a run that
// broke off is repeated.

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const packed = fileURLToPath(new URL('../npm/packed/', import.meta.url));
const {
  values: { direct },
  positionals: forwarded,
} = parseArgs({
  options: { direct: { type: 'boolean', default: false } },
  allowPositionals: true,
});

const tarballs = readdirSync(packed).filter((name) => name.endsWith('.tgz'));
const platforms = tarballs.filter((name) => !isRoot(name)).sort();
const roots = tarballs.filter(isRoot);
if (platforms.length !== 8 || roots.length !== 1) {
  fail(`npm/packed has ${tarballs.join(', ')}: run \`node scripts/pack.mjs --every-platform\``);
}

const missing = platforms.filter((name) => !publish(name));
if (missing.length > 0)
  fail(`${roots} waits for ${missing.join(', ')}: mend that, and run this again`);
if (roots.some((name) => !publish(name))) process.exit(1);

/** @param {string} name */
function isRoot(name) {
  return /^pants-native-\d/.test(name);
}

/** Whether it is there now, or staged. @param {string} name of a file */
function publish(name) {
  const [, id, version] = /^(.*?)-(\d.*)\.tgz$/.exec(name) ?? [];
  const spec = `${id}@${version}`;
  if (npm(['view', spec, 'version']).stdout.trim() === version) {
    console.log(`there already: ${spec}`);
    return true;
  }
  const words = direct ? ['publish'] : ['stage', 'publish'];
  const { status, stdout, stderr } = npm([
    ...words,
    join(packed, name),
    ...['--access', 'public', ...forwarded],
  ]);
  if (status === 0) {
    console.log(`${direct ? 'published' : 'staged'}: ${spec}`);
    return true;
  }
  console.error(`${stdout}${stderr}not published: ${spec}`);
  return false;
}

/** @param {string[]} args */
function npm(args) {
  const shell = process.platform === 'win32';
  const { status, stdout, stderr, error } = spawnSync('npm', args, { encoding: 'utf8', shell });
  if (error) fail(error.message);
  return { status, stdout, stderr };
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(`publish: ${message}`);
  process.exit(1);
}
