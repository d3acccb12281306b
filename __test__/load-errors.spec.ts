// What a user reads where the addon cannot be loaded: a package as it is installed, in a folder of its own.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import test, { type ExecutionContext } from 'ava';

import { addonFile } from './helpers/addon.ts';
import { temporaryDirectory } from './helpers/files.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
// Only a build for glibc can ask for a version of it that is not there.
const onGlibc = addonFile.endsWith('-gnu.node') ? test : test.skip;

/** A folder with the package installed, and what its platform's package holds, if that is. */
function install(t: ExecutionContext, addon?: (folder: string) => string): string {
  const app = temporaryDirectory(t);
  const modules = join(app, 'node_modules');
  cpSync(join(root, 'dist'), join(modules, 'pants-native/dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(modules, 'pants-native/package.json'));
  if (addon === undefined) return app;
  const [, platform] = /pants-native\.(.+)\.node$/.exec(addonFile) ?? [];
  const folder = join(modules, `pants-native-${platform}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ main: addon(folder) }));
  return app;
}

/** The error's code and message, of require() and of import, which tell the same. */
function loading(t: ExecutionContext, app: string, flags: string[] = [], before = ''): string {
  const tell = 'console.log(error.code + " " + error.message)';
  const load = (call: string) =>
    `${before}; ${call}.then(() => console.log("loaded"), (error) => ${tell})`;
  const [required, imported] = [
    'Promise.resolve().then(() => require("pants-native"))',
    'import("pants-native")',
  ].map((call) => {
    const args = [...flags, '--eval', load(call)];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: app, encoding: 'utf8' });
    if (stdout === '') t.log(stderr);
    return stdout.trimEnd();
  });
  t.is(required, imported);
  return required ?? '';
}

const real = (folder: string) => {
  cpSync(addonFile, join(folder, 'real.node'));
  return 'real.node';
};

test('installed as it should be, it loads', (t) => {
  t.is(loading(t, install(t, real)), 'loaded');
});

test('a platform without a binary: which have one, and how to build it', (t) => {
  const mips = 'Object.defineProperty(process, "arch", { value: "mips" })';
  const told = loading(t, install(t), [], mips);
  t.regex(
    told,
    /^ERR_UNSUPPORTED_PLATFORM pants-native has no binary for \w+-mips.*linux-x64-gnu.*npm run build/,
  );
});

test("the platform's package is not installed: its name, and how it is", (t) => {
  t.regex(
    loading(t, install(t)),
    /^ERR_ADDON_NOT_INSTALLED the package 'pants-native-\S+', which .* optional dependency/,
  );
});

test("the platform's package is of another version: both are named", (t) => {
  const other = (folder: string) => {
    writeFileSync(join(folder, 'index.js'), 'exports.version = () => "9.9.9"');
    return 'index.js';
  };
  t.regex(
    loading(t, install(t, other)),
    /^ERR_ADDON_VERSION_MISMATCH 'pants-native-\S+' is of version 9\.9\.9, pants-native of \d/,
  );
});

test('addons are not allowed: the flag that allows them', (t) => {
  const app = install(t, real);
  const disabled = /^ERR_ADDONS_DISABLED .* 'pants-native-\S+', a native addon: .*--allow-addons/;
  t.regex(loading(t, app, ['--no-addons']), disabled);
  const known = process.allowedNodeEnvironmentFlags;
  const permission = known.has('--permission') ? '--permission' : '--experimental-permission';
  t.regex(loading(t, app, [permission, '--allow-fs-read=*']), disabled);
  t.is(loading(t, app, [permission, '--allow-fs-read=*', '--allow-addons']), 'loaded');
});

onGlibc(
  'a C library that is too old: what is needed, and what there is (elsewhere no version is asked)',
  (t) => {
    // As the loader of an older system finds it: a version of libc.so.6 that is not there.
    const future = (folder: string) => {
      const cc = (...args: string[]) => execFileSync('cc', args, { cwd: folder });
      writeFileSync(join(folder, 'libc.c'), 'int from_the_future(void) { return 0; }');
      writeFileSync(join(folder, 'versions'), 'GLIBC_2.99 { global: from_the_future; };');
      cc(
        '-shared',
        '-nostdlib',
        '-Wl,-soname,libc.so.6',
        '-Wl,--version-script=versions',
        '-o',
        'libc.so',
        'libc.c',
      );
      writeFileSync(
        join(folder, 'addon.c'),
        'int from_the_future(void); int use(void) { return from_the_future(); }',
      );
      cc('-shared', '-fPIC', '-nostdlib', '-o', 'future.node', 'addon.c', './libc.so');
      return 'future.node';
    };
    t.regex(
      loading(t, install(t, future)),
      /^ERR_LIBC_TOO_OLD 'pants-native-\S+' needs glibc 2\.99, and this system has 2\.\d+: run it on a newer system/,
    );
  },
);

test('anything else: what the system says', (t) => {
  const broken = (folder: string) => {
    writeFileSync(join(folder, 'broken.node'), 'not a library');
    return 'broken.node';
  };
  t.regex(
    loading(t, install(t, broken)),
    /^ERR_ADDON_LOAD_FAILED cannot load 'pants-native-\S+': .*broken\.node/,
  );
});
