import { Lockstep } from '../helpers/lockstep.ts';
import { textOf } from '../helpers/log.ts';
import { eventually, turn } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

const MiB = 1024 * 1024;

/** SPEC §3: readDelimiter = 0. */
export function emptyFrames(suite: Suite): void {
  suite.both('0: a counted protocol needs no case for a length of 0', async (scene, t, side) => {
    const input = '3\nabc0\n2\nxy0\n0\n1\nq';
    const expected = ['3', 'abc', '0', '', '2', 'xy', '0', '', '0', '', '1', 'q'];
    const lockstep = await Lockstep.start(scene);
    for (const pieces of [[input], input.split('')]) {
      for (const readEncoding of [null, 'utf8'] as const) {
        let body = false;
        const { log, peer } = await scene.open(
          side,
          { readDelimiter: '\n', readEncoding },
          (channel) => ({
            onRead: (data) => {
              body = !body;
              channel.readDelimiter = body ? Number(textOf(data)) : '\n';
            },
          }),
        );
        await lockstep.send(peer, pieces);
        await log.frames(expected.length);
        t.deepEqual(log.reads, expected);
        t.is(typeof log.data[3], readEncoding === null ? 'object' : 'string');
        peer.end();
        await log.closed();
        t.deepEqual(log.order.slice(-2), ['end ', 'close end']);
      }
    }
  });

  suite.both('0: each time it is set, one more empty frame', async (scene, t, side) => {
    const delimiters = [0, 0, 5, '\n', 0, 2];
    const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' }, (channel) => ({
      onRead: () => {
        const next = delimiters.shift();
        if (next !== undefined) channel.readDelimiter = next;
      },
    }));
    await peer.write('go\nhellline\nok');
    await log.frames(7);
    t.deepEqual(log.reads, ['go', '', '', 'helll', 'ine', '', 'ok']);
    t.deepEqual(delimiters, []);
    // Setting it from outside counts as well, and each time.
    channel.readDelimiter = 0;
    channel.readDelimiter = 0;
    t.is(log.data.length, 7, 'not inside the assignment');
    await log.frames(9);
    await turn();
    t.deepEqual(log.reads.slice(7), ['', '']);
    channel.bufferSize = 10;
    await turn();
    t.is(log.data.length, 9, 'another limit is no other delimiter');
  });

  suite.both('0: from the start, by options and as a field', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { readDelimiter: 0 });
    await log.frames(1);
    await peer.write('abc\n');
    await eventually('it has arrived', () => channel.bytesRead === 4);
    await turn();
    t.deepEqual(log.order, ['connect', 'read ']);
    channel.readDelimiter = '\n';
    await log.frames(2);
    t.is(log.reads[1], 'abc');

    class Field extends scene.impl.Client {
      override readDelimiter = 0;
      got: string[] = [];
      override onRead(data: Buffer | string): void {
        this.got.push(textOf(data));
      }
    }
    const field = new Field();
    t.teardown(() => field.close());
    const listening = await scene.peerServer();
    field.connect('127.0.0.1', listening.port);
    await eventually('a frame', () => field.got.length > 0);
    await turn();
    t.deepEqual(field.got, ['']);
    t.is(field.readDelimiter, 0);
  });

  suite.both('0, and another value before its frame: none is due', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
    channel.readDelimiter = 0;
    channel.readDelimiter = '\n';
    await peer.write('a\n');
    await log.frames(1);
    await turn();
    t.deepEqual(log.reads, ['a']);
  });

  suite.both('0: not while paused, not after end() or close()', async (scene, t, side) => {
    const { channel, log } = await scene.open(side);
    channel.pause();
    channel.readDelimiter = 0;
    await turn();
    t.deepEqual(log.reads, []);
    channel.resume();
    await log.frames(1);
    channel.readDelimiter = 0;
    channel.end();
    await turn();
    t.deepEqual(log.reads, ['']);

    const closed = await scene.open(side);
    closed.channel.readDelimiter = 0;
    closed.channel.close();
    await closed.log.closed();
    t.deepEqual(closed.log.reads, []);
  });

  suite.both(
    '0: what waits is the rest of onEnd, and nothing comes behind it',
    async (scene, t, side) => {
      const options = { readDelimiter: 0, allowHalfOpen: true };
      const { channel, log, peer } = await scene.open(side, options);
      peer.end('left\nover');
      await log.seen('end left\nover');
      channel.readDelimiter = 0;
      await turn();
      channel.end();
      await log.closed();
      t.deepEqual(log.order, ['connect', 'read ', 'end left\nover', 'close end']);
    },
  );

  suite.both('0: set in the last onRead, its frame comes before onEnd', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, { readDelimiter: '\n' }, (channel) => ({
      onRead: (data) => {
        if (textOf(data) === 'go') channel.readDelimiter = 0;
      },
    }));
    peer.end('go\n');
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read go', 'read ', 'end ', 'close end']);
  });

  suite.both('0: what waits is bounded, and the peer held back', async (scene, t, side) => {
    const options = { readDelimiter: '\n', bufferSize: 100_000 };
    const { channel, log, peer } = await scene.open(side, options, (channel) => ({
      onRead: (data) => {
        if (textOf(data) === 'go') channel.readDelimiter = 0;
      },
    }));
    const total = 64 * MiB;
    let taken = false;
    const sent = peer.write(Buffer.concat([Buffer.from('go\n'), Buffer.alloc(total, 'x')]));
    sent.then(() => {
      taken = true;
    });
    await log.frames(2);
    await eventually('as much as may wait has come', () => channel.bytesRead >= 100_000);
    let before = -1;
    for (let still = 0; still < 5; still = channel.bytesRead === before ? still + 1 : 0) {
      before = channel.bytesRead;
      for (let n = 0; n < 20; n += 1) await turn();
    }
    t.false(taken, 'the peer is held back');
    t.true(channel.bytesRead < 8 * MiB, `${channel.bytesRead} bytes wait`);
    t.deepEqual(log.order, ['connect', 'read go', 'read ']);
    channel.readDelimiter = null;
    // Told of by frames: what has been received may not have been delivered yet.
    const told = () => log.data.reduce((sum, { length }) => sum + length, 0);
    await log.until('all of it', () => told() >= total + 2);
    t.is(told(), total + 2);
  });

  suite.both('0: frameTimeout has nothing to time', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { readDelimiter: 0, frameTimeout: 20 });
    await peer.write('abc');
    await eventually('it has arrived', () => channel.bytesRead === 3);
    await new Promise((resolve) => setTimeout(resolve, 60));
    t.deepEqual(log.order, ['connect', 'read ']);
  });
}
