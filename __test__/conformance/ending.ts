import { Lockstep } from '../helpers/lockstep.ts';
import { milliseconds, turn } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

const MiB = 1024 * 1024;

/** SPEC §4: how a stream ends, from this side, from the other, and by failing. */
export function ending(suite: Suite): void {
  ended(suite);
  endedByPeer(suite);
  halfClosed(suite);
  closed(suite);
  failed(suite);
}

function ended(suite: Suite): void {
  suite.both('W9: end() sends what is pending, then FIN', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    channel.write('tail');
    channel.end();
    t.deepEqual(log.hooks, ['connect'], 'no hook inside end()');
    await peer.finished();
    t.is(peer.text, 'tail');
    peer.end();
    const info = await log.closed();
    t.deepEqual(log.hooks, ['connect', 'write', 'close end']);
    t.is(info.unsentBytes, 0);
  });

  suite.both('W9: end() with nothing pending', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    channel.end();
    await peer.finished();
    peer.end();
    await log.closed();
    t.deepEqual(log.hooks, ['connect', 'close end']);
  });

  suite.both('W9: end() with 8 MiB pending, to a slow reader', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    peer.socket.pause();
    channel.write(Buffer.alloc(8 * MiB, 'x'));
    channel.end();
    await milliseconds(20);
    peer.socket.resume();
    await peer.finished();
    t.is(peer.length, 8 * MiB);
    peer.end();
    t.is((await log.closed()).unsentBytes, 0);
    t.deepEqual(log.hooks, ['connect', 'write', 'close end']);
  });

  suite.both('R8: a peer that keeps sending gets the whole tail', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' }, (channel) => ({
      onRead: () => {
        channel.write(Buffer.alloc(4 * MiB, 'x'));
        channel.end();
      },
    }));
    await peer.write('go\n');
    // Sends until it has seen the end: unread data would turn our close into a reset.
    const line = Buffer.from('more and more and more\n'.repeat(100));
    while (!peer.ended && !peer.closed) {
      await peer.write(line);
      await turn();
    }
    t.is(peer.error, undefined);
    t.is(peer.length, 4 * MiB);
    t.is(channel.pendingBytes, 0);
    peer.end();
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read go', 'close end']);
  });

  suite.both('end(): after lingerTimeout the peer is not waited for', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { lingerTimeout: 50 });
    channel.write('tail');
    const before = performance.now();
    channel.end();
    await peer.finished();
    const info = await log.closed();
    t.true(performance.now() - before >= 45);
    t.is(peer.text, 'tail');
    // The tail has been sent: that is an end in order.
    t.deepEqual(info, { reason: 'end', unsentBytes: 0 });
    t.deepEqual(log.hooks, ['connect', 'write', 'close end']);
  });

  suite.both('end(): a peer that sends for ever is not waited for', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { lingerTimeout: 50 });
    channel.end();
    const timer = setInterval(() => !peer.closed && peer.socket.write('more'), 5);
    t.teardown(() => clearInterval(timer));
    const info = await log.closed();
    t.is(info.reason, 'end');
  });

  suite.both('end(): a peer that takes nothing is not waited for', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { lingerTimeout: 50 });
    peer.socket.pause();
    channel.write(Buffer.alloc(64 * MiB));
    channel.end();
    const info = await log.closed();
    t.deepEqual(log.hooks, ['connect', 'close timeout']);
    t.is((info.error as NodeJS.ErrnoException).code, 'ERR_LINGER_TIMEOUT');
    t.true(info.unsentBytes > 0);
    peer.socket.resume();
    await peer.gone();
    t.true(peer.length + info.unsentBytes <= 64 * MiB);
  });

  suite.both('end() in onConnect: lingerTimeout holds', async (scene, t, side) => {
    const { log } = await scene.open(side, { lingerTimeout: 50 }, (channel) => ({
      onConnect: () => channel.end(),
    }));
    const before = performance.now();
    t.is((await log.closed()).reason, 'end');
    const took = performance.now() - before;
    t.true(took < 2500, `${took}: the default is 5000`);
  });

  suite.test('end() before the channel is connected: lingerTimeout holds', async (scene, t) => {
    const listening = await scene.peerServer();
    const { channel, log } = scene.client({ lingerTimeout: 50 });
    channel.connect('127.0.0.1', listening.port);
    channel.write('tail');
    channel.end();
    const peer = await listening.peer();
    const before = performance.now();
    await peer.finished();
    t.is((await log.closed()).reason, 'end');
    const took = performance.now() - before;
    t.true(took < 2500, `${took}: the default is 5000`);
    t.is(peer.text, 'tail');
  });

  suite.both('X3: a second end() does nothing; close() cuts it short', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    peer.socket.pause();
    channel.write(Buffer.alloc(64 * MiB));
    channel.end();
    channel.end();
    await turn();
    channel.close();
    channel.close();
    channel.end();
    const info = await log.closed();
    t.deepEqual(log.hooks, ['connect', 'close close']);
    t.true(info.unsentBytes > 0);
  });

  suite.test('end() while connecting: connects, sends, ends', async (scene, t) => {
    const listening = await scene.peerServer();
    const { channel, log } = scene.client();
    channel.connect('127.0.0.1', listening.port);
    channel.write('hello');
    channel.end();
    const peer = await listening.peer();
    peer.end('not read');
    await peer.finished();
    t.is(peer.text, 'hello');
    await log.closed();
    t.deepEqual(log.hooks, ['write', 'close end']);
  });

  suite.both('after the reset of a peer, end() reports it', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    peer.socket.pause();
    channel.write(Buffer.alloc(64 * MiB));
    channel.end();
    await turn();
    peer.reset();
    const info = await log.closed();
    t.deepEqual(log.hooks, ['connect', 'close error']);
    t.regex((info.error as NodeJS.ErrnoException).code ?? '', /^(ECONNRESET|EPIPE)$/);
    t.true(info.unsentBytes > 0);
  });
}

