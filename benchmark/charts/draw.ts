// Draws results as charts:  npm run bench:charts [-- file.json…]
// Next to each file comes a .svg: bars are medians, the line across a bar's end is the spread of the
// rounds. The colours can be read on a light page and on a dark one.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CaseResult } from '../results.ts';
import { chart } from './chart.ts';

const folder = fileURLToPath(new URL('../results/', import.meta.url));
const given = process.argv.slice(2);
const files =
  given.length > 0
    ? given
    : readdirSync(folder)
        .filter((name) => name.endsWith('.json'))
        .map((name) => folder + name);
for (const file of files) {
  const result: CaseResult = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file.replace(/\.json$/, '.svg'), chart(result));
}
