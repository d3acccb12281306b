// npm run rehearse: what a user will see of the packages, before they are published.
//
//   npm run rehearse -- [--addons <folder> | --packed] [--only <step>] …
//
// Packs them (--packed: they are), installs them in an empty project with Rust out of reach and no network, and tries them
// there. The tools, and the runtimes of other versions, are those of rehearsal/package.json; it is the
// first run that needs npm's registry for them. Each step prints what it found; the first that fails
// ends the run.

import { parseArgs } from 'node:util';

import { bundles, traces } from './bundlers.mjs';
import { blocks, examples, types } from './examples.mjs';
import { lint, pinned } from './packages.mjs';
import { emptyProject, pack, tools } from './project.mjs';
import { runners } from './runners.mjs';

const steps = { pinned, lint, types, blocks, examples, bundles, traces, runners };

const { values: options } = parseArgs({
  options: {
    addons: { type: 'string', default: 'native' },
    packed: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: Object.keys(steps) },
  },
});

const started = performance.now();
tools();
if (!options.packed) pack(options.addons);
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
