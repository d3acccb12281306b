import { readdirSync, readFileSync } from 'node:fs';

import test from 'ava';

import { BatchHeader } from '../js/generated/wire.ts';
import { native } from './helpers/addon.ts';

// The addon by itself, as no user sees it: whatever it is called with, it throws or answers.

test('arrays that are too short are refused, and nothing is taken', (t) => {
  const engine = native.openEngine(() => {}, 'thread');
  t.teardown(() => native.closeEngine(engine));
  const none = new Uint8Array(0);
  t.throws(() => native.take(engine, new Uint32Array(BatchHeader.WORDS - 1), none), {
    code: 'InvalidArg',
  });
  t.throws(() => native.submit(engine, none, 1), { code: 'InvalidArg' });
  const cut = () => native.cut(new Uint8Array(48), none, 0, 0, 1, new Uint32Array(2), null);
  t.throws(cut, { code: 'InvalidArg' });
  t.false(native.parseAddress('127.0.0.1', 80, none));
  t.false(native.tally(engine, 0, 0, new Float64Array(1)));
  native.take(engine, new Uint32Array(BatchHeader.WORDS), none);
});

test('no panic passes an export: each catches', (t) => {
  const folder = new URL('../crates/node/src/', import.meta.url);
  const exported = readdirSync(folder).flatMap((file) => [
    ...readFileSync(new URL(file, folder), 'utf8').matchAll(
      /#\[napi(.*)\]\npub (?:async )?fn (\w+)/g,
    ),
  ]);
  const functions = Object.values(native).filter((value) => typeof value === 'function');
  t.is(exported.length, functions.length);
  t.deepEqual(
    exported.filter(([, how]) => !how?.includes('catch_unwind')).map(([, , name]) => name),
    [],
  );
});
