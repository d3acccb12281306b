import test from 'ava';

import type { NativeFileHandle, NativeRegExpHandle } from '../../js/binding.ts';
import { Flag, FramingKind, HEADER_WORDS, Op, Packet } from '../../js/generated/wire.ts';
import { Submission, type TextWriter, type Writer } from '../../js/reactor/submission.ts';

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

/** A channel's writing half: what it was told of its strings. */
class Half implements TextWriter {
  text = '';
  lastEnd = -1;
  wantsDrain = false;
  bytes: number[] = [];
  readonly target: Writer;

  constructor(target: Writer) {
    this.target = target;
  }

  encoded(bytes: number): void {
    this.bytes.push(bytes);
  }
}

/**
 * A submission, what its sink was told, and two channels. Of a large write `takes` bytes leave at once.
 */
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
  return { A, B, told, batches, submission, a: new Half(A), b: new Half(B) };
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
  const { B, told, submission, a } = make();
  submission.gather(a, 'one');
  submission.request(Op.PAUSE, B);
  submission.gather(a, 'two');
  t.deepEqual(told, ['begun']);
  submission.flush();
  submission.flush();
  submission.request(Op.RESUME, B);
  submission.gather(a, 'three');
  t.deepEqual(told, ['begun', 'submit', 'begun']);
  t.is(submission.count, 1);
});

test('strings to one channel are one record, whatever comes in between for others', (t) => {
  const { B, batches, submission, a, b } = make();
  a.wantsDrain = true;
  submission.gather(a, 'é');
  submission.gather(b, 'b');
  submission.request(Op.PAUSE, B);
  submission.gather(a, 'xyz');
  t.deepEqual(a.bytes, []);
  submission.flush();
  t.deepEqual(a.bytes, [5]);
  t.deepEqual(b.bytes, [1]);
  t.deepEqual(batches, [
    [
      { op: Op.PAUSE, flags: 0, to: 4, payload: '' },
      { op: Op.WRITE, flags: Flag.WANTS_DRAIN, to: 3, payload: '\xc3\xa9xyz' },
      { op: Op.WRITE, flags: 0, to: 4, payload: 'b' },
    ],
  ]);
  t.is(a.text, '');
});

test('an empty string is a record, too', (t) => {
  const { batches, submission, a } = make();
  submission.gather(a, '');
  submission.flush();
  submission.gather(a, '');
  submission.flush();
  const empty = { op: Op.WRITE, flags: 0, to: 3, payload: '' };
  t.deepEqual(batches, [[empty], [empty]]);
  t.deepEqual(a.bytes, [0, 0]);
});

test('who asks has his strings encoded, and only his; the next are behind that', (t) => {
  const { A, batches, submission, a, b } = make();
  submission.gather(a, 'before');
  submission.gather(b, 'b');
  submission.encode(a);
  submission.encode(a);
  t.deepEqual(a.bytes, [6]);
  t.deepEqual(b.bytes, []);
  submission.request(Op.WANTS_DRAIN, A);
  submission.gather(a, 'after');
  submission.flush();
  const to = (index: number) => batches.flat().filter((record) => record.to === index);
  t.deepEqual(
    to(3).map(({ op, payload }) => [op, payload]),
    [
      [Op.WRITE, 'before'],
      [Op.WANTS_DRAIN, ''],
      [Op.WRITE, 'after'],
    ],
  );
  t.deepEqual(
    to(4).map(({ payload }) => payload),
    ['b'],
  );
});

test('strings and bytes to one channel in a row are one record', (t) => {
  const { A, batches, submission, a } = make();
  submission.gather(a, 'one');
  submission.encode(a);
  t.is(submission.writeBytes(A, Buffer.from('xyz'), true), 3);
  submission.gather(a, 'two');
  submission.flush();
  t.deepEqual(batches, [[{ op: Op.WRITE, flags: Flag.WANTS_DRAIN, to: 3, payload: 'onexyztwo' }]]);
});

