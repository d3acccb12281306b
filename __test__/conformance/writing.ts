import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { temporaryFile } from '../helpers/files.ts';
import { eventually, milliseconds, turn } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

const MiB = 1024 * 1024;

/** SPEC §4: write(), flush(), onWrite, and what bounds them. */
export function writing(suite: Suite): void {
  suite.both('every kind of data', async (scene, t, side) => {
    const { channel, peer } = await scene.open(side);
    const bytes = Uint8Array.from({ length: 6 }, (_, at) => 0x61 + at);
    const shared = new Uint8Array(new SharedArrayBuffer(2));
    shared.set([0x67, 0x68]);
    channel.write('é');
    channel.write(Buffer.from('1'));
    channel.write(bytes.subarray(1, 3));
    channel.write(new DataView(bytes.buffer, 3, 1));
    channel.write(new Uint16Array(bytes.buffer, 4, 1));
    channel.write(bytes.buffer);
    channel.write(shared);
    channel.write(shared.buffer);
    channel.end();
    await peer.finished();
    t.is(peer.text, '\xc3\xa91bcdefabcdefghgh');
  });

  suite.both('an array: its pieces in order, accepted as a whole', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, {
      maxPendingBytes: 9,
      highWaterMark: 12,
    });
    const pieces = [
      'a€',
      Buffer.from('bc'),
      new Uint8Array([100]),
      new DataView(new ArrayBuffer(1)),
    ];
    t.true(channel.write(pieces));
    t.true(channel.write([]));
    // What is pending before it decides, not between its pieces.
    channel.write(['efghi', 'jklmn', 'opqrs']);
    peer.socket.pause();
    await eventually('all is sent', () => channel.pendingBytes === 0);
    for (const bad of [[1], ['x', null], ['x', ['y']], [new Array(1)]]) {
      t.throws(() => channel.write(bad as never), { code: 'ERR_INVALID_ARG_TYPE' });
    }
    channel.end(['t', 'u']);
    peer.socket.resume();
    await log.closed();
    await peer.finished();
    t.is(Buffer.from(peer.text, 'latin1').toString(), 'a€bcd\0efghijklmnopqrstu');
  });

  suite.both('an array is refused as a whole', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { maxPendingBytes: 4 });
    peer.socket.pause();
    channel.write(Buffer.alloc(32 * 1024 * 1024));
    t.false(channel.write(['one', Buffer.from('two'), '€']));
    t.is(channel.stats().refusedBytes, 9);
    t.is((await log.closed()).reason, 'overflow');
  });

  suite.both('each string is encoded by itself', async (scene, t, side) => {
    const { channel, peer } = await scene.open(side);
    const [high, low] = ['\ud83d', '\ude00'];
    for (const data of ['a', high, low, 'ä', high + low, '', high, '', low, high])
      channel.write(data);
    channel.write(Buffer.from('b'));
    for (const data of [low, high]) channel.write(data);
    channel.flush();
    channel.end(low);
    await peer.finished();
    const lone = '\ufffd';
    const expected = `a${lone}${lone}ä${high}${low}${lone}${lone}${lone}b${lone}${lone}${lone}`;
    t.is(peer.bytes.toString(), expected);
    t.is(channel.bytesWritten, peer.length);
  });

  suite.both('counters are exact right after write()', async (scene, t, side) => {
    const { channel, peer } = await scene.open(side);
    peer.socket.pause();
    let bytes = 0;
    for (const data of [
      'a',
      'äö',
      '',
      '€',
      '\ud83d',
      '\ude00',
      '\ud83d\ude00',
      'x'.repeat(5_000),
    ]) {
      channel.write(data);
      bytes += Buffer.byteLength(data);
      t.is(channel.bytesWritten, bytes);
      t.is(channel.pendingBytes, bytes);
    }
    peer.socket.resume();
    await peer.received(bytes);
  });

  suite.both('highWaterMark and maxPendingBytes count bytes exactly', async (scene, t, side) => {
    const limits = { highWaterMark: 30, maxPendingBytes: 60 };
    const { channel, log } = await scene.open(side, limits);
    for (let at = 0; at < 10; at++) t.true(channel.write('€'), `${at}`);
    t.false(channel.write('x'));
    for (let at = 0; at < 9; at++) channel.write('€');
    channel.write('ä');
    t.is(channel.pendingBytes, 60);
    channel.write('ä');
    t.is(channel.pendingBytes, 62);
    t.false(channel.write('refused'));
    t.is(channel.stats().refusedBytes, 7);
    await log.closed();
    t.true(log.order.includes('overflow ERR_PENDING_OVERFLOW'));
  });

  suite.both('strings, bytes and files in one turn keep their order', async (scene, t, side) => {
    const { channel, peer } = await scene.open(side);
    const file = fileURLToPath(import.meta.url);
    const content = readFileSync(file, 'latin1');
    const expected: string[] = [];
    const write = (data: string | Buffer) => {
      channel.write(data);
      expected.push(data.toString());
    };
    for (let at = 0; at < 300; at++) {
      write(`${at},`);
      if (at % 3 === 0) write(Buffer.from(`[${at}]`));
      if (at % 50 === 0) {
        channel.writeFile(file);
        expected.push(content);
      }
      if (at % 70 === 0) write('x'.repeat(20_000));
      if (at % 90 === 0) channel.flush();
    }
    channel.end('end');
    await peer.finished();
    t.is(peer.text, `${expected.join('')}end`);
  });

  suite.both('what is written from a hook of another channel', async (scene, t, side) => {
    const one = await scene.open(side, { readDelimiter: '\n' }, () => ({
      onRead: (line) => {
        for (const { channel } of [one, other]) channel.write(`${line},`);
        other.channel.write(Buffer.from('.'));
      },
    }));
    const other = await scene.open(side);
    await one.peer.write('a\nb\nc\n');
    await one.peer.received('a,b,c,'.length);
    await other.peer.received('a,.b,.c,.'.length);
    t.is(one.peer.text, 'a,b,c,');
    t.is(other.peer.text, 'a,.b,.c,.');
  });

  suite.both('a close drops and counts what was written in its turn', async (scene, t, side) => {
    const { channel, log } = await scene.open(side);
    channel.pause();
    for (let at = 0; at < 100; at++) channel.write('ä');
    channel.close();
    const info = await log.closed();
    t.is(channel.bytesWritten, 200);
    t.true(info.unsentBytes <= 200);
  });

  suite.test('C15: strings and large data while connecting, then onWrite', async (scene, t) => {
    const listening = await scene.peerServer();
    const { channel, log } = scene.client();
    channel.connect('127.0.0.1', listening.port);
    const large = Buffer.alloc(100_000, 'large');
    for (const data of ['one,', '\ud83d', '\ude00', large]) channel.write(data);
    t.is(channel.bytesWritten, 100_010);
    const peer = await listening.peer();
    await log.seen('write');
    await peer.received(100_010);
    t.is(channel.pendingBytes, 0);
    t.is(peer.bytes.toString(), `one,\ufffd\ufffd${large}`);
  });

  suite.both('W14: the bytes are taken at the call', async (scene, t, side) => {
    const { channel, peer } = await scene.open(side);
    const buffer = Buffer.alloc(100_000, 'a');
    channel.write(buffer);
    buffer.fill('b');
    channel.write(buffer.subarray(0, 10));
    buffer.fill('c');
    channel.write(buffer.subarray(0, 10), true);
    buffer.fill('d');
    await peer.received(100_020);
    t.is(peer.text, 'a'.repeat(100_000) + 'b'.repeat(10) + 'c'.repeat(10));
  });

  suite.both('W2: many writes of all sizes keep their order', async (scene, t, side) => {
    const { channel, peer } = await scene.open(side);
    const expected: Buffer[] = [];
    for (let at = 0; at < 5_000; at++) {
      const piece = Buffer.alloc(at % 97 === 0 ? 20_000 : at % 200, `${at},`);
      expected.push(piece);
      channel.write(piece, at % 50 === 0);
      if (at % 500 === 0) await turn();
    }
    channel.end();
    await peer.finished();
    t.true(peer.bytes.equals(Buffer.concat(expected)));
  });

  suite.both('W2: a large write after a full batch of small ones', async (scene, t, side) => {
    const { channel, peer } = await scene.open(side);
    const expected: Buffer[] = [];
    for (const count of [16, 17, 18, 19]) {
      const pieces = Array.from({ length: count }, (_, at) => Buffer.alloc(15_000, `${at},`));
      pieces.push(Buffer.alloc(20_000, 'large'), Buffer.alloc(20_000, 'and another'));
      for (const piece of pieces) channel.write(piece);
      channel.flush();
      expected.push(...pieces);
    }
    channel.end();
    await peer.finished();
    t.true(peer.bytes.equals(Buffer.concat(expected)));
  });

  suite.both(
    'W2: what is large passes nothing that was written before it',
    async (scene, t, side) => {
      const { channel, peer } = await scene.open(side);
      const other = await scene.open(side);
      const file = temporaryFile(t, 'of a file');
      const large = Buffer.alloc(100_000, 'large ');
      const expected: (string | Buffer)[] = [];
      const write = (...data: (string | Buffer)[]) => {
        for (const piece of data) channel.write(piece);
        expected.push(...data);
      };
      for (let round = 0; round < 30; round++) {
        write(large, 'small', large, '', large);
        other.channel.write('between them');
        write('small', 'x'.repeat(20_000), 'é'.repeat(30_000), large);
        channel.writeFile(file);
        expected.push('of a file');
        write(large, 'small');
        // One small write to this channel in front of another's, and one behind it.
        other.channel.write('and again');
        write('small', large);
        if (round % 3 === 0) await turn();
        if (round % 5 === 0) channel.flush();
      }
      channel.end(large);
      await peer.finished();
      t.true(peer.bytes.equals(Buffer.concat([...expected, large].map((x) => Buffer.from(x)))));
      t.is(channel.pendingBytes, 0);
      other.channel.close();
    },
  );

  suite.both(
    'one onWrite for large writes of a turn, from the event loop',
    async (scene, t, side) => {
      const { channel, log, peer } = await scene.open(side);
      for (let at = 0; at < 3; at++) channel.write(Buffer.alloc(20_000));
      t.deepEqual(log.hooks, ['connect']);
      await peer.received(60_000);
      await log.seen('write');
      channel.write(Buffer.alloc(20_000));
      channel.write('and a small one');
      channel.end();
      await peer.finished();
      await log.closed();
      t.deepEqual(log.hooks, ['connect', 'write', 'write', 'close end']);
      t.is(channel.bytesWritten, 80_015);
    },
  );

  suite.both('a large write to a peer who is gone throws nothing', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    peer.reset();
    let written = 0;
    while (channel.connected) {
      channel.write(Buffer.alloc(50_000));
      written += 50_000;
      await turn();
    }
    const info = await log.closed();
    t.is(info.reason, 'error');
    t.true(info.unsentBytes <= written);
    t.is(log.hooks.filter((hook) => hook.startsWith('error')).length, 1);
    t.false(channel.write(Buffer.alloc(50_000)));
  });

  suite.both('W2: 32 MiB at once, to a reader who takes his time', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    const data = Buffer.alloc(32 * MiB, 'the quick brown fox jumps over the lazy dog.');
    peer.socket.pause();
    t.false(channel.write(data));
    // What the system takes at once, it may have by now.
    t.true(channel.pendingBytes > 65_536 && channel.pendingBytes <= data.length);
    await milliseconds(20);
    peer.socket.resume();
    await peer.received(data.length);
    await log.seen('write');
    t.true(peer.bytes.equals(data));
    t.is(channel.pendingBytes, 0);
    t.is(channel.bytesWritten, data.length);
    t.is(log.count('write'), 1);
  });

  suite.both('onWrite comes once for all writes of a turn', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    for (let at = 0; at < 10; at++) channel.write('x');
    await peer.received(10);
    await log.seen('write');
    await turn();
    t.is(log.count('write'), 1);
    channel.write('y');
    await log.until('a second onWrite', () => log.count('write') === 2);
  });

  suite.both('W12: an empty write is drained too, and holds up nothing', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    t.true(channel.write(''));
    t.is(channel.pendingBytes, 0);
    await log.seen('write');
    channel.write('a');
    channel.write(new Uint8Array(0));
    channel.write('b');
    await peer.received(2);
    t.is(peer.text, 'ab');
  });

  suite.both(
    'W12: one onWrite for an empty write and what has just left',
    async (scene, t, side) => {
      const { channel, log, peer } = await scene.open(side);
      channel.write('a', true);
      // It leaves meanwhile, and nobody here has heard of that.
      for (const end = performance.now() + 20; performance.now() < end; );
      channel.write('', true);
      await peer.received(1);
      await log.seen('write');
      peer.socket.write('b');
      await log.frames(1);
      t.is(log.count('write'), 1);
    },
  );

  suite.both('W4: false above highWaterMark, then one onWrite', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { highWaterMark: 1_000 });
    peer.socket.pause();
    t.true(channel.write(Buffer.alloc(1_000)));
    t.is(channel.pendingBytes, 1_000);
    t.false(channel.write('x'));
    t.is(channel.pendingBytes, 1_001);
    await log.seen('write');
    t.is(channel.pendingBytes, 0);

    // Now more than the kernel takes.
    const written = 1_001 + 64 * MiB;
    t.false(channel.write(Buffer.alloc(64 * MiB)));
    t.false(channel.write('x'));
    const drains = log.count('write');
    await milliseconds(20);
    t.is(log.count('write'), drains, 'not while something is pending');
    peer.socket.resume();
    await peer.received(written + 1);
    await log.until('another onWrite', () => log.count('write') > drains);
    t.is(channel.pendingBytes, 0);
  });

  suite.both('the default highWaterMark is 65,536', async (scene, t, side) => {
    const { channel } = await scene.open(side);
    // What is small is gathered while the turn lasts.
    for (let at = 0; at < 16; at++) t.true(channel.write(Buffer.alloc(4_096)));
    t.is(channel.pendingBytes, 65_536);
    t.false(channel.write('x'));
  });

  suite.both('a writer that waits for onWrite gets everything across', async (scene, t, side) => {
    let left = 500;
    const { peer } = await scene.open(side, { highWaterMark: 10_000 }, (channel) => {
      const more = () => {
        while (left > 0 && channel.write(Buffer.alloc(7_777, left % 256))) left -= 1;
        if (left > 0) left -= 1;
        else channel.end();
      };
      return { onConnect: more, onWrite: () => channel.connected && more() };
    });
    await peer.finished();
    const expected = Array.from({ length: 500 }, (_, at) => Buffer.alloc(7_777, (500 - at) % 256));
    t.true(peer.bytes.equals(Buffer.concat(expected)));
  });

  suite.both('flush() and flush = true send now', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    channel.write('a');
    channel.flush();
    channel.write('b', true);
    channel.flush();
    t.deepEqual(log.hooks, ['connect']);
    await peer.received(2);
    t.is(peer.text, 'ab');
    await log.seen('write');
  });

  suite.both('W13: writes in every hook', async (scene, t, side) => {
    let first = true;
    const { log, peer } = await scene.open(side, { readDelimiter: '\n' }, (channel) => ({
      onConnect: () => channel.write('connect,'),
      onRead: () => channel.write('read,'),
      onWrite: () => {
        if (first) channel.write('write,');
        first = false;
      },
      onEnd: () => channel.write('end,'),
    }));
    await peer.received('connect,write,'.length);
    peer.end('a\nb\nc');
    await log.closed();
    await peer.finished();
    t.is(peer.text, 'connect,write,read,read,end,');
    t.is(log.info?.unsentBytes, 0);
  });

  suite.both('W5: maxPendingBytes judges what is queued before', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { maxPendingBytes: 100 });
    peer.socket.pause();
    // On an empty queue any size goes, and up to the limit another one.
    channel.write(Buffer.alloc(100));
    channel.write(Buffer.alloc(200));
    t.is(channel.pendingBytes, 300);
    await log.seen('write');
    t.deepEqual(log.hooks, ['connect', 'write']);
    t.true(channel.connected);
  });

  suite.test('W5: the default maxPendingBytes is 64 MiB', async (scene, t) => {
    const listening = await scene.peerServer();
    const { channel, log } = scene.client();
    channel.connect('127.0.0.1', listening.port);
    // All of it waits for the connect.
    channel.write(Buffer.alloc(64 * MiB));
    channel.write('x');
    t.is(channel.pendingBytes, 64 * MiB + 1);
    channel.write('y');
    t.is(channel.pendingBytes, 64 * MiB + 1, 'refused');
    await log.seen('overflow ERR_PENDING_OVERFLOW');
    t.is((await log.closed()).reason, 'overflow');
  });

  suite.both('W5: past maxPendingBytes: onOverflowError, and closed', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { maxPendingBytes: 1_000 });
    peer.socket.pause();
    channel.write(Buffer.alloc(64 * MiB));
    t.false(channel.write('a'));
    t.deepEqual(log.hooks, ['connect'], 'not inside write()');
    t.false(channel.write('b'));
    const info = await log.closed();
    t.deepEqual(log.order, ['connect', 'overflow ERR_PENDING_OVERFLOW', 'close overflow']);
    t.is((info.error as NodeJS.ErrnoException).code, 'ERR_PENDING_OVERFLOW');
    peer.socket.resume();
    await peer.gone();
    // What was refused was never accepted: only the rest is counted.
    t.true(peer.length + info.unsentBytes <= 64 * MiB);
  });

  suite.both('W5: an onOverflowError that does nothing: closed', async (scene, t, side) => {
    const options = { maxPendingBytes: 1_000 };
    const { channel, log, peer } = await scene.open(side, options, () => ({
      onOverflowError: () => {},
    }));
    peer.socket.pause();
    channel.write(Buffer.alloc(64 * MiB));
    channel.write('a');
    await log.closed();
    t.deepEqual(log.order, ['connect', 'overflow ERR_PENDING_OVERFLOW', 'close overflow']);
  });

  suite.test('write() on an idle channel', (scene, t) => {
    const { channel } = scene.client();
    t.throws(() => channel.write('x'), { code: 'ERR_CHANNEL_NOT_CONNECTED' });
    t.throws(() => channel.write(''), { code: 'ERR_CHANNEL_NOT_CONNECTED' });
  });

  suite.both('W7: write() after end()', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    channel.write('a');
    channel.end();
    t.throws(() => channel.write('b'), { code: 'ERR_CHANNEL_CLOSED' });
    await peer.finished();
    t.throws(() => channel.write('c'), { code: 'ERR_CHANNEL_CLOSED' });
    peer.end();
    await log.closed();
    t.is(peer.text, 'a');
  });

  suite.both('W7: write() after shutdown()', async (scene, t, side) => {
    const { channel, peer } = await scene.open(side);
    channel.write('a');
    channel.shutdown();
    t.throws(() => channel.write('b'), { code: 'ERR_CHANNEL_CLOSED' });
    await peer.finished();
    t.is(peer.text, 'a');
  });

  suite.both('W8: write() after close()', async (scene, t, side) => {
    const { channel, log } = await scene.open(side, {}, (channel) => ({
      onClose: () => t.throws(() => channel.write('c'), { code: 'ERR_CHANNEL_CLOSED' }),
    }));
    channel.close();
    t.throws(() => channel.write('a'), { code: 'ERR_CHANNEL_CLOSED' });
    await log.closed();
    t.throws(() => channel.write('b'), { code: 'ERR_CHANNEL_CLOSED' });
    t.notThrows(() => channel.flush());
  });

  suite.both('W1: writing to a peer that is gone: one error, one close', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    peer.reset();
    const timer = setInterval(() => channel.readyState === 'open' && channel.write('x'), 1);
    t.teardown(() => clearInterval(timer));
    const info = await log.closed();
    t.is(log.order.length, 3);
    t.regex(log.order[1] ?? '', /^error (ECONNRESET|EPIPE)$/);
    t.is(info.reason, 'error');
    t.is(info.error, log.error);
  });

  suite.both('bytesRead and bytesWritten count', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
    t.is(channel.bytesRead, 0);
    t.is(channel.bytesWritten, 0);
    channel.write('héllo');
    await peer.received(6);
    await log.seen('write');
    t.is(channel.bytesWritten, 6);
    // What waits for a delimiter has been read as well.
    await peer.write('a\nbc\nd');
    await log.frames(2);
    t.is(channel.bytesRead, 6);
  });
}
