// Writes the package's public types as one file: what js/index.ts exports, and what that refers to.
//
// Made from tsc's own declarations in dist/. The bundler brings a TypeScript 6 of its own, because
// TypeScript 7 has no JavaScript API; biome's formatting keeps the file readable in a diff.

import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const banner = `// The public types of pants-native, generated from js/index.ts by \`npm run build:ts\`.

`;

/** @returns {Promise<string>} the text of index.d.ts */
export async function publicTypes() {
  const { generateDtsBundle } = await import('dts-bundle-generator');
  const entry = {
    filePath: join(root, 'dist/index.d.ts'),
    output: { noBanner: true, sortNodes: false, exportReferencedTypes: false },
  };
  const options = { preferredConfigPath: join(root, 'scripts/tsconfig.public-types.json') };
  const [bundle] = generateDtsBundle([entry], options);
  if (bundle === undefined) throw new Error('dts-bundle-generator returned nothing');
  return format(banner + bundle);
}

/** @param {string} text */
function format(text) {
  const { status, stdout, stderr, error } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/@biomejs/biome/bin/biome'), 'format', '--stdin-file-path=index.d.ts'],
    { cwd: root, input: text, encoding: 'utf8' },
  );
  if (error || status !== 0) throw error ?? new Error(`biome: ${stderr}`);
  return stdout;
}
