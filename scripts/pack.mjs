// Packs what is published:  node scripts/pack.mjs [--addons <folder>] [--every-platform] [--any-glibc]
//
//   npm/pants-native/   the package: JavaScript and types
//   npm/<platform>/     a package for each platform's addon, as napi-rs has them
//   npm/packed/         both as npm takes them; what is rehearsed is what is published
//
// Addons are those of native/, or of another folder. In GitHub's workflows the packages name the
// repository that they come from: npm's provenance asks for it, and links in the README need it.

import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { root } from './generated.mjs';
import { notices } from './notices.mjs';
import { tooNew } from './symbol-versions.mjs';

const { values: options } = parseArgs({
  options: {
    addons: { type: 'string', default: 'native' },
    'every-platform': { type: 'boolean', default: false },
    'any-glibc': { type: 'boolean', default: false },
  },
});

const manifest = JSON.parse(read('package.json'));
const staged = join(root, 'npm');
const packed = join(staged, 'packed');

/** @type {[string, string, string][]} napi-rs' name of each platform, rustc's, and how people call it */
const platforms = [
  ['darwin-arm64', 'aarch64-apple-darwin', 'macOS on Apple silicon'],
  ['darwin-x64', 'x86_64-apple-darwin', 'macOS on Intel'],
  ['linux-arm64-gnu', 'aarch64-unknown-linux-gnu', 'Linux on arm64 with glibc 2.28 or newer'],
  ['linux-arm64-musl', 'aarch64-unknown-linux-musl', 'Linux on arm64 with musl'],
  ['linux-x64-gnu', 'x86_64-unknown-linux-gnu', 'Linux on x64 with glibc 2.28 or newer'],
  ['linux-x64-musl', 'x86_64-unknown-linux-musl', 'Linux on x64 with musl'],
  ['win32-arm64-msvc', 'aarch64-pc-windows-msvc', 'Windows on arm64'],
  ['win32-x64-msvc', 'x86_64-pc-windows-msvc', 'Windows on x64'],
];

rmSync(staged, { recursive: true, force: true });
mkdirSync(packed, { recursive: true });
napi('create-npm-dirs', '--npm-dir', 'npm');
for (const platform of platforms) stagePlatform(...platform);
stageRoot();
for (const folder of readdirSync(staged)
  .filter((name) => name !== 'packed')
  .sort()) {
  const [{ filename, size, unpackedSize }] = JSON.parse(
    npm('pack', '--json', '--pack-destination', packed, join(staged, folder)),
  );
  console.log(`${filename}: ${size} bytes, ${unpackedSize} unpacked`);
}

/** @param {string} name @param {string} target @param {string} people */
function stagePlatform(name, target, people) {
  const folder = join(staged, name);
  const file = `pants-native.${name}.node`;
  const addon = resolve(root, options.addons, file);
  if (!existsSync(addon)) {
    if (options['every-platform']) fail(`${options.addons} has no ${file}`);
    rmSync(folder, { recursive: true });
    return;
  }
  const wrong = name.endsWith('-gnu') ? tooNew(addon) : null;
  if (wrong !== null && options['every-platform'] && !options['any-glibc']) fail(wrong);
  if (wrong !== null) console.warn(`pack: not to be published: ${wrong}`);
  cpSync(addon, join(folder, file));
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  writeFileSync(join(folder, 'THIRD-PARTY-NOTICES.txt'), notices(target));
  writeFileSync(join(folder, 'README.md'), readmeOf(name, people));
  const made = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  writeManifest(folder, {
    ...made,
    description: `The native part of ${manifest.name}, for ${people}`,
    files: [file, 'THIRD-PARTY-NOTICES.txt'],
    ...origin(),
  });
}

/** @param {string} name @param {string} people */
function readmeOf(name, people) {
  return `# ${manifest.name}-${name}

The native part of [${manifest.name}](https://www.npmjs.com/package/${manifest.name}), for ${people}.

\`npm install ${manifest.name}\` installs it where it is needed: there is nothing in it to be used by itself.

Its licence is that of ${manifest.name}, Apache-2.0 (\`LICENSE\`). The crates that it is built from are listed
in \`THIRD-PARTY-NOTICES.txt\`, each with its licence.
`;
}

function stageRoot() {
  const folder = join(staged, manifest.name);
  const files = manifest.files.filter((/** @type {string} */ file) => !file.startsWith('native/'));
  for (const file of ['LICENSE', ...files]) {
    if (!existsSync(join(root, file))) fail(`there is no ${file}: run \`npm run build\``);
    cpSync(join(root, file), join(folder, file), { recursive: true });
  }
  writeFileSync(join(folder, 'README.md'), withLinks(read('README.md')));
  // What a checkout is worked on with is of no use in a package.
  const { private: _, scripts, devDependencies, overrides, ava, napi, ...published } = manifest;
  const optionalDependencies = Object.fromEntries(
    platforms.map(([name]) => [`${manifest.name}-${name}`, manifest.version]),
  );
  writeManifest(folder, { ...published, files, ...origin(), optionalDependencies });
}

/** On npm, a link to a file that is not in the package leads into its repository, at this version. */
function withLinks(/** @type {string} */ text) {
  const { repository } = origin();
  if (repository === undefined) return text;
  const files = (/** @type {string} */ as) =>
    `${repository.url.replace(/^git\+|\.git$/g, '')}/${as}/v${manifest.version}/`;
  return text
    .replaceAll(/(!\[[^\]]*\]\()(?![a-z]+:|#)/g, `$1${files('raw')}`)
    .replaceAll(/\]\((?![a-z]+:|#)/g, `](${files('blob')}`);
}

/** Where the packages come from: the repository that the workflow runs in. */
function origin() {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = process.env;
  if (server === undefined || repository === undefined) return {};
  const address = `${server}/${repository}`;
  return {
    homepage: `${address}#readme`,
    bugs: `${address}/issues`,
    repository: { type: 'git', url: `git+${address}.git` },
  };
}

/** @param {string} folder @param {object} content */
function writeManifest(folder, content) {
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(content, null, 2)}\n`);
}

/** @param {string[]} args */
function napi(...args) {
  return run(process.execPath, [join(root, 'node_modules/@napi-rs/cli/dist/cli.js'), ...args]);
}

/** @param {string[]} args */
function npm(...args) {
  return run('npm', args, process.platform === 'win32');
}

/** @param {string} command @param {string[]} args */
function run(command, args, shell = false) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    shell,
  });
  if (error) fail(error.message);
  if (status !== 0) fail(`${command} ${args.join(' ')} failed\n${stdout}${stderr}`);
  return stdout;
}

/** @param {string} file */
function read(file) {
  return readFileSync(join(root, file), 'utf8').replaceAll('\r\n', '\n');
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(`pack: ${message}`);
  process.exit(1);
}
