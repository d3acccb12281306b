import test from 'ava';

import type { NativeFileHandle, NativeRegExpHandle } from '../../js/binding.ts';
import { Flag, FramingKind, HEADER_WORDS, Op, Packet } from '../../js/generated/wire.ts';
import { Submission, type Writer } from '../../js/reactor/submission.ts';

/** So much can be handed over. */
const MOST = 1_000_000;
/** And so much of it at once. */
const PIECE = 15_000;

/** A record as the reactor would read it. */
interface Read {
  readonly op: number;
  readonly flags: number;
  readonly to: number;
  readonly payload: string;
}

/** A submission, and what its sink was told. Of a large write `takes` bytes leave at once. */
function make(takes = 0) {
  const [A, B] = [writer(3), writer(4)];
  const told: unknown[] = [];
  const batches: Read[][] = [];
  const submission = new Submission({
    begun: () => told.push('begun'),
    submit: (records, length) => {
      told.push('submit');
      batches.push(read(records, length));
    },
    pushOwned: (data, from) => {
      if (data.length > MOST) throw new RangeError('no memory');
      const to = Math.min(data.length, from + PIECE);
      told.push(['owned', to - from]);
      return to;
    },
    send: (_target, after, records, at, data) => {
      const record = Buffer.from(records.subarray(at));
      const size = record.length > 0 ? record.readUInt32LE(12) : 0;
      const from = 4 * HEADER_WORDS;
      told.push(['send', after, record.toString('latin1', from, from + size), data.length]);
      return Math.min(takes, size + data.length);
    },
    pushFile: () => told.push('file'),
    share: () => told.push('share'),
  });
  return { A, B, told, batches, submission };
}

function writer(index: number): Writer {
  return { index, generation: 1, batch: 0 };
}

function read(records: Uint8Array, length: number): Read[] {
  const bytes = Buffer.from(records.buffer, records.byteOffset, length);
  const all: Read[] = [];
  for (let at = 0; at < length; ) {
    const head = bytes.readUInt32LE(at);
    const size = bytes.readUInt32LE(at + 12);
    const from = at + 4 * HEADER_WORDS;
    const payload = bytes.toString('latin1', from, from + size);
    all.push({ op: head & 0xff, flags: head >>> 8, to: bytes.readUInt32LE(at + 4), payload });
    at = from + 4 * Math.ceil(size / 4);
  }
  return all;
}

test('its end is asked for once a batch, by whatever comes first', (t) => {
  const { A, B, told, submission } = make();
  submission.writeString(A, 'one', false);
  submission.request(Op.PAUSE, B);
  submission.writeString(A, 'two', false);
  t.deepEqual(told, ['begun']);
  submission.flush();
  submission.flush();
  submission.request(Op.RESUME, B);
  t.deepEqual(told, ['begun', 'submit', 'begun']);
  t.is(submission.count, 1);
});

test('writes to one channel in a row are one record', (t) => {
  const { A, B, batches, submission } = make();
  t.is(submission.writeString(A, 'é', false), 2);
  t.is(submission.writeBytes(A, Buffer.from('xyz'), true), 3);
  submission.writeString(B, 'b', false);
  submission.writeString(A, 'a', false);
  submission.flush();
  t.deepEqual(batches, [
    [
      { op: Op.WRITE, flags: Flag.NOTIFY, to: 3, payload: '\xc3\xa9xyz' },
      { op: Op.WRITE, flags: 0, to: 4, payload: 'b' },
      { op: Op.WRITE, flags: 0, to: 3, payload: 'a' },
    ],
  ]);
});

test('a request stands between the writes before it and those behind it', (t) => {
  const { A, batches, submission } = make();
  submission.writeString(A, 'before', false);
  submission.request(Op.SHUTDOWN, A);
  submission.flush();
  submission.writeString(A, 'next batch', false);
  submission.flush();
  const ops = batches.map((batch) => batch.map(({ op }) => op));
  t.deepEqual(ops, [[Op.WRITE, Op.SHUTDOWN], [Op.WRITE]]);
});

test('large writes and files are handed over beside the batch, in order', (t) => {
  const { A, told, batches, submission } = make();
  submission.writeString(A, 'head', false);
  t.is(submission.writeLarge(A, Buffer.alloc(20_000), true), 20_000);
  submission.writeFile(A, {} as NativeFileHandle, false);
  submission.writeString(A, 'x'.repeat(10_000), false);
  submission.flush();
  const owned = [15_000, 5_000].map((size) => ['owned', size]);
  t.deepEqual(told, ['begun', ['send', 0, 'head', 20_000], ...owned, 'file', 'submit']);
  const [batch = []] = batches;
  t.deepEqual(
    batch.map(({ op, flags, payload }) => [op, flags, payload.length]),
    [
      [Op.WRITE, 0, 4],
      [Op.WRITE_OWNED, Flag.NOTIFY, 0],
      [Op.WRITE_OWNED, Flag.NOTIFY, 0],
      [Op.WRITE_OWNED, 0, 0],
      [Op.WRITE, 0, 10_000],
    ],
  );
});

