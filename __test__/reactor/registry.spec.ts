import test from 'ava';

import type { Handler } from '../../js/reactor/handler.ts';
import { Registry } from '../../js/reactor/registry.ts';

function handler(index: number, generation: number, frames = 0): Handler {
  const nothing = () => {};
  return { index, generation, frames, closed: nothing, lost: nothing, close: nothing };
}

test('a channel is found by its index and generation, and by no other', (t) => {
  const registry = new Registry(() => {});
  const [first, second] = [handler(0, 1), handler(2, 5)];
  registry.join(first);
  registry.join(second);
  t.is(registry.find(0, 1), first);
  t.is(registry.find(2, 5), second);
  t.is(registry.find(0, 2), undefined);
  t.is(registry.find(1, 1), undefined);
  registry.leave(first);
  t.is(registry.find(0, 1), undefined);
});

test('whose index is reused before the news of its end has come is still found', (t) => {
  const registry = new Registry(() => {});
  const [former, next, third] = [handler(0, 1), handler(0, 2), handler(0, 3)];
  for (const one of [former, next, third]) registry.join(one);
  t.is(registry.find(0, 1), former);
  t.is(registry.find(0, 2), next);
  t.is(registry.find(0, 3), third);
  registry.leave(former);
  t.is(registry.find(0, 1), undefined);
  registry.leave(third);
  t.is(registry.find(0, 3), undefined);
  t.is(registry.find(0, 2), next);
});

test('the first that begins and the last that finishes are told; frames are kept', (t) => {
  let changes = 0;
  const registry = new Registry(() => {
    changes += 1;
  });
  const [one, other] = [handler(0, 1, 3), handler(-1, 0, 4)];
  t.true(registry.isEmpty);
  registry.begin(one);
  registry.begin(other);
  t.is(changes, 1);
  t.is(registry.frames, 7);
  registry.finish(one);
  registry.finish(one);
  t.is(changes, 1);
  t.deepEqual(registry.active, [other]);
  registry.finish(other);
  t.is(changes, 2);
  t.is(registry.frames, 7);
});
