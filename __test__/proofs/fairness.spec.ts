import test from 'ava';

import { fairness } from './fairness.ts';

// The short form of what `npm run proof -- fairness` shows. It counts what the hooks have worked,
// not what the clock says: that is the same on a machine that has other things to do.

test.serial('U8, P14: beside floods, nobody waits for long, nor does the event loop', async (t) => {
  const result = await fairness('pants-native', 20, 25);
  t.true(result.requests > 100, JSON.stringify(result));
  t.true(result.ahead < 50, `${result.ahead} ms were worked for others before an answer`);
  t.true(result.longestTurn < 20, `${result.longestTurn} ms were worked in one turn`);
});