test('a large write leaves at once, with what was gathered for its channel and nobody else', (t) => {
  const { A, B, told, batches, submission } = make(20_004);
  const large = Buffer.alloc(20_000);
  submission.writeString(B, 'other', false);
  submission.writeString(A, 'head', true);
  t.is(submission.writeLarge(A, large, true), 0);
  t.is(submission.writeLarge(A, large, true), 0);
  submission.writeString(A, 'tail', false);
  submission.flush();
  t.deepEqual(told, ['begun', ['send', 0, 'head', 20_000], ['send', 0, '', 20_000], 'submit']);
  t.deepEqual(batches.at(-1), [
    { op: Op.WRITE, flags: 0, to: 4, payload: 'other' },
    { op: Op.WRITE, flags: 0, to: 3, payload: 'tail' },
  ]);
  // It is to be done before what leaves now.
  t.is(submission.writeLarge(A, large, false), 0);
  t.deepEqual(told.at(-1), ['send', 1, '', 20_000]);
  submission.writeString(A, 'more', false);
  submission.writeLarge(A, large, false);
  t.deepEqual(told.at(-1), ['send', 1, 'more', 20_000]);
});

test('a large write waits behind what cannot leave with it', (t) => {
  const { A, B, told, batches, submission } = make(3);
  const sent = () => told.filter((one) => Array.isArray(one) && one[0] === 'send').length;
  // Cut off in the middle of what was gathered.
  submission.writeString(A, 'head', false);
  t.is(submission.writeLarge(A, Buffer.alloc(16_384), false), 16_384);
  t.is(sent(), 1);
  // Behind an owned piece, a file, and a write that another's stands behind.
  t.is(submission.writeLarge(A, Buffer.alloc(16_384), false), 16_384);
  submission.writeString(A, 'once more', false);
  t.is(submission.writeLarge(A, Buffer.alloc(16_384), false), 16_384);
  submission.writeFile(B, {} as NativeFileHandle, false);
  t.is(submission.writeLarge(B, Buffer.alloc(16_384), false), 16_384);
  t.is(sent(), 1);
  submission.flush();
  const [batch = []] = batches;
  t.deepEqual(
    batch.filter(({ op }) => op === Op.WRITE).map(({ payload }) => payload),
    ['d', 'once more'],
  );
});

test('a batch that is full is submitted before the turn ends, and nothing is lost', (t) => {
  const { A, told, batches, submission } = make();
  const piece = 'y'.repeat(4_000);
  for (let i = 0; i < 200; i += 1) submission.writeString(A, piece, false);
  submission.flush();
  t.is(told.filter((one) => one === 'submit').length, submission.count);
  t.true(submission.count > 2);
  const bytes = batches.flat().reduce((sum, { payload }) => sum + payload.length, 0);
  t.is(bytes, 200 * piece.length);
});

test('a datagram has its address in front', (t) => {
  const { A, batches, submission } = make();
  t.is(submission.sendDatagram(A, Buffer.from('addr'), 'data', true), 4);
  t.is(submission.sendDatagram(A, null, Buffer.from('peer'), false), 4);
  submission.flush();
  t.deepEqual(batches, [
    [
      {
        op: Op.SEND,
        flags: Flag.NOTIFY | (4 << Packet.ADDRESS_SHIFT),
        to: 3,
        payload: 'addrdata',
      },
      { op: Op.SEND, flags: 0, to: 3, payload: 'peer' },
    ],
  ]);
});

test('a RegExp is shared before a record refers to it', (t) => {
  const { A, told, submission } = make();
  const regexp = {} as NativeRegExpHandle;
  const sequence = Buffer.from('/x');
  const framing = { kind: FramingKind.REGEXP, parameter: 0, adjust: 0, sequence, regexp };
  const rest = { epoch: 1, limit: 10, consumed: 0, mayCut: true, text: false, last: false };
  submission.reframe(A, { framing, ...rest });
  t.deepEqual(told, ['share', 'begun']);
});

test('what throws leaves the batch as it was', (t) => {
  const { A, batches, submission } = make();
  submission.writeString(A, 'one', false);
  t.throws(() => submission.writeLarge(A, Buffer.alloc(MOST + 1), true), { message: 'no memory' });
  submission.writeString(A, 'two', false);
  submission.flush();
  t.deepEqual(batches, [
    [
      { op: Op.WRITE, flags: 0, to: 3, payload: 'one' },
      { op: Op.WRITE, flags: 0, to: 3, payload: 'two' },
    ],
  ]);
});
