import test from 'ava';

import type { NativeEngineHandle } from '../../js/binding.ts';
import { Op, Reason } from '../../js/generated/wire.ts';
import { Dispatcher } from '../../js/reactor/dispatcher.ts';
import type { Chunk, Datagrams, Handler, Tally } from '../../js/reactor/handler.ts';
import { Registry } from '../../js/reactor/registry.ts';
import {
  accepted,
  acceptFailed,
  closed,
  connected,
  data,
  datagramFailed,
  datagrams,
  drained,
  dropped,
  finished,
  type Id,
  outgrown,
  peerSet,
  proxyFailed,
  type Record,
  Script,
  unknown,
} from './batch.ts';

// No socket, no reactor: completions are read from a script, and links are what writes them down.

/** A dispatcher over a script, and what has come of it. */
function play(...batches: Record[][]) {
  const told: unknown[] = [];
  const script = new Script(...batches);
  const registry = new Registry(() => {});
  const late: { goOn(): void; bytesLeft: number }[] = [];
  /** After so many records a turn is over. */
  const budget = { spent: false, overdrawn: false, elapsed: 0, left: Number.POSITIVE_INFINITY };
  const turn = {
    budget: Object.assign(budget, {
      begin: () => {},
      count: () => {
        budget.left -= 1;
        budget.spent = budget.left <= 0;
      },
    }),
    nextLate: () => late.shift(),
    get lateBytes() {
      return late.reduce((sum, { bytesLeft }) => sum + bytesLeft, 0);
    },
    end: () => told.push('end'),
  };
  const host = {
    registry,
    submission: {
      request: (op: number, { index }: { index: number }) => told.push(['request', op, index]),
    },
    turn: turn as never,
    died: (error: Error) => told.push((error as NodeJS.ErrnoException).code),
    uncaught: (error: unknown) => told.push((error as Error).message),
  };
  const { take, lend, reclaim } = script;
  const binding = { take, lend, reclaim, setPace: () => {} };
  const dispatcher = new Dispatcher(binding, {} as NativeEngineHandle, host);
  return { told, script, registry, late, budget, dispatcher };
}

/** A handler with these methods; what each is told is written down under its name. */
function handler(told: unknown[], [index, generation]: Id, ...names: (keyof Handler)[]): Handler {
  const own = Object.fromEntries(
    names.map((name) => [name, (...given: unknown[]) => told.push([name, ...given.map(plain)])]),
  );
  const rest = { frames: 0, closed: () => {}, lost: () => {}, close: () => {} };
  return { index, generation, ...rest, ...own };
}

/** What is reused from record to record is looked at now. */
function plain(given: unknown): unknown {
  if (typeof given !== 'object' || given === null) return given;
  if ('frames' in given) return framesOf(given as Chunk);
  if ('count' in given) return bytesOf(given as Datagrams);
  return 'keep' in given ? 'slab' : given;
}

function framesOf({ bytes, start, length, words, at, frames }: Chunk): string[] {
  const text = bytes.toString('latin1', start, start + length);
  const cuts = words.subarray(at, at + 2 * frames);
  return Array.from({ length: frames }, (_, i) => text.slice(cuts[2 * i], cuts[2 * i + 1]));
}

function bytesOf({ bytes, start, count }: Datagrams): { count: number; bytes: string } {
  return { count, bytes: bytes.toString('latin1', start, start + 8) };
}

const A: Id = [0, 7];
const B: Id = [1, 1];

