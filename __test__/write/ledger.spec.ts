import test from 'ava';

import { Ledger } from '../../js/write/ledger.ts';

/** A ledger of plain bytes, and how often it was asked how many are sent. */
class Bytes extends Ledger {
  asked = 0;
  nowSent = 0;
  /** What takes no memory. */
  elsewhere = 0;

  add(bytes: number): this {
    this.count(bytes);
    return this;
  }

  drained(): boolean {
    return this.drain();
  }

  protected override ask(): void {
    this.asked += 1;
    this.sent = this.nowSent;
  }

  protected override get inMemory(): number {
    return this.weight - this.elsewhere;
  }
}

function make(highWaterMark = 10, maxPendingBytes = 20) {
  const submission = { count: 0 };
  return { submission, ledger: new Bytes(submission, { highWaterMark, maxPendingBytes }) };
}

test('pending is what was accepted and is not sent; it is asked for only where there is any', (t) => {
  const { ledger } = make();
  t.is(ledger.pending, 0);
  t.is(ledger.asked, 0);
  ledger.add(7).nowSent = 3;
  t.is(ledger.pending, 4);
  t.is(ledger.asked, 1);
});

test('a writer may go on up to highWaterMark', (t) => {
  const { ledger } = make();
  t.true(ledger.add(10).flows);
  t.false(ledger.awaited);
  t.false(ledger.add(1).flows);
  t.true(ledger.awaited);
});

test('above it, what is sent is asked for once a submission', (t) => {
  const { submission, ledger } = make();
  t.false(ledger.add(11).flows);
  ledger.nowSent = 11;
  t.false(ledger.flows);
  t.is(ledger.asked, 1);
  submission.count += 1;
  t.true(ledger.flows);
  t.is(ledger.asked, 2);
});

test('above maxPendingBytes a write has no room, and none that follows', (t) => {
  const { ledger } = make();
  t.true(ledger.add(20).claimRoom());
  t.is(ledger.flooded, null);
  t.false(ledger.add(1).claimRoom());
  t.is(ledger.flooded?.code, 'ERR_PENDING_OVERFLOW');
  t.true(ledger.flooded?.message.includes('21 bytes'));
  ledger.nowSent = 21;
  t.false(ledger.claimRoom());
});

test('what is sent by then makes room; so does what takes no memory', (t) => {
  const { ledger } = make();
  ledger.add(30).nowSent = 10;
  t.true(ledger.claimRoom());
  ledger.add(15).elsewhere = 15;
  t.true(ledger.claimRoom());
  ledger.add(1);
  t.false(ledger.claimRoom());
});

test('other limits hold from then on', (t) => {
  const { ledger } = make();
  ledger.settings = { highWaterMark: 0, maxPendingBytes: 0 };
  t.false(ledger.add(1).flows);
  t.false(ledger.claimRoom());
});

test('a drain is news once, and again after the next write, be it empty', (t) => {
  const { ledger } = make();
  t.false(ledger.drained());
  t.false(ledger.add(11).flows);
  t.true(ledger.drained());
  t.false(ledger.awaited);
  t.is(ledger.pending, 0);
  t.false(ledger.drained());
  t.true(ledger.add(0).drained());
});

test('after an end by others a write is refused; by this side, it throws, whatever came first', (t) => {
  const { ledger } = make();
  t.true(ledger.accepts('write()'));
  ledger.end('others');
  t.false(ledger.accepts('write()'));
  t.false(ledger.refuse(5));
  t.is(ledger.refused, 5);
  ledger.end('this side');
  t.throws(() => ledger.accepts('write()'), { code: 'ERR_CHANNEL_CLOSED' });
  ledger.end('others');
  t.throws(() => ledger.accepts('write()'), { code: 'ERR_CHANNEL_CLOSED' });
});
