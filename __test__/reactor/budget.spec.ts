import test from 'ava';

import { Budget } from '../../js/reactor/budget.ts';

/** A budget whose clock is set by hand, and how often it had things sent. */
function play(
  play: (hook: (ms: number) => void, budget: Budget, sent: () => number) => void,
): void {
  const { now } = performance;
  let time = 1000;
  let sent = 0;
  performance.now = () => time;
  try {
    const budget = new Budget(() => {
      sent += 1;
    });
    budget.begin();
    const hook = (ms: number) => {
      time += ms;
      budget.count();
    };
    play(hook, budget, () => sent);
  } finally {
    performance.now = now;
  }
}

test('it is spent after 3 ms of hooks, and overdrawn after 6', (t) => {
  play((hook, budget) => {
    hook(2);
    t.false(budget.spent);
    hook(2);
    t.deepEqual([budget.spent, budget.overdrawn], [true, false]);
    hook(3);
    t.true(budget.overdrawn);
    budget.begin();
    t.deepEqual([budget.spent, budget.overdrawn], [false, false]);
  });
});

test('what short hooks write waits for the end of their turn', (t) => {
  play((hook, _budget, sent) => {
    for (let i = 0; i < 190; i += 1) hook(0.001);
    t.is(sent(), 0);
  });
});

test('what long hooks write is sent after each of them', (t) => {
  play((hook, budget, sent) => {
    for (let i = 1; i <= 4; i += 1) {
      hook(0.6);
      t.is(sent(), i);
    }
    budget.begin();
    hook(0.3);
    t.is(sent(), 4);
    hook(0.3);
    t.is(sent(), 5);
  });
});

test('the clock is looked at ever more seldom while hooks are short, and often again when they are not', (t) => {
  play((hook, budget) => {
    for (let i = 0; i < 1000; i += 1) hook(0.0001);
    let hooks = 0;
    for (; !budget.spent && hooks < 100; hooks += 1) hook(1);
    t.true(hooks <= 32, `${hooks}`);
    budget.begin();
    for (hooks = 0; !budget.spent && hooks < 100; hooks += 1) hook(1);
    t.true(hooks <= 16, `${hooks}`);
  });
});
