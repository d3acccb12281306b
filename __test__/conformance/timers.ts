import { Clock } from '../helpers/clock.ts';
import { Lockstep } from '../helpers/lockstep.ts';
import { collectUncaught } from '../helpers/uncaught.ts';
import { eventually, milliseconds, turn } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

/** SPEC §§5, 7: timeouts of a stream, and the timers of the engine. */
export function timers(suite: Suite): void {
  timeouts(suite);
  engine(suite);
}

function timeouts(suite: Suite): void {
  suite.both('X10: idleTimeout: nothing read, nothing written', async (scene, t, side) => {
    const before = performance.now();
    const { log, peer } = await scene.open(side, { idleTimeout: 60 });
    const info = await log.closed();
    const took = performance.now() - before;
    t.true(took >= 55 && took < 2_000, `${took} ms`);
    t.deepEqual(log.hooks, ['connect', 'close timeout']);
    t.is((info.error as NodeJS.ErrnoException).code, 'ERR_IDLE_TIMEOUT');
    await peer.gone();
  });

  suite.both('X10: idleTimeout begins again with what is read', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, { idleTimeout: 1_000 });
    const before = performance.now();
    for (let count = 1; count <= 8; count++) {
      await milliseconds(150);
      await peer.write('x');
    }
    t.deepEqual(log.text, 'x'.repeat(log.data.length));
    await log.closed();
    t.true(performance.now() - before >= 2_150);
    t.is(log.text, 'xxxxxxxx');
    t.is(log.order.at(-1), 'close timeout');
  });

  suite.both('X10: idleTimeout begins again with what is written', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { idleTimeout: 1_000 });
    const before = performance.now();
    for (let count = 1; count <= 8; count++) {
      await milliseconds(150);
      channel.write('x');
    }
    await log.closed();
    t.true(performance.now() - before >= 2_150);
    t.is(peer.text, 'xxxxxxxx');
  });

  suite.both('frameTimeout: a frame that has begun must be complete', async (scene, t, side) => {
    const options = { readDelimiter: '\n', frameTimeout: 60 };
    const { log, peer } = await scene.open(side, options);
    // No frame has begun: no time runs.
    await milliseconds(100);
    t.deepEqual(log.hooks, ['connect']);
    await peer.write('whole\n');
    await milliseconds(100);
    t.deepEqual(log.hooks, ['connect', 'read whole']);
    const before = performance.now();
    await peer.write('part');
    const info = await log.closed();
    const took = performance.now() - before;
    t.true(took >= 55 && took < 2_000, `${took} ms`);
    t.deepEqual(log.hooks, ['connect', 'read whole', 'close timeout']);
    t.is((info.error as NodeJS.ErrnoException).code, 'ERR_FRAME_TIMEOUT');
  });

  suite.both(
    'V2: frameTimeout: more bytes of the same frame do not help',
    async (scene, t, side) => {
      const options = { readDelimiter: '\n', frameTimeout: 80 };
      const { log, peer } = await scene.open(side, options);
      const before = performance.now();
      const timer = setInterval(() => !peer.closed && peer.socket.write('x'), 10);
      t.teardown(() => clearInterval(timer));
      await log.closed();
      const took = performance.now() - before;
      t.true(took >= 75 && took < 2_000, `${took} ms`);
      t.is(log.order.at(-1), 'close timeout');
    },
  );

  suite.both('frameTimeout: each frame has its own time', async (scene, t, side) => {
    const options = { readDelimiter: '\n', frameTimeout: 250 };
    const { log, peer } = await scene.open(side, options);
    await peer.write('0');
    for (let count = 1; count <= 6; count++) {
      await milliseconds(60);
      await peer.write(`\n${count}`);
    }
    peer.end();
    await log.closed();
    t.deepEqual(log.reads, ['0', '1', '2', '3', '4', '5']);
    t.is(log.order.at(-2), 'end 6');
  });

  suite.both('frameTimeout does not count while paused', async (scene, t, side) => {
    const lockstep = await Lockstep.start(scene);
    const options = { readDelimiter: '\n', frameTimeout: 40 };
    const { channel, log, peer } = await scene.open(side, options);
    await lockstep.send(peer, ['par']);
    channel.pause();
    await milliseconds(80);
    t.deepEqual(log.hooks, ['connect']);
    await peer.write('tial\n');
    channel.resume();
    await log.frames(1);
    t.deepEqual(log.reads, ['partial']);
  });

  suite.both('timeouts of 0 are none', async (scene, t, side) => {
    const options = { readDelimiter: '\n', idleTimeout: 0, frameTimeout: 0 };
    const { log, peer } = await scene.open(side, options);
    await peer.write('part');
    await milliseconds(30);
    t.deepEqual(log.hooks, ['connect']);
  });
}