test('each kind of completion comes to the method that is for it', (t) => {
  const { told, registry, dispatcher } = play([
    data(A, 'one\ntwo\n'),
    drained(A, 5 * 2 ** 32 + 9),
    connected(A, 12, 'about'),
    outgrown(A, 'too long'),
    finished(A, 'rest'),
    accepted([4, 2], A, 13, 'peer'),
    acceptFailed(A, 24),
    dropped(A, 'refused'),
    proxyFailed(A, 2, 'proxy'),
    datagrams(A, 'from', ['abcd', 'ef']),
    datagramFailed(A, 111, 'to'),
    peerSet(A, 0, 'own'),
  ]);
  const names = ['data', 'drained', 'connected', 'outgrown', 'finished', 'accepted'] as const;
  const more = [
    ...(['acceptFailed', 'dropped', 'proxyFailed'] as const),
    ...(['datagrams', 'failed', 'peerSet'] as const),
  ];
  registry.join(handler(told, A, ...names, ...more));
  t.false(dispatcher.handleAll());
  t.deepEqual(told, [
    'end',
    ['data', ['one', 'two']],
    ['drained', 5 * 2 ** 32 + 9],
    ['connected', 12, 'about'],
    ['outgrown', 'slab', 13, 8],
    ['finished', 'slab', 21, 4],
    ['accepted', { index: 4, generation: 2 }, 13, 'peer', false],
    ['acceptFailed', 24],
    ['dropped', 'refused'],
    ['proxyFailed', 2, 'proxy'],
    ['datagrams', { count: 2, bytes: 'fromabcd' }],
    ['failed', 111, 8, 3, 'to'],
    ['peerSet', 0, 'own'],
    'end',
  ]);
});

test('what a kind of channel has no method for is stepped over', (t) => {
  const { told, registry, dispatcher } = play([
    data(A, 'one\n'),
    datagrams(A, 'from', ['abcd']),
    finished(A, 'rest'),
    drained(A, 3),
  ]);
  registry.join(handler(told, A, 'drained'));
  dispatcher.handleAll();
  t.deepEqual(told, ['end', ['drained', 3], 'end']);
});

test('an end comes with its reason and with what was counted', (t) => {
  const { told, registry, dispatcher } = play([closed(A, Reason.CONNECT, -111, 'why')]);
  registry.join(handler(told, A, 'closed'));
  dispatcher.handleAll();
  const [, [, end]] = told as [unknown, [unknown, { tally: Tally }]];
  const { tally, ...rest } = end;
  t.deepEqual(rest, { reason: Reason.CONNECT, errno: -111, syscall: 2, detail: 'why' } as never);
  t.deepEqual(Array.from(tally).slice(0, 3), [0, 2 ** 32 + 1, 2]);
});

test('news of a channel that is gone are dropped; of one whose index is reused, they arrive', (t) => {
  const { told, registry, dispatcher } = play([
    data([A[0], 6], 'stale\n'),
    data(A, 'first\n'),
    data([A[0], 8], 'second\n'),
  ]);
  registry.join(handler(told, A, 'data'));
  registry.join(handler(told, [A[0], 8], 'data'));
  dispatcher.handleAll();
  t.deepEqual(told, ['end', ['data', ['first']], ['data', ['second']], 'end']);
});

test('a socket that no server takes is closed', (t) => {
  const { told, registry, dispatcher } = play([
    accepted([4, 2], A, 13, 'peer'),
    accepted([5, 2], B, 14, 'peer'),
  ]);
  registry.join(handler(told, B, 'data'));
  dispatcher.handleAll();
  t.deepEqual(told, ['end', ['request', Op.CLOSE, 4], ['request', Op.CLOSE, 5], 'end']);
});

test('a handler that throws is reported, and the next record is read as if nothing had happened', (t) => {
  const { told, registry, dispatcher } = play([data(A, 'one\n'), data(B, 'two\n')]);
  const throwing = () => {
    throw new Error('thrown');
  };
  registry.join({ ...handler(told, A), data: throwing });
  registry.join(handler(told, B, 'data'));
  dispatcher.handleAll();
  t.deepEqual(told, ['end', 'thrown', ['data', ['two']], 'end']);
});

