import assert from 'node:assert/strict';
import { createContext, Script } from 'node:vm';

import test from 'ava';
import fc, { type Arbitrary } from 'fast-check';
import { type Address, Client, type CloseInfo, Connection, Server } from 'pants-native';

import { list, once, upTo, weighed } from './helpers/arbitrary.ts';
import { eventually } from './helpers/wait.ts';

// Random patterns, in all of the syntax that delimiters may have, against JavaScript's own RegExp on
// the whole input. What they mean while bytes are still to come is tested in conformance/regexps.ts
// and in Rust.

const ATOMS = [
  'a',
  'b',
  ',',
  '\\n',
  '\\r',
  '[ab]',
  '[^a]',
  '[b-z,]',
  '.',
  '\\w',
  '\\s',
  '\\W',
  'é',
];
const EDGES = ['\\b', '\\B', '^', '$'];
const REPEATS = ['?', '*', '+', '{2}', '{1,2}', '{0,3}', '{2,}'];
const FLAGS = ['', '', 'i', 's', 'u', 'm', 'is', 'gu', 'ms'];
const TEXT = ['a', 'b', 'A', 'B', ',', '\n', '\r\n', ' ', 'x', 'é', 'É', 'aab', 'ab,'];

function pattern(depth: number): Arbitrary<string> {
  const branch = list(term(depth), 1, 3).map((terms) => terms.join(''));
  return weighed([3, branch], [1, fc.tuple(branch, branch).map((both) => both.join('|'))]);
}

function term(depth: number): Arbitrary<string> {
  const atom = fc.constantFrom(...ATOMS);
  const some = depth === 0 ? atom : weighed([2, atom], [1, group(depth)]);
  const repeat = fc.tuple(fc.constantFrom(...REPEATS), once(4));
  const repeated = fc
    .tuple(some, repeat)
    .map(([one, [often, lazily]]) => one + often + (lazily ? '?' : ''));
  return weighed([14, some], [7, repeated], [3, fc.constantFrom(...EDGES)]);
}

function group(depth: number): Arbitrary<string> {
  const open = fc.constantFrom('(?:', '(', '(?:');
  return fc.tuple(open, pattern(depth - 1)).map(([paren, inner]) => `${paren}${inner})`);
}

/** What no text here has, in so many ways that the automaton is too large to be made whole. */
const large = fc.constantFrom('', '|€[^]{20}€');

const regexps = fc
  .tuple(pattern(2), large, fc.constantFrom(...FLAGS))
  .map(([source, more, flags]) => new RegExp(source + more, flags));

/** Text, in writes. */
const writes = fc
  .tuple(
    list(fc.constantFrom(...TEXT), 0, 19).map((pieces) => pieces.join('')),
    list(fc.record({ length: upTo(8), flush: once(2) }), 1, 20),
  )
  .map(([text, sizes]) => {
    const all: { text: string; flush: boolean }[] = [];
    for (let at = 0; at < text.length; ) {
      const { length, flush } = sizes[all.length % sizes.length] as (typeof sizes)[0];
      all.push({ text: text.slice(at, at + length), flush });
      at += length;
    }
    return all;
  });

