import test from 'ava';

import { Agreement } from '../../js/read/agreement.ts';

/** One under which the reactor cuts, and what it is told when a turn ends. */
function make() {
  const agreement = new Agreement();
  /** `left`: something is held. */
  const turn = (left = false) => {
    if (!left) agreement.level();
    return agreement.ask(!left);
  };
  return { agreement, turn };
}

/** The delimiter changes with each chunk, so often that the reactor is not asked any more. */
function restless() {
  const { agreement, turn } = make();
  for (let chunk = 0; chunk < 12; chunk += 1) {
    agreement.change();
    turn();
    agreement.take(0);
  }
  return { agreement, turn };
}

test('chunks of our epoch hold; after a change only those of the next', (t) => {
  const { agreement, turn } = make();
  const { epoch } = agreement;
  t.true(agreement.take(epoch));
  t.is(turn(), null);
  agreement.change();
  t.true(turn());
  t.false(agreement.take(epoch));
  t.is(turn(), null, 'it was asked');
  t.true(agreement.take(agreement.epoch));
});

test('with something left over the reactor is told to pass bytes on, once', (t) => {
  const { agreement, turn } = make();
  agreement.change();
  t.false(turn(true));
  agreement.take(0);
  t.is(turn(true), null);
  agreement.take(0);
  t.true(turn());
});

test('where the reactor has refused, it is asked again', (t) => {
  const { agreement, turn } = make();
  agreement.change();
  t.true(turn());
  agreement.take(0);
  t.true(turn());
});

test('of a delimiter that changes all the time the reactor hears nothing', (t) => {
  const { agreement, turn } = restless();
  for (let chunk = 0; chunk < 100; chunk += 1) {
    agreement.change();
    t.is(turn(), null);
    t.false(agreement.take(0));
  }
});

test('… until it has stayed as it is for some chunks', (t) => {
  const { agreement, turn } = restless();
  for (let chunk = 2; chunk < 16; chunk += 1) {
    agreement.take(0);
    t.is(turn(), null);
  }
  agreement.take(0);
  t.true(turn());
  t.true(agreement.take(agreement.epoch));
  agreement.change();
  t.true(turn(), 'and one change more is one change');
});

test('a reactor that has halted is told in any case', (t) => {
  const { agreement, turn } = restless();
  agreement.halt();
  t.false(turn());
  t.is(turn(), null);
});
