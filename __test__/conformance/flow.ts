import { Lockstep } from '../helpers/lockstep.ts';
import { eventually, milliseconds, turn } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

/** SPEC §3: pause() and resume() (R12). */
export function flow(suite: Suite): void {
  suite.both('R12: pause() inside onRead stops within the batch', async (scene, t, side) => {
    const lockstep = await Lockstep.start(scene);
    const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' }, (channel) => ({
      onRead: () => channel.pause(),
    }));
    await lockstep.send(peer, ['a\nb\nc\nd']);
    await lockstep.step();
    t.deepEqual(log.reads, ['a']);
    for (const count of [2, 3]) {
      channel.resume();
      t.is(log.data.length, count - 1, 'not inside resume()');
      await log.frames(count);
      await lockstep.step();
      t.is(log.data.length, count);
    }
    channel.resume();
    peer.end();
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read a', 'read b', 'read c', 'end d', 'close end']);
  });

  suite.both('R12: pause() and resume() in one onRead stop nothing', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, { readDelimiter: '\n' }, (channel) => ({
      onRead: () => {
        channel.pause();
        channel.resume();
      },
    }));
    peer.end('a\nb\nc\nd');
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read a', 'read b', 'read c', 'end d', 'close end']);
  });

  suite.both('R12: frame by frame, resumed from the event loop', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, { readDelimiter: '\n' }, (channel) => ({
      onRead: () => {
        channel.pause();
        setImmediate(() => channel.resume());
      },
    }));
    const lines = Array.from({ length: 500 }, (_, at) => `${at}`);
    peer.end(lines.join('\n'));
    await log.closed();
    t.deepEqual([...log.reads, '499'], lines);
    t.deepEqual(log.order.slice(-2), ['end 499', 'close end']);
  });

  suite.both('R12: pause() from outside: nothing comes after it', async (scene, t, side) => {
    const lockstep = await Lockstep.start(scene);
    const { channel, log, peer } = await scene.open(side);
    channel.pause();
    channel.pause();
    await lockstep.send(peer, ['abc']);
    await lockstep.step();
    t.deepEqual(log.reads, []);
    channel.resume();
    await log.frames(1);
    t.is(log.text, 'abc');
    channel.resume();
    await lockstep.send(peer, ['def']);
    t.is(log.text, 'abcdef');
  });

  suite.test(
    'R12: a hook of another channel pauses, in the middle of a batch',
    async (scene, t) => {
      // Each pauses the other at its first frame; both may have frames in one batch.
      const pairs: Awaited<ReturnType<typeof scene.openConnection>>[] = [];
      const pausing = (other: number) => () => ({
        onRead: () => {
          const { channel, log } = pairs[other] ?? {};
          if (log?.data.length === 0) channel?.pause();
        },
      });
      pairs.push(await scene.openConnection({ readDelimiter: '\n' }, pausing(1)));
      pairs.push(await scene.openConnection({ readDelimiter: '\n' }, pausing(0)));
      const lockstep = await Lockstep.start(scene);
      await Promise.all(pairs.map(({ peer }) => peer.write('1\n2\n3\n')));
      await lockstep.step();
      await lockstep.step();
      t.deepEqual(pairs.map(({ log }) => log.data.length).sort(), [0, 3]);
      for (const { channel, peer } of pairs) {
        channel.resume();
        peer.end();
      }
      for (const { log } of pairs) await log.closed();
      for (const { log } of pairs) t.deepEqual(log.reads, ['1', '2', '3']);
    },
  );

  suite.both('R12: pause() in onConnect, and before connecting', async (scene, t, side) => {
    const lockstep = await Lockstep.start(scene);
    const { channel, log, peer } = await scene.open(side, {}, (channel) => ({
      onConnect: () => channel.pause(),
    }));
    await lockstep.send(peer, ['abc']);
    t.deepEqual(log.order, ['connect']);
    channel.resume();
    await log.frames(1);

    const listening = await scene.peerServer();
    const early = scene.client();
    early.channel.pause();
    early.channel.connect('127.0.0.1', listening.port);
    const other = await listening.peer();
    await early.log.seen('connect');
    await lockstep.send(other, ['def']);
    t.deepEqual(early.log.order, ['connect']);
    early.channel.resume();
    await early.log.frames(1);
    t.is(early.log.text, 'def');
  });

  suite.both('onEnd waits for resume(), and so does closing', async (scene, t, side) => {
    const lockstep = await Lockstep.start(scene);
    const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' }, (channel) => ({
      onRead: () => channel.pause(),
    }));
    peer.end('a\nb\nc');
    await log.frames(1);
    await lockstep.step();
    await lockstep.step();
    t.deepEqual(log.order, ['connect', 'read a']);
    t.true(channel.connected);
    channel.resume();
    await log.frames(2);
    await lockstep.step();
    t.deepEqual(log.order, ['connect', 'read a', 'read b']);
    channel.resume();
    await log.closed();
    t.deepEqual(log.order.slice(3), ['end c', 'close end']);
  });

  suite.both('a paused channel can write, and onWrite is called', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    channel.pause();
    channel.write('hello');
    await peer.received(5);
    await log.seen('write');
    t.is(peer.text, 'hello');
  });

  suite.both('a paused channel closes when it is told to', async (scene, t, side) => {
    const lockstep = await Lockstep.start(scene);
    const { channel, log, peer } = await scene.open(side);
    channel.pause();
    await lockstep.send(peer, ['unread']);
    channel.close();
    await log.closed();
    t.deepEqual(log.order, ['connect', 'close close']);
  });

  suite.both('a paused channel ends when it is told to', async (scene, t, side) => {
    const lockstep = await Lockstep.start(scene);
    const { channel, log, peer } = await scene.open(side);
    channel.pause();
    await lockstep.send(peer, ['unread']);
    channel.write('tail');
    channel.end();
    await peer.finished();
    t.is(peer.text, 'tail');
    peer.end();
    await log.closed();
    t.deepEqual(log.hooks, ['connect', 'write', 'close end']);
  });

  suite.both('the delimiter changes while paused', async (scene, t, side) => {
    const lockstep = await Lockstep.start(scene);
    const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
    channel.pause();
    await lockstep.send(peer, ['ab\ncd\nef']);
    channel.readDelimiter = 2;
    await lockstep.step();
    t.deepEqual(log.reads, []);
    channel.resume();
    await log.frames(4);
    t.deepEqual(log.reads, ['ab', '\nc', 'd\n', 'ef']);
  });

  suite.both('a paused channel makes the peer wait', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    channel.pause();
    const size = 64 * 1024 * 1024;
    let taken = false;
    const written = peer.write(Buffer.alloc(size)).then(() => {
      taken = true;
    });
    await milliseconds(100);
    t.false(taken);
    t.is(log.data.length, 0);
    channel.resume();
    await written;
    peer.end();
    await log.closed();
    t.is(
      log.data.reduce((sum, chunk) => sum + chunk.length, 0),
      size,
    );
  });

  suite.both('pause() and resume() on a closed channel do nothing', async (scene, t, side) => {
    const { channel, log } = await scene.open(side);
    channel.close();
    channel.pause();
    channel.resume();
    await log.closed();
    channel.pause();
    channel.resume();
    await turn();
    t.deepEqual(log.order, ['connect', 'close close']);
  });

  suite.both(
    'resume() delivers what came before a reset, then the error',
    async (scene, t, side) => {
      const lockstep = await Lockstep.start(scene);
      const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
      channel.pause();
      await lockstep.send(peer, ['a\nb\n']);
      peer.reset();
      await lockstep.step();
      t.deepEqual(log.order, ['connect']);
      channel.resume();
      await log.closed();
      const expected = ['connect', 'read a', 'read b', 'error ECONNRESET', 'close error'];
      t.deepEqual(log.order, expected);
      await eventually('closed', () => channel.fileno === null);
    },
  );
}