function engine(suite: Suite): void {
  suite.test('engine: callback() once, from the event loop, with arguments', async (scene, t) => {
    const { Engine } = scene.impl;
    const engine = Engine.instance();
    t.is(Engine.instance(), engine);
    const seen: unknown[] = [];
    engine.callback((...args) => seen.push(...args), 'a', 1);
    const cancel = engine.callback(() => seen.push('cancelled'));
    cancel();
    cancel();
    t.deepEqual(seen, []);
    await eventually('called', () => seen.length > 0);
    await turn();
    t.deepEqual(seen, ['a', 1]);
  });

  suite.test('engine: loop() in every turn, until it is cancelled', async (scene, t) => {
    const seen: unknown[] = [];
    const cancel = scene.impl.Engine.instance().loop((name) => {
      seen.push(name);
      if (seen.length === 3) cancel();
    }, 'x');
    t.deepEqual(seen, []);
    await eventually('three calls', () => seen.length >= 3);
    await turn();
    await turn();
    t.deepEqual(seen, ['x', 'x', 'x']);
  });

  suite.test('engine: defer() after so many seconds', async (scene, t) => {
    const engine = scene.impl.Engine.instance();
    const seen: unknown[] = [];
    const before = performance.now();
    engine.defer(0.05, (name) => seen.push(name, performance.now() - before), 'x');
    const cancel = engine.defer(0.01, () => seen.push('cancelled'));
    cancel();
    await eventually('called', () => seen.length > 0);
    t.is(seen[0], 'x');
    t.true(Number(seen[1]) >= 45);
    t.is(seen.length, 2);
  });

  suite.test('engine: cycle() every so many seconds', async (scene, t) => {
    const seen: unknown[] = [];
    const before = performance.now();
    const cancel = scene.impl.Engine.instance().cycle(
      0.02,
      (name) => {
        seen.push(name);
        if (seen.length === 3) cancel();
      },
      'x',
    );
    await eventually('three calls', () => seen.length >= 3);
    t.true(performance.now() - before >= 50);
    await milliseconds(50);
    t.deepEqual(seen, ['x', 'x', 'x']);
  });

  suite.test('engine: defer() and cycle() beyond what one timer takes', (scene, t) => {
    const engine = scene.impl.Engine.instance();
    const day = 86_400;
    const clock = new Clock(t);
    const days = (count: number) => clock.pass(count * day * 1_000);
    const seen: unknown[] = [];
    engine.defer(60 * day, (name) => seen.push(name), 'defer');
    const cancelled = engine.defer(60 * day, () => seen.push('cancelled'));
    const cancel = engine.cycle(25 * day, (name) => seen.push(name), 'cycle');
    // One that never comes is no error.
    engine.defer(Number.MAX_VALUE, () => seen.push('never'))();
    days(24.9);
    t.deepEqual(seen, []);
    days(0.1);
    t.deepEqual(seen, ['cycle']);
    days(34.9);
    t.deepEqual(seen, ['cycle', 'cycle']);
    cancelled();
    days(0.1);
    t.deepEqual(seen, ['cycle', 'cycle', 'defer']);
    days(15);
    t.is(seen.length, 4);
    cancel();
    days(100);
    t.is(seen.length, 4);
  });

  suite.test('engine: a cycle() may be cancelled from what it calls', (scene, t) => {
    const clock = new Clock(t);
    let calls = 0;
    const cancel = scene.impl.Engine.instance().cycle(1, () => {
      calls += 1;
      cancel();
    });
    clock.pass(5_000);
    t.is(calls, 1);
  });

  suite.test('engine: defer(0) and cycle(0): as soon as timers run', async (scene, t) => {
    const engine = scene.impl.Engine.instance();
    const seen: unknown[] = [];
    engine.defer(0, () => seen.push('defer'));
    const cancel = engine.cycle(0, () => {
      seen.push('cycle');
      if (seen.length >= 3) cancel();
    });
    t.deepEqual(seen, [], 'not inside the call');
    await eventually('three calls', () => seen.length >= 3);
    await milliseconds(5);
    t.deepEqual(seen, ['defer', 'cycle', 'cycle']);
  });

  suite.test('engine: what is no time', (scene, t) => {
    const engine = scene.impl.Engine.instance();
    const call = () => t.fail();
    for (const seconds of [-1, -0.001, Number.NaN, Infinity, -Infinity]) {
      t.throws(() => engine.defer(seconds, call), { code: 'ERR_INVALID_ARG_VALUE' }, `${seconds}`);
      t.throws(() => engine.cycle(seconds, call), { code: 'ERR_INVALID_ARG_VALUE' }, `${seconds}`);
    }
    for (const seconds of ['1', null, undefined, 1n, {}] as never[]) {
      t.throws(() => engine.defer(seconds, call), { code: 'ERR_INVALID_ARG_TYPE' });
      t.throws(() => engine.cycle(seconds, call), { code: 'ERR_INVALID_ARG_TYPE' });
    }
  });

  suite.test('engine: what a timer throws is uncaught, and the timer goes on', async (scene, t) => {
    const uncaught = collectUncaught(t);
    const engine = scene.impl.Engine.instance();
    let calls = 0;
    const fail = (name: unknown) => {
      calls += 1;
      throw new Error(`${name}`);
    };
    engine.callback(fail, 'callback');
    engine.defer(0.005, fail, 'defer');
    const cancels = [engine.loop(fail, 'loop'), engine.cycle(0.005, fail, 'cycle')];
    const count = (name: string) =>
      uncaught.filter((error) => (error as Error).message === name).length;
    await eventually(
      'errors',
      () => count('loop') >= 2 && count('cycle') >= 2 && count('defer') > 0,
    );
    for (const cancel of cancels) cancel();
    t.is(count('callback'), 1);
    t.is(count('defer'), 1);
    t.is(uncaught.length, calls);
  });

  suite.test('engine: channels and stats() know what is open', async (scene, t) => {
    const engine = scene.impl.Engine.instance();
    await eventually('what others left', () => engine.channels.size === 0);
    const { channel, log, server } = await scene.openConnection();
    t.is(engine.channels.size, 2);
    t.is(typeof engine.stats(), 'object');
    channel.close();
    await log.closed();
    await turn();
    t.is(engine.channels.size, 1);
    await server?.end();
    await turn();
    t.is(engine.channels.size, 0);
  });

  suite.test('engine: start() and stop() are there for a last line', (scene, t) => {
    const engine = scene.impl.Engine.instance();
    t.notThrows(() => {
      engine.start();
      engine.stop();
    });
  });
}
