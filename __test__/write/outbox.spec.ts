import test from 'ava';

import type { StreamSettings } from '../../js/check/options.ts';
import { Flag, HEADER_WORDS, Op } from '../../js/generated/wire.ts';
import { Submission } from '../../js/reactor/submission.ts';
import { Outbox } from '../../js/write/outbox.ts';

/** An outbox, and a reactor that keeps what it is given and has sent as much as the test says. */
function make(limits: Partial<StreamSettings> = {}) {
  const written: string[] = [];
  /** How often it was asked how much has been sent. */
  let asked = 0;
  const submission = new Submission({
    begun: () => {},
    submit: (records, length) => written.push(...describe(records, length)),
    pushOwned: (data, from) => {
      written.push(`owned ${data.length - from}`);
      return data.length;
    },
    send: (_target, _after, _records, _at, data) => {
      written.push(`large ${data.length}`);
      return reactor.takes;
    },
    pushFile: () => {},
    share: () => {},
  });
  const reactor = {
    submission,
    hasSent: 0,
    /** How much of a large write is sent at once. */
    takes: 0,
    sent() {
      asked += 1;
      return this.hasSent;
    },
  };
  const target = { index: 1, generation: 1, batch: 0, wantsDrain: false };
  const settings = { highWaterMark: 10, maxPendingBytes: 20, ...limits } as StreamSettings;
  const outbox = new Outbox(reactor, target, settings);
  return { written, reactor, target, submission, outbox, asked: () => asked };
}

/** Each record: what is written, and `!` where the drain is to be told. */
function* describe(records: Uint8Array, length: number): Iterable<string> {
  const bytes = Buffer.from(records.buffer, records.byteOffset, length);
  for (let at = 0; at < length; ) {
    const from = at + 4 * HEADER_WORDS;
    const size = bytes.readUInt32LE(from - 4);
    const [op, flags] = bytes.subarray(at);
    const what = op === Op.WRITE ? bytes.toString('utf8', from, from + size) : `op ${op}`;
    yield flags === Flag.WANTS_DRAIN ? `${what}!` : what;
    at = from + 4 * Math.ceil(size / 4);
  }
}

/** As `make()`, of a channel that is connected. */
function makeOpen(limits: Partial<StreamSettings> = {}) {
  const made = make(limits);
  made.outbox.begin();
  made.outbox.open();
  return made;
}

test('before it begins a write throws, also one without bytes', (t) => {
  const { outbox } = make();
  t.throws(() => outbox.write('x'), { code: 'ERR_CHANNEL_NOT_CONNECTED' });
  t.throws(() => outbox.write(''), { code: 'ERR_CHANNEL_NOT_CONNECTED' });
  t.throws(() => outbox.write(7), { code: 'ERR_INVALID_ARG_TYPE' });
  t.is(outbox.accepted, 0);
});

test('what is written before there is a socket is kept as it was, and submitted in order', (t) => {
  const { written, submission, target, outbox } = make();
  outbox.begin();
  const bytes = Buffer.from('12');
  outbox.write('one');
  outbox.write(bytes);
  bytes.fill(9);
  t.true(outbox.cutsOff);
  submission.flush();
  t.deepEqual(written, []);
  t.is(outbox.pending, 5);
  target.wantsDrain = true;
  outbox.open();
  outbox.write('two');
  submission.flush();
  t.deepEqual(written, ['one12two!']);
  t.false(outbox.cutsOff);
  t.is(outbox.accepted, 8);
});

test('bytes count, not characters', (t) => {
  const { outbox } = makeOpen();
  outbox.write('äöü');
  t.is(outbox.accepted, 6);
});

test('pending falls as the reactor sends, and never rises', (t) => {
  const { reactor, outbox } = makeOpen();
  t.false(outbox.write('x'.repeat(12)));
  reactor.hasSent = 8;
  t.is(outbox.pending, 4);
  reactor.hasSent = -1;
  t.is(outbox.pending, 4);
});

test('it is drained when all is sent, not before', (t) => {
  const { outbox } = makeOpen();
  outbox.write('0123456789');
  t.false(outbox.drained(9));
  t.true(outbox.drained(10));
  t.false(outbox.drained(10));
  t.is(outbox.pending, 0);
});

