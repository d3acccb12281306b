// A checkout that lacks something to be built with says what, in one line.

import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import test, { type ExecutionContext } from 'ava';

import { temporaryDirectory } from './helpers/files.ts';

const { missingNode } = (await import(
  new URL('../scripts/requirements.mjs', import.meta.url).href
)) as { missingNode(version?: string): string | null };

const root = (file: string) => fileURLToPath(new URL(`../${file}`, import.meta.url));

/** Builds in a checkout that has nothing built, with only these programs to be found. */
function build(t: ExecutionContext, programs: Record<string, string>) {
  const checkout = temporaryDirectory(t);
  cpSync(root('scripts'), join(checkout, 'scripts'), { recursive: true });
  cpSync(root('package.json'), join(checkout, 'package.json'));
  const path = temporaryDirectory(t);
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(path, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(path, name), 0o755);
  }
  const build = join(checkout, 'scripts/build.mjs');
  const options = { env: { PATH: path }, encoding: 'utf8' } as const;
  const { status, stderr } = spawnSync(process.execPath, [build], options);
  t.is(status, 1);
  return stderr;
}

// Windows has other compilers, and other words for one that is missing.
const onUnix = process.platform === 'win32' ? test.skip : test;
onUnix(
  'without cargo, without cc, with an old Rust: one line (on Windows others are needed)',
  (t) => {
    t.regex(build(t, {}), /^build: cannot run cargo .*rustup\.rs\n$/);
    t.regex(
      build(t, { cargo: 'echo cargo 1.70.0' }),
      /^build: cargo 1\.70\.0 is too old.*1\.88.*\n$/,
    );
    t.regex(build(t, { cargo: 'echo cargo 1.88.0' }), /^build: cannot run cc.*gcc'\n$/);
  },
);

test('the Node.js that package.json asks for', (t) => {
  const { engines } = JSON.parse(readFileSync(root('package.json'), 'utf8'));
  t.is(engines.node, '^20.19.0 || ^22.12.0 || >=24');
  t.regex(missingNode('18.20.8') ?? '', /^Node\.js 18\.20\.8 is not supported: [^\n]*$/);
  for (const version of ['20.18.3', '21.7.0', '22.11.0', '23.0.0']) t.truthy(missingNode(version));
  for (const version of ['20.19.0', '22.12.0', '24.0.0', '26.10.0'])
    t.is(missingNode(version), null);
});