/** The frames, and what is left, by definition; or null if JavaScript needs more than a second. */
function split(regexp: RegExp, text: string): string[] | null {
  // JavaScript's own RegExp goes back and tries again. For a few patterns that takes exponential
  // time, which only a script's time limit ends.
  const given = { source: regexp.source, flags: regexp.flags.replace('g', ''), text };
  try {
    return JSON.parse(SPLIT.runInContext(createContext(given), { timeout: 1000 }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    return null;
  }
}

const SPLIT = new Script(`
  const plain = new RegExp(source, flags);
  const frames = [];
  let rest = text;
  for (let match = plain.exec(rest); match !== null; match = plain.exec(rest)) {
    frames.push(rest.slice(0, match.index));
    rest = rest.slice(match.index + match[0].length);
  }
  JSON.stringify([...frames, rest]);
`);

test('random patterns on random text mean what they mean in JavaScript', async (t) => {
  const seed = Number(process.env['SEED'] ?? 1 + Math.floor(Math.random() * 2 ** 31));
  const numRuns = 1000;
  t.log(`SEED=${seed}`);
  let told: string[] = [];
  let ended = false;
  let delimiter: RegExp | null = null;
  class Cutting extends Connection {
    override readEncoding = 'utf8' as const;
    override onConnect(): void {
      this.readDelimiter = delimiter;
    }
    override onRead(frame: string): void {
      told.push(frame);
    }
    override onEnd(rest: string): void {
      told.push(rest);
    }
    override onClose({ reason, error }: CloseInfo): void {
      if (reason !== 'end') told.push(`${reason}: ${error}`);
      ended = true;
    }
  }
  const server = new Server(Cutting).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  let refused = 0;
  let unjudged = 0;
  const same = fc.asyncProperty(regexps, writes, async (regexp, pieces) => {
    const client = new Client();
    try {
      // For the check alone.
      client.readDelimiter = regexp;
    } catch (error) {
      t.is((error as NodeJS.ErrnoException).code, 'ERR_INVALID_ARG_VALUE');
      refused += 1;
      return;
    }
    delimiter = regexp;
    told = [];
    ended = false;
    client.connect(server.localAddr as Address);
    for (const { text, flush } of pieces) client.write(text, flush);
    client.end();
    await eventually(`${regexp} is through`, () => ended);
    const expected = split(regexp, pieces.map(({ text }) => text).join(''));
    if (expected === null) unjudged += 1;
    else assert.deepEqual(told, expected);
  });
  await fc.assert(same, { seed, numRuns, unbiased: true });
  t.true(refused < numRuns / 2, `${refused} were refused`);
  t.true(unjudged < numRuns / 100, `JavaScript was too slow for ${unjudged}`);
  t.log(`refused: ${refused}; JavaScript too slow: ${unjudged}`);
});

test('no pattern takes long to be compiled or refused', (t) => {
  const compile = (regexp: RegExp) => {
    const started = performance.now();
    try {
      new Client().readDelimiter = regexp;
    } catch (error) {
      t.is((error as NodeJS.ErrnoException).code, 'ERR_INVALID_ARG_VALUE');
    }
    return performance.now() - started;
  };
  const stars = (inner: string) => `${'(?:'.repeat(99)}${inner}${')*'.repeat(99)}x`;
  const patterns: [source: string, flags: string][] = [
    ['a{500}', ''],
    ['x[\\s\\S]{10}y', ''],
    ['.{1,500};', ''],
    ['\\p{L}{1,50},', 'u'],
    ['\\p{L}{1,50},', 'iu'],
    ['\\p{L}{1,100}', 'u'],
    ['(?:^\\p{L}\\b.*){1,90}x', 'mu'],
    ['(?:\\w{1,200}:){1,200}', ''],
    ['(?:.*?,){500}x', ''],
    ['[ab]*a[ab]{30}c', ''],
    ['[^]{3000}x', ''],
    ['(?:a{1000}){1000}', ''],
    ['(?:\\p{L}|\\P{Lu}|\\p{N}|\\P{S}|\\p{sc=Latin}|\\P{scx=Greek})+x', 'iu'],
    ['k'.repeat(16_000), 'i'],
    ['\\p{L}'.repeat(3_000), 'u'],
    [`${'(?:a|.)*'.repeat(1_600)}x`, ''],
    [stars('b?'.repeat(7_000)), ''],
  ];
  for (const [source, flags] of patterns) {
    // Each is another pattern, as what is known is not compiled again; and the processor has others.
    const times = Array.from({ length: 8 }, (_, n) => compile(new RegExp(`${source}${n}`, flags)));
    const best = Math.min(...times);
    t.true(best < 10, `/${source.slice(0, 40)}/${flags} takes ${best} ms`);
  }
});
