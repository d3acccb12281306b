import test from 'ava';

import { Endpoint } from '../../js/check/endpoint.ts';
import { framingOf } from '../../js/check/read-delimiter.ts';
import { Senders } from '../../js/read/senders.ts';
import { countingCut, LINES, Told } from './receiver.ts';

const A = new Endpoint('a');
const B = new Endpoint('b');
const C = new Endpoint('c');
const HOW = { framing: LINES, limit: 16, encoding: null };

/** Senders whose datagrams are cut at line feeds. */
function make() {
  const told = new Told();
  const senders = new Senders(told, countingCut().cut);
  const from = (sender: Endpoint, text: string) =>
    senders.take(sender, Buffer.from(text), 0, text.length, HOW);
  return { told, senders, from };
}

test('each sender has a stream of its own', (t) => {
  const { told, senders, from } = make();
  from(A, 'a1\na');
  from(B, 'b1\nb');
  t.deepEqual(told.take(), ['a1', 'b1']);
  t.deepEqual(senders.all, [A, B]);
  t.is(senders.bytes, 2);
  from(A, '2\n');
  t.deepEqual(told.take(), ['a2']);
  t.deepEqual(senders.all, [B]);
  t.is(senders.bytes, 1);
});

test('who was heard of longest ago makes room, and as many as have to', (t) => {
  const { senders, from } = make();
  for (const sender of [A, B, C, A]) from(sender, 'xx');
  t.is(senders.evict(3, 16), null);
  t.deepEqual(senders.evict(2, 16), { sender: B, length: 2 });
  t.is(senders.evict(2, 16), null);
  t.deepEqual(senders.evict(1, 16), { sender: C, length: 2 });
  t.is(senders.bytes, 4);
});

test('all together may leave 64 times the limit', (t) => {
  const { senders, from } = make();
  for (let i = 0; i < 64; i += 1) from(new Endpoint(`${i}`), 'x'.repeat(16));
  t.is(senders.evict(1_000, 16), null);
  from(A, 'x');
  t.is(senders.evict(1_000, 16)?.sender.key, '0');
});

test('another delimiter holds from the next byte of the same datagram', (t) => {
  const { told, senders, from } = make();
  told.after = () => {
    told.after = () => {};
    senders.changed({ ...HOW, framing: framingOf(1) });
  };
  from(A, 'one\nab');
  t.deepEqual(told.take(), ['one', 'a', 'b']);
  t.true(senders.isEmpty);
});

test('what waits is cut again, in its place', (t) => {
  const { told, senders, from } = make();
  from(A, 'aa');
  from(B, 'bbb');
  const how = { ...HOW, framing: framingOf(2) };
  for (const sender of senders.all) senders.recut(sender, how);
  t.deepEqual(told.take(), ['aa', 'bb']);
  t.deepEqual(senders.all, [B]);
});

test('discard() drops what is being cut, and of that sender only', (t) => {
  const { told, senders, from } = make();
  from(B, 'b');
  told.after = () => senders.discard();
  from(A, 'one\ntwo\nthree');
  t.is(told.take()[0], 'one');
  t.deepEqual(senders.all, [B]);
});

test('clear() drops all, in the middle of a datagram, too', (t) => {
  const { told, senders, from } = make();
  from(B, 'b');
  told.after = () => {
    told.receptive = false;
    senders.clear();
  };
  from(A, 'one\ntwo\nthree');
  t.deepEqual(told.take(), ['one']);
  t.true(senders.isEmpty);
  t.is(senders.bytes, 0);
});
