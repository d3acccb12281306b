// docs/contract.md names the tests that hold each promise: here they are looked for.

import { existsSync, readFileSync } from 'node:fs';

import test from 'ava';

const ROOT = new URL('../', import.meta.url);
const SECTIONS = ['1.', '2.', '3.', '4.', '5.', '6.', '7.', '8.', '10.', 'Where'];

interface Row {
  section: string;
  promise: string;
  tests: { file: string; title: string }[];
  line: number;
}

/** The rows of all tables: what is promised, and the tests as code spans, each behind its file. */
function rowsOf(page: string): Row[] {
  const rows: Row[] = [];
  let section = '';
  for (const [at, text] of page.split('\n').entries()) {
    if (text.startsWith('#')) section = text.replace(/^#+ /, '');
    if (!text.startsWith('|') || /^\| (what|---|how)/.test(text)) continue;
    // A bar behind a backslash belongs to the text.
    const [, promise = '', cited = ''] = text.split(/(?<!\\)\|/);
    const tests: Row['tests'] = [];
    let file = '';
    for (const [, span = ''] of cited.matchAll(/`([^`]+)`/g)) {
      if (/^[\w./-]+\.(ts|mjs|rs)$/.test(span)) file = span;
      else tests.push({ file, title: span });
    }
    rows.push({ section, promise: promise.trim(), tests, line: at + 1 });
  }
  return rows;
}

/** Where a file is that the page names as it says at its top. */
function pathOf(file: string): string {
  if (file.startsWith('regexp/')) return `crates/${file}`;
  if (file.endsWith('.rs')) return `crates/core/${file}`;
  const isConformance = !file.includes('/') && !file.endsWith('.spec.ts');
  return isConformance ? `__test__/conformance/${file}` : `__test__/${file}`;
}

/** Whether the file has a test, or a case of one, of that title. */
function has(file: string, source: string, title: string): boolean {
  if (file.endsWith('.rs')) return source.includes(`fn ${title}(`);
  // A comment, where the compiler is the test.
  if (file.startsWith('types/')) return source.includes(title);
  return ["'", '"', '`'].some(
    (quote) => source.includes(quote + title + quote) || source.includes(`${quote + title}\${`),
  );
}

const rows = rowsOf(readFileSync(new URL('docs/contract.md', ROOT), 'utf8'));

test('each section of the contract has its table', (t) => {
  for (const section of SECTIONS) {
    t.true(
      rows.some((row) => row.section.startsWith(section)),
      section,
    );
  }
});

test('each promise has a test, and each test is there', (t) => {
  const sources = new Map<string, string>();
  const read = (file: string): string | null => {
    const url = new URL(pathOf(file), ROOT);
    if (file === '' || !existsSync(url)) return null;
    const source = sources.get(file) ?? readFileSync(url, 'utf8');
    sources.set(file, source);
    return source;
  };
  const problems = rows.flatMap(({ promise, tests, line }) => {
    if (tests.length === 0) return [`line ${line}: no test for: ${promise}`];
    return tests.flatMap(({ file, title }) => {
      const source = read(file);
      if (source === null) return [`line ${line}: no file ${file} for: ${title}`];
      return has(file, source, title) ? [] : [`line ${line}: not in ${file}: ${title}`];
    });
  });
  t.deepEqual(problems, []);
});