test('what the budget leaves goes on in the next turn: first who was interrupted', (t) => {
  const batch = [data(A, '1\n'), data(A, '2\n'), data(A, '3\n')];
  const { told, registry, dispatcher, budget, late } = play(batch);
  registry.join(handler(told, A, 'data'));
  budget.left = 2;
  t.true(dispatcher.handleAll());
  t.deepEqual(told.splice(0), ['end', ['data', ['1']], ['data', ['2']], 'end']);
  late.push({ goOn: () => told.push('late'), bytesLeft: 1 });
  Object.assign(budget, { spent: false, left: Number.POSITIVE_INFINITY });
  t.false(dispatcher.handleAll());
  t.deepEqual(told, ['late', ['data', ['3']], 'end']);
});

test('each batch ends before the next is taken', (t) => {
  const { told, registry, dispatcher } = play([data(A, '1\n')], [data(A, '2\n')]);
  registry.join(handler(told, A, 'data'));
  dispatcher.handleAll();
  t.deepEqual(told, ['end', ['data', ['1']], 'end', ['data', ['2']], 'end']);
});

test('a batch that does not fit is taken when there is room for it', (t) => {
  const large = `${'x'.repeat(300_000)}\n`;
  const many = Array.from({ length: 20_000 }, () => data(A, 'y\n'));
  const { told, script, registry, dispatcher } = play([data(A, large)], many);
  registry.join(handler(told, A, 'data'));
  dispatcher.handleAll();
  t.is(script.grown, 2);
  const frames = told.filter((one) => one !== 'end') as [string, string[]][];
  t.is(frames.length, 20_001);
  t.is(frames[0]?.[1][0]?.length, 300_000);
});

test('what is long comes in memory that was lent, which is lent again when it was read', (t) => {
  const [first, second] = [`${'1'.repeat(200_000)}\n`, `${'2'.repeat(200_000)}\n`];
  const { told, script, registry, dispatcher } = play(
    [data(A, first)],
    [data(A, first)],
    [data(A, second)],
    [data(A, 'few\n')],
  );
  const lent: Set<Uint8Array> = new Set();
  const link = handler(told, A);
  registry.join({
    ...link,
    data: (chunk: Chunk) => {
      for (const memory of script.loans.values()) lent.add(memory);
      told.push([script.loans.size, framesOf(chunk)[0]?.slice(0, 3)]);
    },
  });
  dispatcher.handleAll();
  const read = told.filter((one) => one !== 'end');
  // The first was copied, and the last.
  t.deepEqual(read, [
    [0, '111'],
    [0, '111'],
    [0, '222'],
    [1, 'few'],
  ]);
  t.is(lent.size, 1);
});

test('memory that somebody keeps is not lent again, but other', (t) => {
  const [first, second] = [`${'1'.repeat(200_000)}\n`, `${'2'.repeat(200_000)}\n`];
  const batches = [first, first, second, second].map((text) => [data(A, text)]);
  const { script, registry, dispatcher } = play(...batches);
  const kept: string[] = [];
  const buffers: Buffer[] = [];
  const undeliverable = (error: Error) => t.fail(error.message);
  registry.join({
    ...handler([], A),
    data: ({ slab, start, length }: Chunk) => {
      const at = slab.keep(start, start + length, { undeliverable });
      buffers.push(slab.bytes.subarray(at, at + length));
      kept.push(buffers.at(-1)?.toString() ?? '');
    },
  });
  dispatcher.handleAll();
  t.is(script.loans.size, 1);
  t.deepEqual(kept, [first, first, second, second]);
  t.deepEqual(buffers.map(String), kept, 'nothing was read over them');
  t.is(new Set(buffers.map(({ buffer }) => buffer)).size, 4);
});

test('a reactor that has died, and a record that nobody knows', (t) => {
  const { told, script, registry, dispatcher } = play([unknown(A), data(A, 'lost\n')]);
  registry.join(handler(told, A, 'data'));
  script.failed = true;
  t.false(dispatcher.handleAll());
  const foreign = 'a completion of kind 250: addon and package do not match';
  t.deepEqual(told, ['end', foreign, 'end', 'ERR_ENGINE_FAILED']);
});
