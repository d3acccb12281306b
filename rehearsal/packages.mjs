/** What is in the packages, and how it looks to those who judge packages. */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { fail, packed, root, run, tool } from './project.mjs';

/** Every file, and the most bytes that it may have as it is installed. */
const root_files = {
  'CHANGELOG.md': 64_000,
  LICENSE: 12_000,
  'README.md': 16_000,
  'dist/bundler.js': 320_000,
  'dist/index.cjs': 320_000,
  'dist/index.cjs.map': 640_000,
  'dist/index.d.cts': 80_000,
  'dist/index.js': 1_000,
  'index.d.ts': 80_000,
  'package.json': 2_000,
};

const platform_files = {
  LICENSE: 12_000,
  'README.md': 1_000,
  'THIRD-PARTY-NOTICES.txt': 32_000,
  'package.json': 1_500,
  'pants-native.node': 2_400_000,
};

export function pinned() {
  for (const tarball of readdirSync(packed)) {
    const [, platform] = /^pants-native-([a-z].*)-\d/.exec(tarball) ?? [];
    const most = platform === undefined ? root_files : platform_files;
    const listed = run('tar', ['-tf', tarball], { cwd: packed }).trim().split(/\r?\n/);
    const files = listed.map((name) => name.replace(/^package\//, '')).sort();
    const folder = join(root, 'npm', platform ?? 'pants-native');
    const names = files.map((name) => name.replace(`.${platform}.node`, '.node')).sort();
    const expected = Object.keys(most).sort();
    if (names.join() !== expected.join()) {
      fail(`${tarball} has ${names.join(', ')}; it should have ${expected.join(', ')}`);
    }
    for (const file of files) {
      const { size } = statSync(join(folder, file));
      const limit = Object.entries(most).find(([name]) =>
        [name, name.replace('.node', `.${platform}.node`)].includes(file),
      )?.[1];
      if (limit === undefined || size > limit) fail(`${tarball}: ${file} has ${size} bytes`);
    }
    console.log(`ok  ${tarball}: ${files.length} files, none too large`);
  }
}

export function lint() {
  const [tarball] = readdirSync(packed).filter((name) => /^pants-native-\d/.test(name));
  if (tarball === undefined) fail('the package is not packed');
  tool('publint/src/cli.js', ['run', join(packed, tarball), '--strict', '--pack', 'false']);
  console.log('ok  publint');
  const attw = '@arethetypeswrong/cli/dist/index.js';
  // Node.js 10's resolution is for versions that the package does not run on.
  tool(attw, [join(packed, tarball), '--profile', 'node16', '--format', 'ascii']);
  console.log('ok  @arethetypeswrong/cli');
}
