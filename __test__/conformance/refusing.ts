import { descriptorsOf, temporaryFile } from '../helpers/files.ts';
import type { StreamLike } from '../helpers/implementation.ts';
import { turn } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

/** More than both systems take for a peer that has read 5 MiB ahead before it pauses. */
const BACKLOG = 64 * 1024 * 1024;
const CLOSED = { code: 'ERR_CHANNEL_CLOSED' };

/**
 * SPEC §4: a write to a channel that has ended by no wish of this side is refused: it returns false,
 * and is counted. After this side's own `end()`, `shutdown()` or `close()` it throws.
 */
export function refusing(suite: Suite): void {
  refused(suite);
  thrown(suite);
  broadcast(suite);
}

/** Whether four more bytes are refused. */
function refuses(channel: StreamLike): boolean {
  const before = channel.stats().refusedBytes;
  return !channel.write('late') && channel.stats().refusedBytes === before + 4;
}

function refused(suite: Suite): void {
  suite.both('a write after the peer has finished is refused', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, {}, (channel) => ({
      onClose: () => t.true(refuses(channel)),
    }));
    const path = temporaryFile(t, 'file');
    peer.socket.pause();
    channel.write(Buffer.alloc(BACKLOG));
    peer.end();
    await log.seen('end ');
    t.is(channel.stats().refusedBytes, 0);
    t.true(refuses(channel));
    t.false(channel.write('€', true));
    t.false(channel.write(new Uint8Array(3)));
    t.is(channel.stats().refusedBytes, 10);
    t.false(channel.writeFile(path, 2));
    t.false(channel.writeFile(`${path}.not`));
    t.is(channel.stats().refusedBytes, 12);
    t.is(descriptorsOf(path), 0);
    t.throws(() => channel.write(null as never), { code: 'ERR_INVALID_ARG_TYPE' });
    t.throws(() => channel.writeFile(path, -1), { code: 'ERR_INVALID_ARG_VALUE' });
    peer.socket.resume();
    await peer.finished();
    t.is(peer.length, BACKLOG);
    t.is(channel.bytesWritten, BACKLOG);
    await log.closed();
    t.true(refuses(channel));
    t.is(log.order.at(-1), 'close end');
  });

  suite.both('a write after a failure is refused', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, {}, (channel) => ({
      onError: () => t.true(refuses(channel)),
    }));
    peer.reset();
    await log.closed();
    t.true(refuses(channel));
    channel.close();
    channel.end();
    t.true(refuses(channel), 'nothing was left to end');
  });

  suite.both('a write after a timeout is refused', async (scene, t, side) => {
    const hooks = (channel: StreamLike) => ({ onClose: () => t.true(refuses(channel)) });
    const options = [{ idleTimeout: 20 }, { frameTimeout: 20, readDelimiter: '\n' }];
    for (const each of options) {
      const { log, peer } = await scene.open(side, each, hooks);
      await peer.write('frame');
      t.is((await log.closed()).reason, 'timeout');
    }
  });

  suite.both('a write after an overflow is refused', async (scene, t, side) => {
    const options = { readDelimiter: '\n', bufferSize: 4 };
    const { channel, log, peer } = await scene.open(side, options);
    await peer.write('12345');
    await log.seen('overflow ERR_FRAME_OVERFLOW');
    t.true(refuses(channel));
    t.is((await log.closed()).reason, 'overflow');
    t.true(refuses(channel));
  });

  suite.both('past maxPendingBytes every write is refused', async (scene, t, side) => {
    const options = { maxPendingBytes: 1_000 };
    const { channel, log } = await scene.open(side, options, (channel) => ({
      onOverflowError: (error) => {
        t.true(refuses(channel));
        t.regex(error.message, /1001 bytes/);
      },
    }));
    channel.write(Buffer.alloc(1_001));
    for (let n = 1; n <= 1_000; n += 1) {
      t.false(channel.write('late'));
      t.is(channel.stats().refusedBytes, 4 * n);
    }
    t.is((await log.closed()).reason, 'overflow');
    t.is(log.count('overflow ERR_PENDING_OVERFLOW'), 1);
    t.true(refuses(channel));
    t.is(channel.bytesWritten, 1_001);
  });

  suite.both('end() after a refused write is no end in order', async (scene, t, side) => {
    const { channel, log } = await scene.open(side, { maxPendingBytes: 1_000 });
    channel.write(Buffer.alloc(1_001));
    t.true(refuses(channel));
    channel.end();
    t.is((await log.closed()).reason, 'overflow');
    t.deepEqual(log.order, ['connect', 'close overflow']);
  });

  suite.test('a write after a failed connect is refused', async (scene, t) => {
    const signal = AbortSignal.abort();
    for (const options of [{}, { signal }]) {
      const { channel, log } = scene.client({}, (channel) => ({
        onConnectError: () => t.true(refuses(channel)),
        onClose: () => t.true(refuses(channel)),
      }));
      channel.connect('127.0.0.1', 1, options);
      t.true(channel.write('kept'));
      const { unsentBytes } = await log.closed();
      t.is(unsentBytes, 4);
      t.true(refuses(channel));
    }
  });
}

