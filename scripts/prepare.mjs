// npm runs this after an install in a checkout, where nothing is to be done, and for those who depend
// on the repository itself (`npm install git+https://…`): there it builds what npm then packs.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

// npm sets it in the checkout that it makes of a git dependency.
if (process.env['_PACOTE_NO_PREPARE_'] !== undefined) {
  const build = fileURLToPath(new URL('build.mjs', import.meta.url));
  const { status } = spawnSync(process.execPath, [build], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
