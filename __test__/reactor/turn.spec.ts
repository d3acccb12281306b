import test from 'ava';

import { Turn } from '../../js/reactor/turn.ts';

/** A turn, and what its host was asked. */
function make(handleAll: (turn: Turn) => boolean = () => false) {
  const told: string[] = [];
  const turn: Turn = new Turn({
    isReferenced: true,
    submit: () => told.push('submit'),
    handleAll: () => {
      told.push('handle');
      return handleAll(turn);
    },
    uncaught: (error) => told.push((error as Error).message),
  });
  return { told, turn };
}

/** Milliseconds: more than a turn has. */
const LONG = 10;

const immediate = () => new Promise((resolve) => setImmediate(resolve));

/** Who wraps a socket. */
let made = 0;

function unopened(told: string[], name: string, open: () => void = () => {}) {
  made += 1;
  return {
    index: 7,
    generation: made,
    open: () => {
      told.push(name);
      open();
    },
    discard: () => told.push(`${name} discarded`),
  };
}

test('what user code sets off runs from the event loop, in order, and then all is submitted', async (t) => {
  const { told, turn } = make();
  for (const name of ['one', 'two']) turn.callSoon(() => told.push(name));
  t.deepEqual(told, []);
  await immediate();
  t.deepEqual(told, ['one', 'two', 'submit']);
});

test('an end is asked for as often as one likes, and comes once', async (t) => {
  const { told, turn } = make();
  turn.endSoon();
  turn.endSoon();
  await immediate();
  t.deepEqual(told, ['submit']);
});

test('a turn that is under way ends anyway: no other follows it', async (t) => {
  const { told, turn } = make();
  turn.callSoon(() => turn.endSoon());
  await immediate();
  await immediate();
  t.deepEqual(told, ['submit']);
  turn.ring();
  t.deepEqual(told, ['submit', 'handle']);
  turn.endSoon();
  await immediate();
  t.deepEqual(told, ['submit', 'handle', 'submit']);
});

test('what was wrapped opens before cuts are told, also what is wrapped meanwhile', (t) => {
  const { told, turn } = make();
  const second = unopened(told, 'second');
  turn.openSoon(unopened(told, 'first', () => turn.openSoon(second)));
  const reframed = { tellReframe: () => told.push('reframe') };
  turn.reframeSoon(reframed);
  turn.reframeSoon(reframed);
  turn.end();
  turn.end();
  t.deepEqual(told, ['first', 'second', 'reframe', 'submit', 'submit']);
});

test('what is discarded does not open', (t) => {
  const { told, turn } = make();
  const [kept, thrown] = [unopened(told, 'kept'), unopened(told, 'thrown')];
  turn.openSoon(kept);
  turn.openSoon(thrown);
  turn.discard(thrown);
  turn.discard({ index: thrown.index, generation: thrown.generation + 1 });
  turn.openAll();
  t.deepEqual(told, ['thrown discarded', 'kept']);
});

test('what throws is reported, and keeps nobody from his turn', async (t) => {
  const { told, turn } = make();
  turn.callSoon(() => {
    throw new Error('thrown');
  });
  turn.callSoon(() => told.push('next'));
  await immediate();
  t.deepEqual(told, ['thrown', 'next', 'submit']);
});

test('what is over budget waits for the next turn, in its place', async (t) => {
  const { told, turn } = make();
  turn.callSoon(() => {
    while (turn.budget.elapsed < LONG) told.length = 0;
    told.push('long');
  });
  turn.callSoon(() => {
    turn.callSoon(() => told.push('third'));
    told.push('second');
  });
  await immediate();
  t.deepEqual(told.splice(0), ['long', 'submit', 'submit']);
  await immediate();
  await immediate();
  t.deepEqual(told, ['second', 'submit', 'third', 'submit']);
});

test('what cannot be handed over in the middle of a turn is handed over at its end', async (t) => {
  const told: string[] = [];
  const turn = new Turn({
    isReferenced: true,
    submit: () => {
      told.push('submit');
      if (told.length === 2) throw new RangeError('no memory');
    },
    handleAll: () => false,
    uncaught: (error) => told.push((error as Error).message),
  });
  turn.callSoon(() => {
    while (turn.budget.elapsed < 1) told.length = 0;
    told.push('long');
  });
  await immediate();
  t.deepEqual(told, ['long', 'submit', 'submit']);
});

test('who has frames left is whom the next turn begins with', async (t) => {
  const { told, turn } = make((turn) => {
    turn.nextLate()?.goOn();
    return false;
  });
  turn.goOnLater({ goOn: () => told.push('late'), bytesLeft: 3 });
  t.is(turn.lateBytes, 3);
  t.deepEqual(told, []);
  await immediate();
  t.deepEqual(told, ['handle', 'late']);
  t.is(turn.nextLate(), undefined);
});

test('a turn that leaves something is followed by another, with the others in between', async (t) => {
  let left = 2;
  const { told, turn } = make(() => {
    left -= 1;
    return left > 0;
  });
  turn.ring();
  turn.callSoon(() => told.push('in between'));
  await immediate();
  await immediate();
  t.deepEqual(told, ['handle', 'handle', 'in between', 'submit']);
});

test('a handler that throws leaves nothing under way', async (t) => {
  let broken = true;
  const { told, turn } = make(() => {
    if (!broken) return false;
    broken = false;
    throw new Error('broken');
  });
  t.throws(() => turn.ring(), { message: 'broken' });
  turn.endSoon();
  await immediate();
  t.deepEqual(told.toSorted(), ['handle', 'handle', 'submit']);
});
