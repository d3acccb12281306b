// README.md says what the codes mean that titles begin with: here they are looked for.

import { readdirSync, readFileSync } from 'node:fs';

import test from 'ava';

const HERE = new URL('./', import.meta.url);

/** At the beginning of a title, or by themselves where a title is made of them. */
const CODES = /['"`]((?:[ACNPRSUVWX]\d{1,2}(?:, )?)+)(?=[:'" ])/g;

const explained = Array.from(
  readFileSync(new URL('README.md', HERE), 'utf8').matchAll(/^\| ([A-Z]\d+) \|/gm),
  ([, code = '']) => code,
);

const used = new Set(
  readdirSync(HERE, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith('differential'))
    .flatMap((file) => [...readFileSync(new URL(file, HERE), 'utf8').matchAll(CODES)])
    .flatMap(([, codes = '']) => codes.split(', ')),
);

test('each code in a title is explained, once', (t) => {
  t.deepEqual([...used].filter((code) => !explained.includes(code)).sort(), []);
  t.is(new Set(explained).size, explained.length);
});

test('each code that is explained has a test', (t) => {
  t.deepEqual(
    explained.filter((code) => !used.has(code)),
    [],
  );
});
