// npm run bench:peers: the newest Node, Bun and Deno, from npm's registry, for this platform. Their
// packages contain the binaries: no install script runs.

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { findPeer, peersFolder, type RuntimeName } from './runtimes.ts';

const platform = process.platform === 'win32' ? 'win' : process.platform;
const node = platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
const packages = [`${node}-${platform}-${process.arch}@latest`, 'bun@latest', 'deno@latest'];

mkdirSync(peersFolder, { recursive: true });
writeFileSync(`${peersFolder}package.json`, '{ "private": true }\n');
execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...packages], {
  cwd: peersFolder,
  stdio: 'inherit',
  shell: process.platform === 'win32',
});
for (const name of ['node', 'bun', 'deno'] satisfies RuntimeName[]) {
  const peer = await findPeer(name);
  console.log(peer === null ? `${name}: none that runs here` : `${name} ${peer.version}`);
  if (peer === null) process.exitCode = 1;
}