function endedByPeer(suite: Suite): void {
  suite.both('R3: all frames, the rest, and the end', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, { readDelimiter: '\n' });
    const lines = Array.from({ length: 5_000 }, (_, at) => `${at}`);
    peer.end(`${lines.join('\n')}\npartial`);
    await log.closed();
    t.deepEqual(log.reads, lines);
    t.deepEqual(log.order.slice(-2), ['end partial', 'close end']);
    await peer.finished();
    t.is(peer.error, undefined);
  });

  suite.both('R4: the rest is what no delimiter completed', async (scene, t, side) => {
    const { lengthPrefix } = scene.impl;
    const cases = [
      ['\r\n', 'a\r\nb\r', 'b\r'],
      [4, 'abcdef', 'ef'],
      [lengthPrefix({ bytes: 2 }), '\0\x01a\0', '\0'],
      [lengthPrefix({ bytes: 2 }), '\0\x01a\0\x05bc', '\0\x05bc'],
      [null, 'abc', ''],
      ['\n', 'abc\n', ''],
      ['\n', '', ''],
    ] as const;
    for (const [readDelimiter, input, rest] of cases) {
      const { log, peer } = await scene.open(side, { readDelimiter });
      peer.end(input);
      await log.closed();
      t.deepEqual(log.order.slice(-2), [`end ${rest}`, 'close end']);
    }
  });

  suite.both('the rest is as large as it may be', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, { readDelimiter: '\r\n', bufferSize: 4 });
    peer.end('ok\r\n1234\r');
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read ok', 'end 1234\r', 'close end']);
  });

  suite.both('what onEnd writes is sent', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, {}, (channel) => ({
      onEnd: () => channel.write(Buffer.alloc(4 * MiB, 'x')),
    }));
    peer.end('a');
    await peer.finished();
    t.is(peer.length, 4 * MiB);
    t.is((await log.closed()).unsentBytes, 0);
    t.is(log.order.at(-1), 'close end');
  });

  suite.both('what was pending when the peer finished is sent', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    peer.socket.pause();
    channel.write(Buffer.alloc(8 * MiB, 'x'));
    peer.end();
    await log.seen('end ');
    t.false(channel.write('too late'));
    peer.socket.resume();
    await peer.finished();
    t.is(peer.length, 8 * MiB);
    await log.closed();
    t.deepEqual(log.order, ['connect', 'end ', 'close end']);
  });

  suite.both('the delimiter set in the last onRead still counts', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, { readDelimiter: '\n' }, (channel) => ({
      onRead: () => {
        channel.readDelimiter = 2;
      },
    }));
    peer.end('a\nbcdef');
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read a', 'read bc', 'read de', 'end f', 'close end']);
  });
}

