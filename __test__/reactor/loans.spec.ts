import test from 'ava';

import type { NativeEngineHandle } from '../../js/binding.ts';
import { Loans } from '../../js/reactor/loans.ts';
import { Slab } from '../../js/reactor/slab.ts';
import { Script } from './batch.ts';

// No socket, no reactor, and no clock: timers are run by hand.

const LONG = 200_000;

/** Loans of a script, and the timers that they have set. */
function play(play: (loans: Loans, script: Script, timers: (() => void)[]) => void): void {
  const script = new Script();
  const timers: (() => void)[] = [];
  const real = globalThis.setTimeout;
  globalThis.setTimeout = ((call: () => void) => {
    const timer = real(() => {}, 0);
    timers.push(call);
    return timer;
  }) as typeof setTimeout;
  try {
    play(new Loans(script, {} as NativeEngineHandle), script, timers);
  } finally {
    globalThis.setTimeout = real;
  }
}

/** A long batch that was copied: one more is lent. */
function copied(loans: Loans): void {
  loans.taken(-1, LONG);
  loans.lend(new Slab());
}

test('short batches want no loan, long ones six at most', (t) => {
  play((loans, script, timers) => {
    loans.taken(-1, 100);
    loans.lend(new Slab());
    t.is(script.loans.size, 0);
    t.is(timers.length, 0);
    for (let i = 0; i < 9; i += 1) copied(loans);
    t.deepEqual([...script.loans.keys()], [0, 1, 2, 3, 4, 5]);
    t.is(timers.length, 1);
  });
});

test('what waits to be filled is given back when nothing was lent for a while', (t) => {
  play((loans, script, timers) => {
    for (let i = 0; i < 3; i += 1) copied(loans);
    timers.shift()?.();
    t.is(script.loans.size, 3, 'the last was lent since the timer began');
    timers.shift()?.();
    t.is(script.loans.size, 0);
    t.is(timers.length, 0, 'no ticks without loans');
  });
});

test('one that is filled meanwhile stays, and its number is not used twice', (t) => {
  play((loans, script, timers) => {
    copied(loans);
    copied(loans);
    const filled = script.loans.get(1);
    script.loans.delete(1);
    timers.shift()?.();
    timers.shift()?.();
    t.is(script.loans.size, 0);
    copied(loans);
    t.deepEqual([...script.loans.keys()], [0]);
    t.is(loans.taken(1, LONG), filled as Buffer);
    loans.lend(new Slab());
    t.deepEqual([...script.loans.keys()], [0, 1]);
    t.is(script.loans.get(1), filled);
  });
});