test('what is sent at once was never pending, and is drained when its link says so', (t) => {
  const { written, reactor, target, submission, outbox } = makeOpen({ maxPendingBytes: 1_000 });
  const large = Buffer.alloc(16_384);
  target.wantsDrain = true;
  reactor.takes = large.length;
  t.true(outbox.write(large));
  t.true(outbox.emptied);
  t.is(outbox.pending, 0);
  t.true(outbox.drained(0));
  t.false(outbox.drained(0));
  // With it all that was written before.
  outbox.write('small');
  t.false(outbox.emptied);
  reactor.takes = 5 + large.length;
  outbox.write('x'.repeat(16_384));
  t.deepEqual([outbox.pending, outbox.emptied], [0, true]);
  // Not so where something is written since, or pending.
  outbox.write('');
  t.false(outbox.emptied);
  submission.flush();
  reactor.takes = 16_000;
  t.false(outbox.write(large));
  t.deepEqual([outbox.pending, outbox.emptied], [384, false]);
  t.false(outbox.drained(0));
  // Nobody asks.
  submission.flush();
  target.wantsDrain = false;
  reactor.takes = large.length;
  outbox.write(large);
  t.false(outbox.emptied);
  submission.flush();
  const owned = ['large 16384', 'owned 384', `op ${Op.WRITE_OWNED}!`];
  t.deepEqual(written, ['large 16384', 'large 16384', '!', ...owned, 'large 16384']);
});

test('what was kept and is sent at once is drained, too', (t) => {
  const { reactor, target, outbox } = make({ highWaterMark: 100_000, maxPendingBytes: 100_000 });
  target.wantsDrain = true;
  outbox.begin();
  outbox.write('head');
  outbox.write(Buffer.alloc(20_000));
  t.is(outbox.pending, 20_004);
  reactor.takes = 20_004;
  outbox.open();
  t.deepEqual([outbox.accepted, outbox.pending, outbox.emptied], [20_004, 0, true]);
  t.true(outbox.drained(0));
});

test('above maxPendingBytes a write is refused, and nothing of it is submitted', (t) => {
  const { written, submission, outbox } = makeOpen();
  outbox.write('x'.repeat(21));
  t.false(outbox.write('refused'));
  t.false(outbox.write(''));
  submission.flush();
  t.deepEqual(written, ['x'.repeat(21)]);
  t.is(outbox.refused, 7);
  t.is(outbox.flooded?.code, 'ERR_PENDING_OVERFLOW');
  t.true(outbox.cutsOff);
});

test('when the socket is gone, what is not sent stays pending, and what is written is added', (t) => {
  const { written, submission, outbox } = makeOpen();
  outbox.write('0123456789');
  submission.flush();
  outbox.settle(4);
  t.is(outbox.pending, 4);
  outbox.write('more');
  t.is(outbox.pending, 8);
  submission.flush();
  t.is(written.length, 1);
});

test('what is gathered when the socket goes counts as not sent', (t) => {
  const { outbox } = makeOpen({ highWaterMark: 1_000 });
  outbox.write('012345');
  outbox.write('ä');
  outbox.settle(5);
  t.is(outbox.accepted, 8);
  t.is(outbox.pending, 5);
});

test('strings are gathered; whatever else is written comes behind them', (t) => {
  const { written, submission, outbox } = makeOpen({
    highWaterMark: 1_000,
    maxPendingBytes: 1_000,
  });
  outbox.write('one,');
  outbox.write('two,');
  outbox.write(Buffer.from('bytes,'));
  outbox.write('three,');
  outbox.write('four');
  t.deepEqual(written, []);
  submission.flush();
  t.deepEqual(written, ['one,two,bytes,three,four']);
});

test('counters are exact right after a write', (t) => {
  const { outbox } = makeOpen({ highWaterMark: 1_000, maxPendingBytes: 1_000 });
  outbox.write('ä');
  outbox.write('\ud83d');
  outbox.write('\ude00');
  t.is(outbox.accepted, 8);
  t.is(outbox.pending, 8);
  outbox.write('\u{1f600}');
  outbox.write('x');
  t.is(outbox.pending, 13);
});

test('highWaterMark is exact to the byte, also where the bounds do not decide', (t) => {
  for (const [data, fits] of [
    ['x', 30],
    ['ä', 15],
    ['€', 10],
    ['\u{1f600}', 7],
  ] as const) {
    const { outbox } = makeOpen({ highWaterMark: 30, maxPendingBytes: 10_000 });
    for (let at = 0; at < fits; at += 1) t.true(outbox.write(data), `${data} ${at}`);
    t.false(outbox.awaited);
    t.false(outbox.write(data), data);
    t.true(outbox.awaited);
    t.false(outbox.write(''));
    t.is(outbox.accepted, (fits + 1) * Buffer.byteLength(data));
  }
});

test('maxPendingBytes is exact to the byte', (t) => {
  const { outbox } = makeOpen({ highWaterMark: 1, maxPendingBytes: 9 });
  for (let at = 0; at < 4; at += 1) outbox.write('ä');
  outbox.write('x');
  outbox.write('€');
  t.is(outbox.flooded, null);
  outbox.write('x');
  t.true(outbox.flooded?.message.includes('12 bytes'));
  t.is(outbox.refused, 1);
});

test('limits that are set while strings are gathered hold for the next write', (t) => {
  const { outbox } = makeOpen({ highWaterMark: 1_000, maxPendingBytes: 1_000 });
  for (let at = 0; at < 10; at += 1) t.true(outbox.write('x'));
  outbox.configure({ highWaterMark: 10, maxPendingBytes: 11 } as StreamSettings);
  t.false(outbox.write('x'));
  t.false(outbox.write('x'));
  t.is(outbox.flooded, null);
  t.false(outbox.write('x'));
  t.not(outbox.flooded, null);
});

