// README and docs: each code block runs and type-checks, each link leads somewhere.

import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

import test from 'ava';

import { links, pages, programs, ROOT } from './helpers/markdown.ts';

const REGISTER = import.meta.resolve('@oxc-node/core/register');
const folder = mkdtempSync(join(tmpdir(), 'pants-docs-'));
test.after.always(() => rmSync(folder, { recursive: true }));

mkdirSync(join(folder, 'node_modules'));
symlinkSync(ROOT, join(folder, 'node_modules/pants-native'), 'junction');
symlinkSync(join(ROOT, 'node_modules/@types'), join(folder, 'node_modules/@types'), 'junction');
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');

/** Runs a program; resolves with its exit code, and what it has said. */
function run(args: string[]): Promise<[number | null, string]> {
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve([code, said])));
}

/** The program's file; what it runs is a module, also where it imports nothing. Any port will do. */
function write(page: string, at: number, program: string): string {
  const name = `${page.replace(/\.md$/, '').replaceAll('/', '-')}-${at + 1}.ts`;
  writeFileSync(join(folder, name), `${program.replaceAll('4040', '0')}\nexport {};\n`);
  return name;
}

for (const page of pages()) {
  programs(page).forEach((program, at) => {
    const name = write(page, at, program);
    test.serial(`${page}: program ${at + 1} runs and ends`, async (t) => {
      const [code, said] = await run(['--import', REGISTER, name]);
      t.is(code, 0, said);
    });
  });
}

test('links lead to what is there', (t) => {
  for (const page of pages()) {
    for (const link of links(page)) {
      const [path = ''] = link.split('#');
      if (path === '') continue;
      const from = path.startsWith('/') ? `docs${path}` : posix.join(dirname(page), path);
      // The reference is made of the doc comments when the site is built.
      if (from.startsWith('docs/reference')) continue;
      const found = [from, `${from}.md`, posix.join(from, 'index.md')].some((file) =>
        existsSync(join(ROOT, file)),
      );
      t.true(found, `${page} links to ${link}`);
    }
  }
});

test('each doc comment of the public types stands before what it is about', (t) => {
  const types = readFileSync(join(ROOT, 'index.d.ts'), 'utf8');
  t.deepEqual(types.match(/^.*\*\/\n\s*\/\*\*.*$/gm), null);
});

test('the programs of README and docs are typed as they are shown', async (t) => {
  const tsconfig = {
    compilerOptions: {
      target: 'es2023',
      module: 'nodenext',
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      types: ['node'],
    },
    files: readdirSync(folder).filter((file) => file.endsWith('.ts') && !file.startsWith('README')),
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
  const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
  const [code, said] = await run([tsc, '--project', 'tsconfig.json']);
  t.is(code, 0, said);
});