function halfClosed(suite: Suite): void {
  const allowHalfOpen = true;

  suite.both('R5: allowHalfOpen: writable after onEnd', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { allowHalfOpen });
    peer.end('question');
    await log.seen('end ');
    await turn();
    t.is(channel.readyState, 'writeOnly');
    t.true(channel.connected);
    channel.write('answer');
    await peer.received(6);
    t.false(peer.ended);
    channel.end();
    await peer.finished();
    t.is(peer.text, 'answer');
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read question', 'end ', 'close end']);
  });

  suite.both('R5: allowHalfOpen: shutdown() is the end too', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { allowHalfOpen });
    peer.end();
    await log.seen('end ');
    channel.write('answer');
    channel.shutdown();
    await peer.finished();
    t.is(peer.text, 'answer');
    await log.closed();
    t.deepEqual(log.order, ['connect', 'end ', 'close end']);
  });

  for (const halfOpen of [false, true]) {
    const title = `R5: shutdown() sends FIN and goes on reading, allowHalfOpen ${halfOpen}`;
    suite.both(title, async (scene, t, side) => {
      const options = { readDelimiter: '\n', allowHalfOpen: halfOpen };
      const { channel, log, peer } = await scene.open(side, options);
      channel.write('question');
      channel.shutdown();
      channel.shutdown();
      t.is(channel.readyState, 'readOnly');
      await peer.finished();
      t.is(peer.text, 'question');
      await peer.write('a\nb\n');
      await log.frames(2);
      t.true(channel.connected);
      peer.end('c\nd');
      await log.closed();
      const expected = ['connect', 'read a', 'read b', 'read c', 'end d', 'close end'];
      t.deepEqual(log.order, expected);
    });
  }

  suite.both('shutdown() sends 8 MiB first', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    channel.write(Buffer.alloc(8 * MiB));
    channel.shutdown();
    await peer.finished();
    t.is(peer.length, 8 * MiB);
    await log.seen('write');
    peer.end();
    await log.closed();
  });

  suite.both('end() after shutdown()', async (scene, t, side) => {
    const lockstep = await Lockstep.start(scene);
    const { channel, log, peer } = await scene.open(side);
    channel.shutdown();
    await peer.finished();
    channel.end();
    await lockstep.send(peer, ['not delivered']);
    peer.end();
    await log.closed();
    t.deepEqual(log.order, ['connect', 'close end']);
  });

  suite.both('X12: both sides finish at once', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    channel.write('a');
    channel.end();
    peer.end('b');
    await peer.finished();
    t.is(peer.text, 'a');
    await log.closed();
    t.deepEqual(log.order, ['connect', 'close end']);
  });
}

function closed(suite: Suite): void {
  suite.both('close() closes at once', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    t.is(channel.readyState, 'open');
    channel.close();
    t.false(channel.connected);
    t.is(channel.readyState, 'closed');
    t.deepEqual(log.hooks, ['connect'], 'no hook inside close()');
    await peer.gone();
    const info = await log.closed();
    t.deepEqual(info, { reason: 'close', unsentBytes: 0 });
    t.is(channel.fileno, null);
    t.is(channel.pendingBytes, 0);
  });

  suite.both('close() counts what it drops', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    peer.socket.pause();
    channel.write(Buffer.alloc(32 * MiB));
    await turn();
    channel.write(Buffer.alloc(32 * MiB));
    channel.close();
    const info = await log.closed();
    t.deepEqual(log.hooks, ['connect', 'close close']);
    t.true(info.unsentBytes >= 32 * MiB);
    peer.socket.resume();
    await peer.gone();
    // What the operating system had taken is lost by the reset, as far as it had not been sent.
    t.true(peer.length + info.unsentBytes <= 64 * MiB);
  });

  suite.both('X7: onWrite comes before onClose, or not at all', async (scene, t, side) => {
    const { channel, log } = await scene.open(side);
    channel.write('a');
    await log.seen('write');
    channel.close();
    await log.closed();
    await turn();
    t.deepEqual(log.hooks, ['connect', 'write', 'close close']);
  });

  suite.test('X5: an idle channel closes, and stays closed', async (scene, t) => {
    for (const method of ['close', 'end'] as const) {
      const { channel, log } = scene.client();
      t.is(channel.readyState, 'idle');
      channel[method]();
      channel[method]();
      t.deepEqual(log.hooks, []);
      const info = await log.closed();
      t.deepEqual(info, { reason: method, unsentBytes: 0 });
      t.deepEqual(log.hooks, [`close ${method}`]);
      t.throws(() => channel.connect('127.0.0.1', 1), { code: 'ERR_CHANNEL_CLOSED' });
    }
  });
}

