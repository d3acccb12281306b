import test from 'ava';

import { Gathered, type Gatherer } from '../../js/reactor/gathered.ts';

const writer = (): Gatherer => ({ text: '', lastEnd: -1 });

test('strings of each writer are one text, whatever is written to others in between', (t) => {
  const gathered = new Gathered();
  const [one, two] = [writer(), writer()];
  t.true(gathered.isEmpty);
  gathered.add(one, 'a');
  gathered.add(two, 'x');
  gathered.add(one, 'b');
  t.is(one.text, 'ab');
  t.is(two.text, 'x');
  t.deepEqual(gathered.writers, [one, two]);
  t.false(gathered.isEmpty);
});

test('an empty string is one, too', (t) => {
  const gathered = new Gathered();
  const one = writer();
  gathered.add(one, '');
  t.false(gathered.isEmpty);
  t.deepEqual(gathered.writers, [one]);
  t.true(one.lastEnd >= 0);
});

test('a text may be one string', (t) => {
  const gathered = new Gathered();
  const [one, two] = [writer(), writer()];
  gathered.add(one, 'a');
  gathered.add(two, 'a');
  gathered.add(two, '');
  t.true(gathered.isOne(one));
  t.false(gathered.isOne(two));
});

test('a surrogate pair is split where a string ends between its halves', (t) => {
  const gathered = new Gathered();
  const [one, two] = [writer(), writer()];
  for (const [to, data] of [
    [one, '\ud83d'],
    [two, '\ude00'],
    [one, '\ude00 a \ud83d'],
    [one, ''],
    [one, '\ude00'],
    [two, '\ud83d'],
    [one, 'b\ud83d'],
    [one, 'c'],
    [one, '\ud83d\ude00'],
  ] as const) {
    gathered.add(to, data);
  }
  t.is(one.text, '\ud83d\ude00 a \ud83d\ude00b\ud83dc\ud83d\ude00');
  t.deepEqual(gathered.splits(one), [1, 6]);
  t.deepEqual(gathered.splits(two), []);
});

test('who was encoded meanwhile begins anew', (t) => {
  const gathered = new Gathered();
  const one = writer();
  gathered.add(one, '\ud83d');
  one.text = '';
  one.lastEnd = -1;
  gathered.add(one, '\ude00');
  t.true(gathered.isOne(one));
  t.deepEqual(gathered.splits(one), []);
});

test('it is full after so many strings, or so many units', (t) => {
  const gathered = new Gathered();
  const one = writer();
  let strings = 1;
  while (!gathered.add(one, '')) strings += 1;
  t.true(strings >= 256 && strings <= 16_384);
  gathered.clear();
  t.true(gathered.isEmpty);
  t.deepEqual(gathered.writers, []);
  one.lastEnd = -1;
  let units = 1_000;
  while (!gathered.add(one, 'x'.repeat(1_000))) units += 1_000;
  t.true(units >= 16_384 && units <= 256 * 1024);
});
