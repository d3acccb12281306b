// npm run rehearse: what a user will see of the packages, before they are published.
//
//   node rehearsal/run.mjs [--addons <folder>] [--only <step>] …
//
// Packs them, installs them in an empty project with Rust out of reach and no network, and tries them
// there. The tools, and the runtimes of other versions, are those of rehearsal/package.json; it is the
// first run that needs npm's registry for them. Each step prints what it found; the first that fails
// ends the run.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { bundles, traces } from './bundlers.mjs';
import { blocks, examples, types } from './examples.mjs';
import { lint, pinned } from './packages.mjs';
import { emptyProject, here, npm, pack, root } from './project.mjs';
import { runners } from './runners.mjs';

const steps = { pinned, lint, types, blocks, examples, bundles, traces, runners };

const { values: options } = parseArgs({
  options: {
    addons: { type: 'string', default: 'native' },
    only: { type: 'string', multiple: true, default: Object.keys(steps) },
  },
});

const started = performance.now();
tools();
pack(options.addons);
const project = emptyProject();
try {
  for (const [name, step] of Object.entries(steps)) {
    if (!options.only.includes(name)) continue;
    const began = performance.now();
    await step(project);
    console.log(`    ${name}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
  }
} finally {
  project.remove();
}
console.log(`rehearsed in ${((performance.now() - started) / 1000).toFixed(0)} s`);

/** Installs the tools, where they are not those that the lock file names. */
function tools() {
  const hidden = join(here, 'node_modules/.package-lock.json');
  const wanted = JSON.parse(readFileSync(join(here, 'package-lock.json'), 'utf8')).packages;
  const there = existsSync(hidden) ? JSON.parse(readFileSync(hidden, 'utf8')).packages : {};
  const direct = Object.keys(wanted).filter((path) =>
    /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path),
  );
  const fits = direct.every(
    (path) => wanted[path].optional || there[path]?.version === wanted[path].version,
  );
  if (fits) return;
  // No package's own script: what is needed is in the packages.
  npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: here });
  console.log(`ok  the tools, from ${here.slice(root.length)}package-lock.json`);
}