test('each string is encoded by itself: halves of a pair in two of them are no pair', (t) => {
  const { batches, submission, a, b } = make();
  for (const data of ['a\ud83d', '\ude00', 'ä', '\ud83d', '\ude00\ud83d\ude00']) {
    submission.gather(a, data);
  }
  submission.gather(b, '\ud83d\ude00');
  submission.flush();
  const [one, other] = batches.flat().map(({ payload }) => Buffer.from(payload, 'latin1'));
  t.is(one?.toString(), 'a\ufffd\ufffdä\ufffd\ufffd\u{1f600}');
  t.is(other?.toString(), '\u{1f600}');
  t.deepEqual([...a.bytes, ...b.bytes], [one?.length, other?.length]);
});

test('the same string to many channels', (t) => {
  const { A, B, batches, submission, a, b } = make();
  const targets = Array.from({ length: 300 }, (_, index) => writer(index));
  const halves = targets.map((target) => new Half(target));
  const text = 'ä string to everybody '.repeat(100);
  for (const half of halves) submission.gather(half, text);
  submission.gather(a, `${text}.`);
  submission.gather(b, text);
  submission.flush();
  const expected = Buffer.from(text).toString('latin1');
  const records = batches.flat();
  t.deepEqual(records.length, 302);
  t.true(submission.count > 1);
  for (const [at, { to, payload }] of records.entries()) {
    t.is(to, [...targets, A, B][at]?.index ?? -1);
    t.is(payload, at === 300 ? `${expected}.` : expected);
  }
  t.deepEqual(halves.at(-1)?.bytes, [expected.length]);
});

test('an equal text whose pair is split is encoded by itself, and is none for those that follow', (t) => {
  const { batches, submission, a, b } = make();
  const c = new Half(writer(5));
  submission.gather(a, '\ud83d\ude00');
  submission.gather(b, '\ud83d');
  submission.gather(b, '\ude00');
  submission.gather(c, '\ud83d\ude00');
  submission.flush();
  t.deepEqual(
    batches.flat().map(({ payload }) => Buffer.from(payload, 'latin1').toString()),
    ['\u{1f600}', '\ufffd\ufffd', '\u{1f600}'],
  );
});

test('a request stands between the writes before it and those behind it', (t) => {
  const { A, batches, submission } = make();
  submission.writeBytes(A, Buffer.from('before'), false);
  submission.request(Op.SHUTDOWN, A);
  submission.flush();
  submission.writeBytes(A, Buffer.from('next batch'), false);
  submission.flush();
  const ops = batches.map((batch) => batch.map(({ op }) => op));
  t.deepEqual(ops, [[Op.WRITE, Op.SHUTDOWN], [Op.WRITE]]);
});

test('large writes and files are handed over beside the batch, in order', (t) => {
  const { A, told, batches, submission } = make();
  submission.writeBytes(A, Buffer.from('head'), false);
  t.is(submission.writeLarge(A, Buffer.alloc(20_000), true), 20_000);
  submission.writeFile(A, {} as NativeFileHandle, false);
  submission.writeBytes(A, Buffer.alloc(10_000), false);
  submission.flush();
  const owned = [15_000, 5_000].map((size) => ['owned', size]);
  t.deepEqual(told, ['begun', ['send', 0, 'head', 20_000], ...owned, 'file', 'submit']);
  const [batch = []] = batches;
  t.deepEqual(
    batch.map(({ op, flags, payload }) => [op, flags, payload.length]),
    [
      [Op.WRITE, 0, 4],
      [Op.WRITE_OWNED, Flag.WANTS_DRAIN, 0],
      [Op.WRITE_OWNED, Flag.WANTS_DRAIN, 0],
      [Op.WRITE_OWNED, 0, 0],
      [Op.WRITE, 0, 10_000],
    ],
  );
});

