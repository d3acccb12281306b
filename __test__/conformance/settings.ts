import type { ReadDelimiter, StreamLike } from '../helpers/implementation.ts';
import { Lockstep } from '../helpers/lockstep.ts';
import { milliseconds } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

/** SPEC §5: what can be changed on a live channel. */
export function settings(suite: Suite): void {
  suite.both('idleTimeout, set on a live channel', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    // However long nothing has happened before: the clock begins now.
    await milliseconds(100);
    channel.idleTimeout = 80;
    const before = performance.now();
    await milliseconds(40);
    await peer.write('x');
    const info = await log.closed();
    const took = performance.now() - before;
    t.true(took >= 75 && took < 5_000, `${took} ms`);
    t.deepEqual(log.hooks, ['connect', 'read x', 'close timeout']);
    t.is((info.error as NodeJS.ErrnoException).code, 'ERR_IDLE_TIMEOUT');
  });

  suite.both('a timeout, taken back and made longer', async (scene, t, side) => {
    const timeouts = { idleTimeout: 60, frameTimeout: 60, readDelimiter: '\n' };
    const { channel, log, peer } = await scene.open(side, timeouts);
    channel.idleTimeout = 0;
    channel.frameTimeout = 30_000;
    await peer.write('begun');
    await milliseconds(150);
    t.deepEqual(log.order, ['connect']);
    peer.end('\n');
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read begun', 'end ', 'close end']);
  });

  suite.both('frameTimeout, set while a frame is incomplete', async (scene, t, side) => {
    const lockstep = await Lockstep.start(scene);
    // What a change of the delimiter has left is cut by the channel itself, elsewhere by its engine.
    const changes: ((channel: StreamLike) => void)[] = [
      () => {},
      (channel) => {
        channel.readDelimiter = ';' as ReadDelimiter;
      },
    ];
    for (const change of changes) {
      const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
      await lockstep.send(peer, ['begun']);
      change(channel);
      await lockstep.step();
      channel.frameTimeout = 50;
      const info = await log.closed();
      t.deepEqual(log.order, ['connect', 'close timeout']);
      t.is((info.error as NodeJS.ErrnoException).code, 'ERR_FRAME_TIMEOUT');
    }
  });

  suite.both('lingerTimeout, set after end()', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    peer.socket.pause();
    channel.write(Buffer.alloc(32 * 1024 * 1024));
    channel.end();
    channel.lingerTimeout = 50;
    const info = await log.closed();
    t.is(info.reason, 'timeout');
    t.is((info.error as NodeJS.ErrnoException).code, 'ERR_LINGER_TIMEOUT');
  });

  suite.both('highWaterMark and maxPendingBytes judge the next write', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    peer.socket.pause();
    const much = Buffer.alloc(32 * 1024 * 1024);
    t.false(channel.write(much));
    channel.highWaterMark = 2 * much.length;
    t.true(channel.write('more'));
    channel.highWaterMark = 0;
    t.false(channel.write('more'));
    channel.maxPendingBytes = 1_000;
    t.false(channel.write('too much'));
    t.is(channel.stats().refusedBytes, 8);
    const info = await log.closed();
    t.is((info.error as NodeJS.ErrnoException).code, 'ERR_PENDING_OVERFLOW');
  });

  suite.both('allowHalfOpen, set before the peer has finished', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, {}, (channel) => ({
      onEnd: () => setImmediate(() => channel.end('still here')),
    }));
    channel.allowHalfOpen = true;
    peer.end();
    await log.closed();
    await peer.finished();
    t.is(peer.text, 'still here');
  });

  suite.test('settings: set before connecting, they are kept', async (scene, t) => {
    const { channel, log } = scene.client({ idleTimeout: 10_000 });
    const chosen = {
      idleTimeout: 50,
      frameTimeout: 20_000,
      lingerTimeout: 1,
      highWaterMark: 2,
      maxPendingBytes: 3,
      allowHalfOpen: true,
      bufferSize: 4,
    };
    Object.assign(channel, chosen);
    t.like(channel, chosen);
    const listening = await scene.peerServer();
    channel.connect('127.0.0.1', listening.port);
    t.like(channel, chosen);
    const peer = await listening.peer();
    t.is((await log.closed()).reason, 'timeout');
    await peer.gone();
  });

  suite.test(
    'settings: as class fields; a call’s own options come before them',
    async (scene, t) => {
      const { Client } = scene.impl;
      class Impatient extends Client {
        override idleTimeout = 50;
        override frameTimeout = 60;
        override highWaterMark = 7;
      }
      const listening = await scene.peerServer();
      const impatient = new Impatient();
      t.teardown(() => impatient.close());
      const closed = new Promise<string>((resolve) => {
        impatient.onClose = ({ reason }) => resolve(reason);
      });
      impatient.connect('127.0.0.1', listening.port, { frameTimeout: 70 });
      t.like(impatient, { idleTimeout: 50, frameTimeout: 70, highWaterMark: 7 });
      t.deepEqual(
        Object.keys(impatient).filter((name) => /Timeout|Mark/.test(name)),
        [],
      );
      await listening.peer();
      t.is(await closed, 'timeout');
    },
  );

  suite.both('setNoDelay() and setKeepAlive() at any time', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, {}, (channel) => ({
      onConnect: () => {
        channel.setNoDelay(false);
      },
    }));
    t.is(channel.setNoDelay(), channel);
    t.is(channel.setKeepAlive(true, 10_000, 1_000, 3), channel);
    channel.setKeepAlive();
    for (const value of [1, 'yes', null]) {
      t.throws(() => channel.setNoDelay(value as never), { code: 'ERR_INVALID_ARG_TYPE' });
      t.throws(() => channel.setKeepAlive(value as never), { code: 'ERR_INVALID_ARG_TYPE' });
    }
    t.throws(() => channel.setKeepAlive(true, -1), { code: 'ERR_INVALID_ARG_VALUE' });
    t.throws(() => channel.setKeepAlive(true, '1' as never), { code: 'ERR_INVALID_ARG_TYPE' });
    peer.end('x');
    await log.closed();
    t.is(log.text, 'x');
  });
}
