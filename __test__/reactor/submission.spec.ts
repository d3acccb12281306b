import test from 'ava';

import type { NativeFileHandle, NativeRegExpHandle } from '../../js/binding.ts';
import { Flag, FramingKind, HEADER_WORDS, Op, Packet } from '../../js/generated/wire.ts';
import { Submission } from '../../js/reactor/submission.ts';

const A = { index: 3, generation: 7 };
const B = { index: 4, generation: 1 };
/** So much can be handed over. */
const MOST = 1_000_000;

/** A record as the reactor would read it. */
interface Read {
  readonly op: number;
  readonly flags: number;
  readonly to: number;
  readonly payload: string;
}

/** A submission, and what its sink was told. */
function make() {
  const told: unknown[] = [];
  const batches: Read[][] = [];
  const submission = new Submission({
    begun: () => told.push('begun'),
    submit: (records, length) => {
      told.push('submit');
      batches.push(read(records, length));
    },
    pushOwned: (data) => {
      if (data.length > MOST) throw new RangeError('no memory');
      told.push(['owned', data.length]);
    },
    pushFile: () => told.push('file'),
    share: () => told.push('share'),
  });
  return { told, batches, submission };
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
  const { told, submission } = make();
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
  const { batches, submission } = make();
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
  const { batches, submission } = make();
  submission.writeString(A, 'before', false);
  submission.request(Op.SHUTDOWN, A);
  submission.flush();
  submission.writeString(A, 'next batch', false);
  submission.flush();
  const ops = batches.map((batch) => batch.map(({ op }) => op));
  t.deepEqual(ops, [[Op.WRITE, Op.SHUTDOWN], [Op.WRITE]]);
});

test('large writes and files are handed over beside the batch, in order', (t) => {
  const { told, batches, submission } = make();
  submission.writeString(A, 'head', false);
  submission.writeBytes(A, Buffer.alloc(20_000), true);
  submission.writeFile(A, {} as NativeFileHandle, false);
  submission.writeString(A, 'x'.repeat(10_000), false);
  submission.flush();
  t.deepEqual(told, ['begun', ['owned', 20_000], 'file', 'submit']);
  const [batch = []] = batches;
  t.deepEqual(
    batch.map(({ op, flags, payload }) => [op, flags, payload.length]),
    [
      [Op.WRITE, 0, 4],
      [Op.WRITE_OWNED, Flag.NOTIFY, 0],
      [Op.WRITE_OWNED, 0, 0],
      [Op.WRITE, 0, 10_000],
    ],
  );
});

test('a batch that is full is submitted before the turn ends, and nothing is lost', (t) => {
  const { told, batches, submission } = make();
  const piece = 'y'.repeat(4_000);
  for (let i = 0; i < 200; i += 1) submission.writeString(A, piece, false);
  submission.flush();
  t.is(told.filter((one) => one === 'submit').length, submission.count);
  t.true(submission.count > 2);
  const bytes = batches.flat().reduce((sum, { payload }) => sum + payload.length, 0);
  t.is(bytes, 200 * piece.length);
});

test('a datagram has its address in front', (t) => {
  const { batches, submission } = make();
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
  const { told, submission } = make();
  const regexp = {} as NativeRegExpHandle;
  const sequence = Buffer.from('/x');
  const framing = { kind: FramingKind.REGEXP, parameter: 0, adjust: 0, sequence, regexp };
  const rest = { epoch: 1, limit: 10, consumed: 0, mayCut: true, text: false, last: false };
  submission.reframe(A, { framing, ...rest });
  t.deepEqual(told, ['share', 'begun']);
});

test('what throws leaves the batch as it was', (t) => {
  const { batches, submission } = make();
  submission.writeString(A, 'one', false);
  t.throws(() => submission.writeBytes(A, Buffer.alloc(MOST + 1), true), { message: 'no memory' });
  submission.writeString(A, 'two', false);
  submission.flush();
  t.deepEqual(batches, [
    [
      { op: Op.WRITE, flags: 0, to: 3, payload: 'one' },
      { op: Op.WRITE, flags: 0, to: 3, payload: 'two' },
    ],
  ]);
});
