import test from 'ava';

import { flood } from './flood.ts';

// The short form of what `npm run proof -- datagrams` shows.

test.serial('U7, U8: a flood is received or counted as lost; timers run meanwhile', async (t) => {
  const count = 60_000;
  const result = await flood(count);
  t.is(result.received + result.drops, count);
  t.like(result, { wrong: 0, disordered: 0, errors: 0 });
  t.true(result.turns > 3, `${result.turns} turns in ${result.seconds} s`);
});
