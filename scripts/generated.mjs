// What is generated and committed, and how each is made.
//
//   js/generated/wire.ts   the layout of the batches, from crates/core/src/wire.rs
//   index.d.ts             the public types in one file, from js/index.ts
//
// The table of targets in benchmark/README.md comes from benchmark/results (`npm run bench:targets`).
//
// `npm run generate` writes the first, `npm run build` the second; `npm run check` compares both.

import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const banner = `// The public types of pants-native, generated from js/index.ts by \`npm run build:ts\`.

/// <reference types="node" />

`;

/** The text of js/generated/wire.ts. The crate prints it, so it cannot tell something else. */
export function wireLayout() {
  return run('cargo', ['run', '--quiet', '--package', 'pants-core', '--example', 'wire']);
}

/** tsc's declarations, a file for each of js/: into target/types. */
export function compileTypes() {
  rmSync(join(root, 'target/types'), { recursive: true, force: true });
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  run(process.execPath, [tsc, '--project', 'tsconfig.build.json']);
}

/**
 * The text of index.d.ts, made from what `compileTypes()` has written. The bundler brings a
 * TypeScript 6 of its own, because TypeScript 7 has no JavaScript API; biome's formatting keeps the
 * file readable in a diff.
 *
 * @returns {Promise<string>}
 */
export async function publicTypes() {
  const { generateDtsBundle } = await import('dts-bundle-generator');
  const entry = {
    filePath: join(root, 'target/types/index.d.ts'),
    output: { noBanner: true, sortNodes: false, exportReferencedTypes: false },
  };
  const options = { preferredConfigPath: join(root, 'scripts/tsconfig.public-types.json') };
  const [bundle] = generateDtsBundle([entry], options);
  if (bundle === undefined) throw new Error('dts-bundle-generator returned nothing');
  return format(banner + bundle);
}

/** @param {string} text */
function format(text) {
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
  return run(process.execPath, [biome, 'format', '--stdin-file-path=index.d.ts'], text);
}

/** @param {string} command @param {string[]} args @param {string} [input] */
function run(command, args, input = '') {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    input,
    encoding: 'utf8',
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed\n${stdout}${stderr}`);
  return stdout;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(join(root, 'js/generated/wire.ts'), wireLayout());
}