function thrown(suite: Suite): void {
  suite.both(
    'end() and close() after the peer has finished: writes throw',
    async (scene, t, side) => {
      for (const method of ['end', 'close'] as const) {
        const { channel, log, peer } = await scene.open(side, {}, (channel) => ({
          onEnd: () => {
            if (method === 'end') channel.end();
          },
          onClose: () => t.throws(() => channel.write('late'), CLOSED),
        }));
        peer.socket.pause();
        channel.write(Buffer.alloc(BACKLOG));
        peer.end();
        await log.seen('end ');
        if (method === 'close') channel.close();
        t.throws(() => channel.write('late'), CLOSED);
        peer.socket.resume();
        await log.closed();
        t.is(channel.stats().refusedBytes, 0);
      }
    },
  );

  suite.both('after shutdown() writes throw, whatever the peer does', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    channel.shutdown();
    peer.end();
    await log.closed();
    t.throws(() => channel.write('late'), CLOSED);
  });

  suite.test('after server.close() writes to its connections throw', async (scene, t) => {
    const { channel, log, server } = await scene.openConnection();
    const path = temporaryFile(t, 'file');
    server?.close();
    t.throws(() => channel.write('late'), CLOSED);
    t.throws(() => channel.writeFile(path), CLOSED);
    await log.closed();
    t.throws(() => channel.write('late'), CLOSED);
  });

  suite.test('an idle channel that was closed: writes throw', async (scene, t) => {
    for (const method of ['close', 'end'] as const) {
      const { channel, log } = scene.client();
      channel[method]();
      t.throws(() => channel.write('late'), CLOSED);
      await log.closed();
      t.throws(() => channel.write('late'), CLOSED);
    }
  });
}

function broadcast(suite: Suite): void {
  suite.test('a broadcast does not die of one member that has left', async (scene, t) => {
    const { server, accepted } = scene.server({ readDelimiter: '\n' }, () => ({
      onRead: (line) => {
        for (const member of server.channels.values()) member.write(`${line}\n`);
      },
    }));
    const [left, speaker] = [await scene.peer(server), await scene.peer(server)];
    const { channel, log } = await accepted(0);
    await (await accepted(1)).log.seen('connect');
    left.socket.pause();
    channel.write(Buffer.alloc(BACKLOG));
    left.end();
    await log.seen('end ');
    t.is(server.channels.size, 2, 'it has a backlog, and is still there');
    await speaker.write('hello\n');
    await speaker.received(6);
    await turn();
    t.is(speaker.text, 'hello\n');
    t.is(channel.stats().refusedBytes, 6);
    left.socket.resume();
    await left.finished();
    t.is(left.length, BACKLOG);
  });
}
