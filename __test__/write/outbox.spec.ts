import test from 'ava';

import type { StreamSettings } from '../../js/check/options.ts';
import type { Submission } from '../../js/reactor/submission.ts';
import { Outbox } from '../../js/write/outbox.ts';

const TARGET = { index: 1, generation: 1, batch: 0 };

/** An outbox, and a reactor that keeps what it is given and has sent as much as the test says. */
function make(limits: Partial<StreamSettings> = {}) {
  const written: string[] = [];
  const reactor = {
    sent: () => reactor.hasSent,
    hasSent: 0,
    /** How much of a large write leaves at once. */
    takes: 0,
    submission: {
      count: 0,
      writeString(_target: unknown, data: string, notify: boolean) {
        written.push(notify ? `${data}!` : data);
        return Buffer.byteLength(data);
      },
      writeBytes(_target: unknown, data: Uint8Array) {
        written.push(`[${data.join()}]`);
        return data.length;
      },
      writeLarge(_target: unknown, data: Uint8Array) {
        written.push(`large ${data.length}`);
        return data.length - reactor.takes;
      },
    } as unknown as Submission & { count: number },
  };
  const settings = { highWaterMark: 10, maxPendingBytes: 20, ...limits } as StreamSettings;
  return { written, reactor, outbox: new Outbox(reactor, TARGET, settings) };
}

/** As `make()`, of a channel that is connected. */
function makeOpen(limits: Partial<StreamSettings> = {}) {
  const made = make(limits);
  made.outbox.begin();
  made.outbox.open(false);
  return made;
}

test('before it begins a write throws, also one without bytes', (t) => {
  const { outbox } = make();
  t.throws(() => outbox.write('x', false), { code: 'ERR_CHANNEL_NOT_CONNECTED' });
  t.throws(() => outbox.write('', false), { code: 'ERR_CHANNEL_NOT_CONNECTED' });
  t.throws(() => outbox.write(7, false), { code: 'ERR_INVALID_ARG_TYPE' });
  t.is(outbox.accepted, 0);
});

test('what is written before there is a socket is kept as it was, and submitted in order', (t) => {
  const { written, outbox } = make();
  outbox.begin();
  const bytes = Uint8Array.of(1, 2);
  outbox.write('one', false);
  outbox.write(bytes, false);
  bytes.fill(9);
  t.true(outbox.cutsOff);
  t.deepEqual(written, []);
  t.is(outbox.pending, 5);
  outbox.open(true);
  t.deepEqual(written, ['one!', '[1,2]']);
  t.false(outbox.cutsOff);
});

test('bytes count, not characters', (t) => {
  const { outbox } = makeOpen();
  outbox.write('äöü', false);
  t.is(outbox.accepted, 6);
});

test('pending falls as the reactor sends, and never rises', (t) => {
  const { reactor, outbox } = makeOpen();
  t.false(outbox.write('x'.repeat(12), false));
  reactor.hasSent = 8;
  t.is(outbox.pending, 4);
  reactor.hasSent = -1;
  t.is(outbox.pending, 4);
});

test('it is drained when all has been taken, not before', (t) => {
  const { outbox } = makeOpen();
  outbox.write('0123456789', false);
  t.false(outbox.drained(9));
  t.true(outbox.drained(10));
  t.false(outbox.drained(10));
  t.is(outbox.pending, 0);
});

test('what leaves at once was never pending, and is drained when its link says so', (t) => {
  const { written, reactor, outbox } = makeOpen({ maxPendingBytes: 1_000 });
  const large = Buffer.alloc(16_384);
  reactor.takes = large.length;
  t.true(outbox.write(large, true));
  t.true(outbox.emptied);
  t.is(outbox.pending, 0);
  t.true(outbox.drained(0));
  t.false(outbox.drained(0));
  // With it all that was written before.
  outbox.write('small', true);
  t.false(outbox.emptied);
  outbox.write('x'.repeat(16_384), true);
  t.deepEqual([outbox.pending, outbox.emptied], [0, true]);
  // Not so where something is left.
  reactor.takes = 16_000;
  t.false(outbox.write(large, true));
  t.deepEqual([outbox.pending, outbox.emptied], [384, false]);
  t.false(outbox.drained(0));
  // Nobody asks.
  outbox.write(large, false);
  t.false(outbox.emptied);
  t.deepEqual(written, ['large 16384', 'small!', 'large 16384', 'large 16384', 'large 16384']);
});

test('above maxPendingBytes a write is refused, and nothing of it is submitted', (t) => {
  const { written, outbox } = makeOpen();
  outbox.write('x'.repeat(21), false);
  t.false(outbox.write('refused', false));
  t.is(written.length, 1);
  t.is(outbox.refused, 7);
  t.is(outbox.flooded?.code, 'ERR_PENDING_OVERFLOW');
  t.true(outbox.cutsOff);
});

test('when the socket is gone, what has not left stays pending, and what is written is added', (t) => {
  const { written, outbox } = makeOpen();
  outbox.write('0123456789', false);
  outbox.settle(4);
  t.is(outbox.pending, 4);
  outbox.write('more', false);
  t.is(outbox.pending, 8);
  t.is(written.length, 1);
});
