/** Finds the native addon and loads it; where that fails, says what is wrong and what helps. */

import { closeSync, openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as Native from '../native/binding.d.cts';
import { VERSION } from './generated/wire.ts';
import type { ErrorCode } from './types.ts';

// A bundler that makes CommonJS of an ES module leaves `import.meta` empty. The package's own
// CommonJS has a `require` already: the build leaves this line out.
const require = createRequire(import.meta.url ?? __filename);

/** The package of each platform; its name stands whole, so that who traces files sees it. */
const packages: Record<string, (() => unknown) | undefined> = {
  'darwin-arm64': () => require('pants-native-darwin-arm64'),
  'darwin-x64': () => require('pants-native-darwin-x64'),
  'linux-arm64-gnu': () => require('pants-native-linux-arm64-gnu'),
  'linux-arm64-musl': () => require('pants-native-linux-arm64-musl'),
  'linux-x64-gnu': () => require('pants-native-linux-x64-gnu'),
  'linux-x64-musl': () => require('pants-native-linux-x64-musl'),
  'win32-arm64-msvc': () => require('pants-native-win32-arm64-msvc'),
  'win32-x64-msvc': () => require('pants-native-win32-x64-msvc'),
};

/** @internal The addon's functions. */
export const addon: typeof Native = load();

function load(): typeof Native {
  const platform = platformName();
  // In a checkout; or beside a bundle, for those who put it there.
  const file = `pants-native.${platform}.node`;
  const beside = [`../native/${file}`, `./${file}`].find(isThere);
  const name = beside ?? `pants-native-${platform}`;
  const request = beside === undefined ? packages[platform] : () => require(beside);
  if (request === undefined) throw unsupportedPlatform(platform);
  let loaded: typeof Native;
  try {
    loaded = request() as typeof Native;
  } catch (error) {
    throw explained(error as NodeJS.ErrnoException, name);
  }
  if (loaded.version() !== VERSION) throw otherVersion(name, loaded.version());
  return loaded;
}

function isThere(path: string): boolean {
  try {
    return require.resolve(path) !== '';
  } catch {
    return false;
  }
}

/** As napi-rs names platforms: in the names of packages and files. */
function platformName(): string {
  const { platform, arch } = process;
  if (platform === 'linux') return `linux-${arch}-${runsOnMusl() ? 'musl' : 'gnu'}`;
  return platform === 'win32' ? `win32-${arch}-msvc` : `${platform}-${arch}`;
}

/** The program that runs names its C library's loader in its first bytes. */
function runsOnMusl(): boolean {
  const head = Buffer.alloc(2048);
  try {
    const program = openSync(process.execPath, 'r');
    readSync(program, head);
    closeSync(program);
  } catch {
    // Not to be read, by `--permission` for one: most run on glibc.
  }
  return head.includes('/ld-musl-');
}

function unsupportedPlatform(platform: string): Error {
  const known = Object.keys(packages).join(', ');
  return loadError(
    'ERR_UNSUPPORTED_PLATFORM',
    `pants-native has no binary for ${platform}, only for ${known}; ` +
      'with Rust it can be built there: run `npm install && npm run build` in a checkout of its source',
  );
}

function otherVersion(name: string, version: string): Error {
  return loadError(
    'ERR_ADDON_VERSION_MISMATCH',
    `'${name}' is of version ${version}, pants-native of ${VERSION}: ` +
      'install both again, in the same version',
  );
}

/** Why a package or file could not be loaded. */
function explained(cause: NodeJS.ErrnoException, name: string): Error {
  const { code, message } = cause;
  if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') {
    return loadError(
      'ERR_ADDON_NOT_INSTALLED',
      `the package '${name}', which holds the binary for this platform, is not installed: ` +
        'it is an optional dependency of pants-native, so install without `--omit=optional`, ' +
        'on the platform where the program is to run; a bundle finds it in a node_modules folder ' +
        'above it, or its .node file beside itself',
      cause,
    );
  }
  if (code === 'ERR_DLOPEN_DISABLED') {
    return loadError(
      'ERR_ADDONS_DISABLED',
      `this process may not load '${name}', a native addon: ` +
        'with `--permission` run it with `--allow-addons`, too, and never with `--no-addons`',
      cause,
    );
  }
  const [, glibc] = /version [`']GLIBC_([\d.]+)' not found/.exec(message) ?? [];
  if (glibc !== undefined) {
    const { glibcVersionRuntime = 'an older one' } = reportHeader();
    return loadError(
      'ERR_LIBC_TOO_OLD',
      `'${name}' needs glibc ${glibc}, and this system has ${glibcVersionRuntime}: ` +
        'run it on a newer system, or build it on this one from a checkout of its source',
      cause,
    );
  }
  return loadError('ERR_ADDON_LOAD_FAILED', `cannot load '${name}': ${message}`, cause);
}

function reportHeader(): { glibcVersionRuntime?: string } {
  return (process.report.getReport() as { header: { glibcVersionRuntime?: string } }).header;
}

function loadError(code: ErrorCode, message: string, cause?: Error): Error {
  return Object.assign(new Error(message, cause === undefined ? {} : { cause }), { code });
}
