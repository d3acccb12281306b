// The crates that a platform's addon is built from, with their licences.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { root } from './generated.mjs';

/** The licences that may be linked in; of two that are offered, the first here is taken. */
const licences = ['MIT', 'ISC', 'Zlib', 'Unicode-3.0', 'Apache-2.0'];

/** @typedef {{ name: string, version: string, license: string, authors: string[], repository: string, manifest_path: string, source: string | null }} Crate */

/** The text of THIRD-PARTY-NOTICES.txt. @param {string} target as rustc names it */
export function notices(target) {
  const crates = cratesOf(target);
  const width = Math.max(...crates.map(({ name, version }) => `${name} ${version}`.length));
  const list = crates.map(
    ({ name, version, license, repository }) =>
      `${`${name} ${version}`.padEnd(width)}  ${license}  ${repository}`,
  );
  /** @type {Map<string, string[]>} of each text, the crates that come with it */
  const texts = new Map();
  for (const crate of crates) {
    const text = textOf(crate);
    texts.set(text, [...(texts.get(text) ?? []), crate.name]);
  }
  const sections = Array.from(
    texts,
    ([text, names]) => `${'-'.repeat(80)}\n${names.join(', ')}:\n\n${text}\n`,
  );
  return `The addon is built from pants-native's own code (Apache-2.0, see LICENSE), from the standard
library of Rust (MIT OR Apache-2.0, https://github.com/rust-lang/rust), and from these crates:

${list.join('\n')}

Their licences:

${sections.join('\n')}`;
}

/** What is linked into it: neither what only builds it, nor what only writes code. @param {string} target */
function cratesOf(target) {
  const tree = run('cargo', [
    ...['tree', '--package', 'pants-node', '--target', target],
    ...['--edges', 'normal,no-proc-macro', '--prefix', 'none', '--format', '{p}'],
  ]);
  const linked = new Set(tree.split('\n').map((line) => line.split(' ').slice(0, 2).join(' ')));
  const metadata = run('cargo', ['metadata', '--format-version', '1', '--locked']);
  /** @type {Crate[]} */
  const packages = JSON.parse(metadata).packages;
  return packages.filter(
    ({ name, version, source }) => source !== null && linked.has(`${name} v${version}`),
  );
}

/** The licence that is taken, as the crate has it. @param {Crate} crate */
function textOf({ name, license, authors, manifest_path }) {
  const offered = license.split(/\s+OR\s+|\//);
  const taken = licences.find((id) => offered.includes(id));
  if (taken === undefined) throw new Error(`${name} is licensed as '${license}': not known here`);
  const folder = dirname(manifest_path);
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying)/i.test(file));
  const file =
    files.find((file) => file.toLowerCase().includes(taken.toLowerCase())) ??
    files.find((file) => !file.includes('-'));
  if (file !== undefined) {
    return readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim();
  }
  if (taken !== 'MIT') throw new Error(`${name} comes without the text of ${taken}`);
  return mit.replace('<holders>', authors.map((author) => author.replace(/ <.*/, '')).join(', '));
}

/** Of crates that name the licence, and come without its text. */
const mit = `MIT License

Copyright (c) <holders>

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial
portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT
LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN
NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY,
WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE
SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

/** @param {string} command @param {string[]} args */
function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed\n${stderr}`);
  return stdout;
}
