import test from 'ava';

import type { NativeBinding } from '../../js/binding.ts';
import { EADDRINUSE } from '../../js/check/errors.ts';
import type { Handler } from '../../js/reactor/handler.ts';
import { Reactor } from '../../js/reactor/reactor.ts';

// The binding is a fake: no thread begins, and what would have been asked of it is written
// down. One after the other: reactors of a thread know each other.

function make(answers: Partial<Record<keyof NativeBinding, () => unknown>> = {}) {
  const told: string[] = [];
  const binding = new Proxy({} as NativeBinding, {
    get: (_, name) => () => {
      told.push(String(name));
      return answers[name as keyof NativeBinding]?.() ?? {};
    },
  });
  return { told, reactor: new Reactor(binding, 'thread') };
}

/** A channel that closes when it is told to. */
function handler(told: string[], name: string, reactor: Reactor, more: Partial<Handler> = {}) {
  const finish = (what: string) => {
    told.push(`${name} ${what}`);
    reactor.registry.finish(own);
  };
  const own: Handler = {
    index: -1,
    generation: 0,
    frames: 1,
    closed: () => {},
    lost: () => finish('lost'),
    close: () => finish('closes'),
    ...more,
  };
  reactor.registry.begin(own);
  return own;
}

test.serial('its thread begins with the first use; to be asked for counters is none', (t) => {
  const { told, reactor } = make();
  t.is(reactor.stats().turns, 0);
  t.deepEqual(told, []);
  reactor.assertRunning();
  reactor.assertRunning();
  t.deepEqual(told, ['openEngine']);
});

test.serial('a thread that cannot begin is told, and tried again', (t) => {
  const { reactor } = make({
    openEngine: () => {
      throw new Error('no descriptors');
    },
  });
  for (let i = 0; i < 2; i += 1) {
    t.throws(() => reactor.assertRunning(), { code: 'ERR_ENGINE_FAILED', message: /descriptors/ });
  }
});

test.serial(
  'close() closes every channel, then the thread; afterwards nothing begins',
  async (t) => {
    const { told, reactor } = make();
    reactor.assertRunning();
    handler(told, 'first', reactor);
    handler(told, 'second', reactor);
    await Promise.all([reactor.close(), reactor.close()]);
    t.deepEqual(told, ['openEngine', 'first closes', 'second closes', 'closeEngine']);
    t.is(reactor.state, 'closed');
    t.is(reactor.stats().frames, 2);
    t.throws(() => reactor.assertRunning(), { code: 'ERR_ENGINE_CLOSED' });
    await reactor.close();
  },
);

test.serial('close() waits for channels that take their time', async (t) => {
  const { told, reactor } = make();
  reactor.assertRunning();
  const slow = handler(told, 'slow', reactor, { close: () => told.push('asked') });
  const closed = reactor.close().then(() => told.push('closed'));
  await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual(told, ['openEngine', 'asked']);
  reactor.registry.finish(slow);
  await closed;
  t.deepEqual(told, ['openEngine', 'asked', 'closeEngine', 'closed']);
});

test.serial('a thread that has died is the end of every channel, of servers last', async (t) => {
  const { told, reactor } = make();
  reactor.assertRunning();
  handler(told, 'server', reactor, { accepted: () => {} });
  handler(told, 'client', reactor);
  reactor.died(new Error('gone'));
  t.deepEqual(told, ['openEngine', 'client lost', 'server lost']);
  t.throws(() => reactor.assertRunning(), { code: 'ERR_ENGINE_CLOSED' });
  await reactor.close();
  t.is(told.at(-1), 'closeEngine');
});

test.serial('completions that cannot be taken are the end, too', (t) => {
  const { told, reactor } = make({
    take: () => {
      throw new Error('no memory');
    },
  });
  reactor.assertRunning();
  handler(told, 'client', reactor);
  reactor.turn.ring();
  t.deepEqual(told, ['openEngine', 'take', 'closeEngine', 'client lost']);
});

test.serial('the process is kept alive by the first, and let go by the last', (t) => {
  const { told, reactor } = make();
  t.false(reactor.isReferenced);
  reactor.ref();
  reactor.ref();
  reactor.unref();
  t.true(reactor.isReferenced);
  reactor.unref();
  t.deepEqual(told, ['openEngine', 'holdEngine', 'holdEngine']);
});

test.serial('what is asked for is submitted when the turn ends, or at once', async (t) => {
  const { told, reactor } = make();
  reactor.submission.request(1, { index: 0, generation: 1 });
  t.deepEqual(told, []);
  await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual(told, ['openEngine', 'submit']);
  reactor.submission.request(1, { index: 0, generation: 1 });
  reactor.submission.flush();
  t.is(told.length, 3);
});

test.serial('an address in use is tried once more when what was closed has left it', (t) => {
  const failure = { errno: EADDRINUSE, syscall: 'bind', address: '', message: '' };
  const { told, reactor } = make({ listen: () => ({ failure }) });
  handler(told, 'former', reactor);
  reactor.submission.request(9, { index: 0, generation: 1 });
  t.is(reactor.listen('', 80, {} as never).failure, failure);
  t.deepEqual(told, ['openEngine', 'listen', 'submit', 'catchUp', 'listen']);
});