test('a large write leaves at once, with what was gathered for its channel and nobody else', (t) => {
  const { A, B, told, batches, submission } = make(20_004);
  const large = Buffer.alloc(20_000);
  submission.writeBytes(B, Buffer.from('other'), false);
  submission.writeBytes(A, Buffer.from('head'), true);
  t.is(submission.writeLarge(A, large, true), 0);
  t.is(submission.writeLarge(A, large, true), 0);
  submission.writeBytes(A, Buffer.from('tail'), false);
  submission.flush();
  t.deepEqual(told, ['begun', ['send', 0, 'head', 20_000], ['send', 0, '', 20_000], 'submit']);
  t.deepEqual(batches.at(-1), [
    { op: Op.WRITE, flags: 0, to: 4, payload: 'other' },
    { op: Op.WRITE, flags: 0, to: 3, payload: 'tail' },
  ]);
  // It is to be done before what leaves now.
  t.is(submission.writeLarge(A, large, false), 0);
  t.deepEqual(told.at(-1), ['send', 1, '', 20_000]);
  submission.writeBytes(A, Buffer.from('more'), false);
  submission.writeLarge(A, large, false);
  t.deepEqual(told.at(-1), ['send', 1, 'more', 20_000]);
});

test('a large write waits behind what cannot leave with it', (t) => {
  const { A, B, told, batches, submission } = make(3);
  const sent = () => told.filter((one) => Array.isArray(one) && one[0] === 'send').length;
  // Cut off in the middle of what was gathered.
  submission.writeBytes(A, Buffer.from('head'), false);
  t.is(submission.writeLarge(A, Buffer.alloc(16_384), false), 16_384);
  t.is(sent(), 1);
  // Behind an owned piece, a file, and a write that another's stands behind.
  t.is(submission.writeLarge(A, Buffer.alloc(16_384), false), 16_384);
  submission.writeBytes(A, Buffer.from('once more'), false);
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

test('bytes behind others for which the batch has too little memory', (t) => {
  const { A, batches, submission } = make();
  for (let i = 0; i < 40; i += 1) submission.writeBytes(A, Buffer.alloc(1_000, `${i % 10}`), false);
  submission.flush();
  const [record] = batches.flat();
  t.is(record?.payload, Array.from({ length: 40 }, (_, i) => `${i % 10}`.repeat(1_000)).join(''));
});

test('a batch that is full is submitted before the turn ends, and nothing is lost', (t) => {
  const { told, batches, submission, a, b } = make();
  const piece = 'y'.repeat(4_000);
  for (let i = 0; i < 200; i += 1) {
    submission.gather(a, piece);
    submission.gather(b, 'ä');
  }
  submission.flush();
  t.is(told.filter((one) => one === 'submit').length, submission.count);
  t.is(told.filter((one) => one === 'begun').length, 1);
  t.true(submission.count > 2);
  const bytes = batches.flat().reduce((sum, { payload }) => sum + payload.length, 0);
  t.is(bytes, 200 * piece.length + 400);
  t.is(
    b.bytes.reduce((sum, one) => sum + one),
    400,
  );
});

test('what is gathered is bounded: strings that fill it are encoded before the turn ends', (t) => {
  const { batches, submission, a } = make();
  for (let i = 0; i < 2_000_000 && a.bytes.length === 0; i += 1) submission.gather(a, '');
  t.is(a.bytes.length, 1);
  for (let i = 0; i < 2_000_000 && batches.length === 0; i += 1) submission.gather(a, 'xy');
  t.is(batches.length, 1);
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
        flags: Flag.WANTS_DRAIN | (4 << Packet.ADDRESS_SHIFT),
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
  const rest = { epoch: 1, limit: 10, passedOn: 0, mayCut: true, text: false, last: false };
  submission.reframe(A, { framing, ...rest });
  t.deepEqual(told, ['share', 'begun']);
});

test('what throws leaves the batch as it was', (t) => {
  const { A, batches, submission } = make();
  submission.writeBytes(A, Buffer.from('one'), false);
  t.throws(() => submission.writeLarge(A, Buffer.alloc(MOST + 1), true), { message: 'no memory' });
  submission.writeBytes(A, Buffer.from('two'), false);
  submission.flush();
  t.deepEqual(batches, [
    [
      { op: Op.WRITE, flags: 0, to: 3, payload: 'one' },
      { op: Op.WRITE, flags: 0, to: 3, payload: 'two' },
    ],
  ]);
});