test('where it has ended, gathered strings stay, and none is added', (t) => {
  const { written, submission, outbox } = makeOpen({
    highWaterMark: 1_000,
    maxPendingBytes: 1_000,
  });
  outbox.write('one');
  outbox.end('others');
  t.false(outbox.write('refused'));
  t.false(outbox.write(''));
  outbox.end('this side');
  t.throws(() => outbox.write(''), { code: 'ERR_CHANNEL_CLOSED' });
  submission.flush();
  t.deepEqual(written, ['one']);
  t.is(outbox.accepted, 3);
});

test('what is gathered is not sent; an empty string neither', (t) => {
  const { submission, outbox } = makeOpen({ highWaterMark: 1_000 });
  outbox.write('one');
  submission.flush();
  outbox.write('');
  t.false(outbox.drained(3));
  submission.flush();
  t.true(outbox.drained(3));
  outbox.write('');
  outbox.write('');
  submission.flush();
  t.true(outbox.drained(3));
  t.false(outbox.drained(3));
});

test('the drain is told to who listens when the first of the strings is written', (t) => {
  const { written, target, submission, outbox } = makeOpen({ highWaterMark: 1_000 });
  outbox.write('a');
  submission.flush();
  target.wantsDrain = true;
  outbox.write('b');
  target.wantsDrain = false;
  outbox.write('c');
  submission.flush();
  outbox.write('');
  submission.flush();
  t.deepEqual(written, ['a', 'bc!', '']);
});

test('who writes little asks how much is sent before a limit is near, once a submission', (t) => {
  const { reactor, submission, outbox, asked } = makeOpen({
    highWaterMark: 30,
    maxPendingBytes: 90,
  });
  for (let turn = 0; turn < 10; turn += 1) {
    for (let at = 0; at < 6; at += 1) t.true(outbox.write('x'));
    submission.flush();
    reactor.hasSent = outbox.accepted;
  }
  t.true(asked() > 1 && asked() < 10);
});

test('bytes and strings that follow each other are in order, counted, and taken at the call', (t) => {
  const { written, submission, outbox } = makeOpen({
    highWaterMark: 1_000,
    maxPendingBytes: 1_000,
  });
  const line = Buffer.from('line');
  const long = Buffer.from('more than eight');
  t.true(outbox.write(line));
  t.true(outbox.write('ä'));
  t.true(outbox.write(long));
  t.true(outbox.write(new Uint8Array(0)));
  t.true(outbox.write(new Uint16Array([0x6261])));
  t.true(outbox.write(line));
  line.fill(0);
  long.fill(0);
  submission.flush();
  t.deepEqual(written, ['lineämore than eightabline']);
  t.is(outbox.accepted, 27);
  t.throws(() => outbox.write(Object.defineProperty(Buffer.alloc(4), 'length', { value: 2 })), {
    code: 'ERR_INVALID_ARG_VALUE',
  });
  t.is(outbox.accepted, 27);
});

test('limits are exact to the byte, however small the writes', (t) => {
  const { outbox } = makeOpen({ highWaterMark: 100, maxPendingBytes: 200 });
  const one = Buffer.from('1');
  const flows = Array.from({ length: 202 }, () => outbox.write(one));
  t.is(flows.indexOf(false), 100);
  t.is(outbox.accepted, 201);
  t.is(outbox.refused, 1);
  t.not(outbox.flooded, null);
});

test('who begins to listen for the drain between two writes hears of it', (t) => {
  for (const piece of ['b', Buffer.from('b')]) {
    const { written, target, submission, outbox } = makeOpen({ highWaterMark: 100 });
    outbox.write(Buffer.from('a'));
    target.wantsDrain = true;
    // That is what a link asks then.
    t.is(outbox.pending, 1);
    outbox.write(piece);
    submission.flush();
    t.deepEqual(written, ['ab!']);
  }
});

test('where it has ended, bytes are refused', (t) => {
  const { written, submission, outbox } = makeOpen({ highWaterMark: 100 });
  outbox.write(Buffer.from('a'));
  outbox.end('others');
  t.false(outbox.write(Buffer.from('b')));
  submission.flush();
  t.deepEqual(written, ['a']);
  t.is(outbox.refused, 1);
});

test('long strings are handed over as bytes, behind what was gathered', (t) => {
  const { written, submission, outbox } = makeOpen({ maxPendingBytes: 100_000 });
  outbox.write('head');
  outbox.write('x'.repeat(50_000));
  outbox.write('tail');
  t.is(outbox.accepted, 50_008);
  submission.flush();
  t.deepEqual(written, ['large 50000', 'owned 50000', 'head', `op ${Op.WRITE_OWNED}`, 'tail']);
});
