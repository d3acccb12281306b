import type { Peer } from '../helpers/peer.ts';
import { turn } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

const MiB = 1024 * 1024;

/** SPEC §4: end(data), reset(), and that a stream which was cut off does not look whole. */
export function resets(suite: Suite): void {
  /** Unix sockets have no reset: there it looks like an end. */
  const canReset = !('directory' in suite.impl);

  /** Resolves when the connection is gone, to whether that was a reset. */
  const goneByReset = async (peer: Peer): Promise<boolean> => {
    peer.socket.resume();
    await peer.gone();
    return peer.wasReset;
  };

  suite.both('close() with bytes pending is a reset', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    peer.socket.pause();
    channel.write(Buffer.alloc(16 * MiB));
    await turn();
    channel.close();
    t.true((await log.closed()).unsentBytes > 0);
    t.is(await goneByReset(peer), canReset);
  });

  suite.both(
    'a write and close() in one turn: nobody takes it for an empty stream',
    async (scene, t, side) => {
      const { channel, log, peer } = await scene.open(side);
      channel.write('dropped');
      channel.close();
      t.is((await log.closed()).unsentBytes, 7);
      t.is(await goneByReset(peer), canReset);
      t.is(peer.text, '');
    },
  );

  suite.test('close() in onConnect drops what was written there', async (scene, t) => {
    const { log, peer } = await scene.openClient({}, (channel) => ({
      onConnect: () => {
        channel.write('dropped');
        channel.close();
      },
    }));
    t.is((await log.closed()).unsentBytes, 7);
    t.is(await goneByReset(peer), canReset);
  });

  suite.test(
    'a connection that its constructor, or onConnect, writes to and closes',
    async (scene, t) => {
      for (const inConstructor of [true, false]) {
        let closed = (_unsent: number) => {};
        const unsentBytes = new Promise<number>((resolve) => {
          closed = resolve;
        });
        class Hasty extends scene.impl.Connection {
          constructor(...args: ConstructorParameters<typeof scene.impl.Connection>) {
            super(...args);
            this.onClose = (info) => closed(info.unsentBytes);
            if (inConstructor) this.#drop();
          }
          override onConnect(): void {
            this.#drop();
          }
          #drop(): void {
            this.write('dropped');
            this.close();
          }
        }
        // The reset may come before the peer has noticed that it is connected.
        const peer = scene.peer(scene.listening(new scene.impl.Server(Hasty)));
        const gone = peer.then(goneByReset, ({ code }) => code === 'ECONNRESET');
        t.is(await unsentBytes, 7);
        t.is(await gone, canReset);
      }
    },
  );

  suite.both('close() with nothing pending is an end', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    channel.write('whole');
    await log.seen('write');
    channel.close();
    await log.closed();
    t.false(await goneByReset(peer));
    t.is(peer.text, 'whole');
  });

  suite.both('by a timeout', async (scene, t, side) => {
    const options = [{ idleTimeout: 30 }, { frameTimeout: 30, readDelimiter: '\n' }];
    for (const each of options) {
      const { channel, log, peer } = await scene.open(side, each);
      peer.socket.pause();
      channel.write(Buffer.alloc(16 * MiB));
      await peer.write('begun');
      t.is((await log.closed()).reason, 'timeout');
      t.is(await goneByReset(peer), canReset);
    }
  });

  suite.both('by lingerTimeout', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { lingerTimeout: 30 });
    peer.socket.pause();
    channel.write(Buffer.alloc(16 * MiB));
    channel.end();
    t.is((await log.closed()).reason, 'timeout');
    t.is(await goneByReset(peer), canReset);
  });

  suite.both('by a limit', async (scene, t, side) => {
    const options = { readDelimiter: '\n', bufferSize: 4, maxPendingBytes: 1_000 };
    const frame = await scene.open(side, options);
    frame.peer.socket.pause();
    frame.channel.write(Buffer.alloc(16 * MiB));
    await frame.peer.write('too long');
    t.is((await frame.log.closed()).reason, 'overflow');
    t.is(await goneByReset(frame.peer), canReset);

    const pending = await scene.open(side, options);
    pending.channel.write(Buffer.alloc(1_001));
    pending.channel.write('refused');
    pending.channel.flush();
    t.is((await pending.log.closed()).reason, 'overflow');
    t.is(
      await goneByReset(pending.peer),
      canReset,
      'also where only the refused bytes are missing',
    );
  });

  suite.test('by server.close()', async (scene, t) => {
    const { channel, log, peer, server } = await scene.openConnection();
    peer.socket.pause();
    channel.write(Buffer.alloc(16 * MiB));
    await turn();
    server?.close();
    await log.closed();
    t.is(await goneByReset(peer), canReset);
  });

  suite.both('reset() is a reset, whatever is pending', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    channel.write('sent');
    await log.seen('write');
    await peer.received(4);
    channel.reset();
    channel.reset();
    channel.close();
    t.is(channel.readyState, 'closed');
    t.deepEqual(log.hooks, ['connect', 'write'], 'no hook inside reset()');
    t.throws(() => channel.write('x'), { code: 'ERR_CHANNEL_CLOSED' });
    t.deepEqual(await log.closed(), { reason: 'close', unsentBytes: 0 });
    t.is(await goneByReset(peer), canReset);
  });

  suite.both('reset() after end(), and in onRead', async (scene, t, side) => {
    const ended = await scene.open(side);
    ended.channel.end();
    await ended.peer.finished();
    ended.channel.reset();
    t.is((await ended.log.closed()).reason, 'close');

    const { log, peer } = await scene.open(side, { readDelimiter: '\n' }, (channel) => ({
      onRead: () => channel.reset(),
    }));
    await peer.write('one\ntwo\n');
    await log.closed();
    t.deepEqual(log.hooks, ['connect', 'read one', 'close close']);
    t.is(await goneByReset(peer), canReset);
  });

  suite.test('reset() before there is a connection is close()', async (scene, t) => {
    const idle = scene.client();
    idle.channel.reset();
    t.deepEqual(await idle.log.closed(), { reason: 'close', unsentBytes: 0 });
    const listening = await scene.peerServer();
    const { channel, log } = scene.client();
    channel.connect('127.0.0.1', listening.port);
    channel.reset();
    t.deepEqual(await log.closed(), { reason: 'close', unsentBytes: 0 });
    t.deepEqual(log.hooks, ['close close']);
  });

  suite.both('end(data) writes it first', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    channel.write('be');
    channel.end('fore');
    t.throws(() => channel.end('again'), { code: 'ERR_CHANNEL_CLOSED' });
    t.notThrows(() => channel.end());
    await peer.finished();
    t.is(peer.text, 'before');
    peer.end();
    t.deepEqual(await log.closed(), { reason: 'end', unsentBytes: 0 });
  });

  suite.both('end(data) that cannot be written does nothing', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    for (const wrong of [null, 1, {}, () => {}]) {
      t.throws(() => channel.end(wrong as never), { code: 'ERR_INVALID_ARG_TYPE' });
    }
    t.is(channel.readyState, 'open');
    channel.end(Buffer.from('bytes'));
    await peer.finished();
    t.is(peer.text, 'bytes');
    peer.end();
    await log.closed();
    t.throws(() => scene.client().channel.end('x'), { code: 'ERR_CHANNEL_NOT_CONNECTED' });
  });

  suite.test('end(data) while connecting', async (scene, t) => {
    const listening = await scene.peerServer();
    const { channel, log } = scene.client();
    channel.connect('127.0.0.1', listening.port);
    channel.end('hello');
    const peer = await listening.peer();
    await peer.finished();
    t.is(peer.text, 'hello');
    peer.end();
    t.is((await log.closed()).reason, 'end');
  });
}