function failed(suite: Suite): void {
  suite.both('R1: a reset: what came before it, one error, one close', async (scene, t, side) => {
    const lockstep = await Lockstep.start(scene);
    const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' }, (channel) => ({
      onError: () => t.false(channel.write('x')),
    }));
    await lockstep.send(peer, ['a\nb\npartial']);
    peer.reset();
    const info = await log.closed();
    await turn();
    const expected = ['connect', 'read a', 'read b', 'error ECONNRESET', 'close error'];
    t.deepEqual(log.order, expected);
    t.is(info.error, log.error);
    t.is(log.error?.errno, -104);
    t.is(log.error?.syscall, 'read');
    t.is(channel.readyState, 'closed');
  });

  suite.both('R1: data and reset at once', async (scene, t, side) => {
    for (let round = 0; round < 20; round++) {
      const { log, peer } = await scene.open(side, { readDelimiter: '\n' });
      await peer.write('a\nb\n');
      peer.reset();
      await log.closed();
      const expected = ['connect', 'read a', 'read b', 'error ECONNRESET', 'close error'];
      t.deepEqual(log.order, expected);
    }
  });

  suite.both('R1: without a delimiter all that came before a reset', async (scene, t, side) => {
    const data = Buffer.alloc(20_000, 'abcdefg');
    const { log, peer } = await scene.open(side);
    await peer.write(data);
    peer.reset();
    await log.closed();
    t.is(log.text, data.toString());
    t.deepEqual(log.order.slice(-2), ['error ECONNRESET', 'close error']);
  });

  suite.both('R1: a reset in the middle of a long batch', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, { readDelimiter: '\n' });
    const lines = Array.from({ length: 2_000 }, (_, at) => `line ${at}`);
    await peer.write(`${lines.join('\n')}\n`);
    peer.reset();
    await log.closed();
    t.deepEqual(log.reads, lines);
    t.deepEqual(log.order.slice(-2), ['error ECONNRESET', 'close error']);
  });

  suite.both('R1: what came before is read, though a write fails first', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
    channel.pause();
    await peer.write('a\nb\n');
    peer.reset();
    await milliseconds(5);
    // Both are answered with a reset; the channel is paused, so nobody is told yet.
    channel.write('x', true);
    await milliseconds(5);
    channel.write('y', true);
    await milliseconds(5);
    t.deepEqual(log.order, ['connect']);
    channel.resume();
    const info = await log.closed();
    t.deepEqual(log.order.slice(0, 3), ['connect', 'read a', 'read b']);
    t.is(log.order.length, 5);
    t.regex(log.order[3] ?? '', /^error (ECONNRESET|EPIPE)$/);
    t.is(info.reason, 'error');
  });

  suite.both('R1: who has paused until onWrite hears of a reset', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, { readDelimiter: '\n' }, (channel) => ({
      onRead: () => {
        // More than the buffers of both ends hold.
        for (let n = 0; n < 32; n += 1) channel.write(Buffer.alloc(1024 * 1024));
        channel.pause();
      },
      onWrite: () => channel.resume(),
    }));
    peer.socket.pause();
    await peer.write('one\ntwo\n');
    await log.frames(1);
    peer.reset();
    const { reason, error, unsentBytes } = await log.closed();
    t.is(reason, 'error');
    t.is(error, log.error);
    t.true(unsentBytes > 0);
    t.deepEqual(log.reads, ['one'], 'what it had read and was not given is dropped');
  });

  suite.both('X1: close() in onError changes nothing', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, {}, (channel) => ({
      onError: () => channel.close(),
    }));
    peer.reset();
    const info = await log.closed();
    t.deepEqual(log.order, ['connect', 'error ECONNRESET', 'close error']);
    t.is(info.error, log.error);
  });
}
