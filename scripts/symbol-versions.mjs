// Which C library an addon needs:  node scripts/symbol-versions.mjs <addon> …
// Fails where that is newer than the oldest glibc that Node.js's own binaries run on.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const oldest = '2.28';

/** The newest version of glibc of which a library needs a symbol. @param {string} file */
export function neededGlibc(file) {
  const { status, stdout, stderr, error } = spawnSync(
    'readelf',
    ['--version-info', '--wide', file],
    { encoding: 'utf8' },
  );
  if (error || status !== 0) throw new Error(`readelf ${file}: ${error?.message ?? stderr}`);
  const versions = Array.from(stdout.matchAll(/Name: GLIBC_([\d.]+)/g), ([, name = '']) => name);
  if (versions.length === 0) throw new Error(`${file} names no version of glibc`);
  return versions.reduce((newest, version) => (isNewer(version, newest) ? version : newest));
}

/** What is wrong with it, if anything is. @param {string} file */
export function tooNew(file) {
  const needed = neededGlibc(file);
  return isNewer(needed, oldest) ? `${file} needs glibc ${needed}; ${oldest} must do` : null;
}

/** @param {string} one @param {string} other */
function isNewer(one, other) {
  return one.localeCompare(other, 'en', { numeric: true }) > 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const file of process.argv.slice(2)) {
    const wrong = tooNew(file);
    if (wrong !== null) {
      console.error(`symbol-versions: ${wrong}`);
      process.exitCode = 1;
    } else {
      console.log(`ok  ${file} needs glibc ${neededGlibc(file)}`);
    }
  }
}
