import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import {
  descriptorsOf,
  patternOf,
  sparseFile,
  temporaryDirectory,
  temporaryFile,
} from '../helpers/files.ts';
import type { FileLike } from '../helpers/implementation.ts';
import { eventually, turn } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

/** SPEC §4: writeFile(). */
export function files(suite: Suite): void {
  suite.both('writeFile: a path, a URL, a descriptor, a FileHandle', async (scene, t, side) => {
    const { channel, peer } = await scene.open(side);
    const path = temporaryFile(t, 'file,');
    const descriptor = openSync(path, 'r');
    const handle = await open(path);
    channel.writeFile(path);
    channel.writeFile(pathToFileURL(path));
    channel.writeFile(descriptor);
    channel.writeFile(handle);
    closeSync(descriptor);
    await handle.close();
    channel.end();
    await peer.finished();
    t.is(peer.text, 'file,file,file,file,');
    t.is(descriptorsOf(path), 0);
  });

  suite.both('W19: files and writes keep their order', async (scene, t, side) => {
    const { channel, peer } = await scene.open(side);
    const content = patternOf(300_000);
    const path = temporaryFile(t, content);
    const expected: Buffer[] = [];
    for (let at = 0; at < 300; at++) {
      const text = Buffer.from(`${at},`.repeat(at % 7 === 0 ? 5_000 : at % 30));
      channel.write(text, at % 40 === 0);
      const [nbytes, offset] = [1 + ((at * 997) % 100_000), (at * 7_919) % 200_000];
      channel.writeFile(path, nbytes, offset, at % 50 === 0);
      expected.push(text, content.subarray(offset, offset + nbytes));
      if (at % 60 === 0) await turn();
    }
    channel.end();
    await peer.finished();
    t.true(peer.bytes.equals(Buffer.concat(expected)));
    t.is(descriptorsOf(path), 0);
  });

  suite.both('writeFile: ranges', async (scene, t, side) => {
    const { channel, peer } = await scene.open(side);
    const path = temporaryFile(t, '0123456789');
    const ranges = [
      [0, 0, '0123456789'],
      [10, 0, '0123456789'],
      [3, 0, '012'],
      [0, 4, '456789'],
      [2, 4, '45'],
      [1, 9, '9'],
      [0, 10, ''],
    ] as const;
    for (const [nbytes, offset] of ranges) {
      channel.writeFile(path, nbytes, offset);
      channel.write('|');
    }
    channel.end();
    await peer.finished();
    t.is(peer.text, ranges.map(([, , text]) => `${text}|`).join(''));
  });

  suite.both('writeFile: beyond 4 GiB', async (scene, t, side) => {
    const { channel, peer } = await scene.open(side);
    const marks = { [2 * GiB - 2]: 'two!', [4 * GiB - 2]: 'four', [5 * GiB - 1]: '.' };
    const path = sparseFile(t, 5 * GiB, marks);
    channel.writeFile(path, 4, 2 * GiB - 2);
    channel.writeFile(path, 4, 4 * GiB - 2);
    channel.writeFile(path, 0, 5 * GiB - 1);
    channel.end();
    await peer.finished();
    t.is(peer.text, 'two!four.');
  });

  suite.both('writeFile: more than 4 GiB are counted right', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    const path = sparseFile(t, 5 * GiB, {});
    peer.socket.pause();
    t.false(channel.writeFile(path));
    t.is(channel.pendingBytes, 5 * GiB);
    await eventually('some of it leaves', () => channel.pendingBytes < 5 * GiB);
    channel.close();
    const { unsentBytes } = await log.closed();
    peer.socket.resume();
    await peer.gone();
    t.true(unsentBytes > 4 * GiB && unsentBytes <= 5 * GiB - peer.length);
    t.is(descriptorsOf(path), 0);
  });

  suite.both('W18: a file without bytes is drained too', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    const path = temporaryFile(t, '');
    t.true(channel.writeFile(path));
    t.is(channel.pendingBytes, 0);
    await log.seen('write');
    channel.write('a');
    channel.writeFile(path);
    channel.write('b');
    await peer.received(2);
    t.is(peer.text, 'ab');
    t.is(descriptorsOf(path), 0);
  });

  suite.both('the position of a descriptor is neither used nor moved', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    const descriptor = openSync(temporaryFile(t, '0123456789'), 'r');
    readSync(descriptor, Buffer.alloc(3));
    channel.writeFile(descriptor);
    channel.writeFile(descriptor, 2, 5);
    await peer.received(12);
    await log.seen('write');
    t.is(peer.text, '012345678956');
    const next = Buffer.alloc(1);
    readSync(descriptor, next);
    t.is(next.toString(), '3');
    closeSync(descriptor);
  });

  suite.both('W17: a descriptor that is closed and in use again', async (scene, t, side) => {
    const { channel, peer } = await scene.open(side);
    const first = temporaryFile(t, 'first');
    const second = temporaryFile(t, 'other');
    const descriptor = openSync(first, 'r');
    channel.writeFile(descriptor);
    closeSync(descriptor);
    const again = openSync(second, 'r');
    channel.end();
    await peer.finished();
    closeSync(again);
    t.is(peer.text, 'first');
  });

  suite.both('a file that is renamed, replaced and unlinked is sent', async (scene, t, side) => {
    const { channel, peer } = await scene.open(side);
    const content = patternOf(8 * MiB);
    const path = temporaryFile(t, content);
    peer.socket.pause();
    channel.writeFile(path);
    renameSync(path, `${path}.old`);
    writeFileSync(path, 'another');
    channel.writeFile(path);
    unlinkSync(path);
    unlinkSync(`${path}.old`);
    await turn();
    channel.end();
    peer.socket.resume();
    await peer.finished();
    t.true(peer.bytes.equals(Buffer.concat([content, Buffer.from('another')])));
  });

  suite.both('only what the file held at the call is sent', async (scene, t, side) => {
    const { channel, peer } = await scene.open(side);
    const path = temporaryFile(t, 'at the call');
    channel.writeFile(path);
    writeFileSync(path, ', and later', { flag: 'a' });
    channel.end();
    await peer.finished();
    t.is(peer.text, 'at the call');
  });

  suite.both('W16: a file that shrinks: onError, and closed', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    const path = sparseFile(t, 64 * MiB, {});
    const descriptor = openSync(path, 'r+');
    peer.socket.pause();
    channel.write('before');
    channel.writeFile(path);
    channel.write('after');
    const total = 6 + 64 * MiB + 5;
    await eventually('some of it leaves', () => channel.pendingBytes < total);
    const kept = 32 * MiB;
    ftruncateSync(descriptor, kept);
    closeSync(descriptor);
    peer.socket.resume();
    const info = await log.closed();
    t.deepEqual(log.order, ['connect', 'error ERR_FILE_TRUNCATED', 'close error']);
    t.is(info.error, log.error);
    await peer.gone();
    t.true(peer.length <= 6 + kept, 'no padding');
    t.is(info.unsentBytes, total - 6 - kept);
    t.is(descriptorsOf(path), 0);
  });

  suite.both('W16: a file that shrinks while the channel is paused', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
    const path = sparseFile(t, 64 * MiB, {});
    peer.socket.pause();
    channel.pause();
    channel.writeFile(path);
    await eventually('some of it leaves', () => channel.pendingBytes < 64 * MiB);
    truncateSync(path, 32 * MiB);
    await peer.write('not read');
    peer.socket.resume();
    const { reason, unsentBytes } = await log.closed();
    t.is(reason, 'error');
    t.deepEqual(log.order, ['connect', 'error ERR_FILE_TRUNCATED', 'close error']);
    t.is(unsentBytes, 32 * MiB);
  });

  suite.both('W16: a file that shrinks after end()', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    const path = sparseFile(t, 64 * MiB, {});
    peer.socket.pause();
    channel.writeFile(path);
    channel.end();
    await turn();
    truncateSync(path, 32 * MiB);
    peer.socket.resume();
    const info = await log.closed();
    t.deepEqual(log.order, ['connect', 'close error']);
    t.is((info.error as NodeJS.ErrnoException).code, 'ERR_FILE_TRUNCATED');
    await peer.gone();
    t.is(info.unsentBytes, 32 * MiB);
    t.true(peer.length <= 32 * MiB);
  });

  suite.both('W16: a file that shrinks, and a peer who never stops', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
    const path = sparseFile(t, 64 * MiB, {});
    const lines = Buffer.alloc(100_000, 'a line\n');
    // A Unix socket that another thread empties takes every write at once, turn after turn.
    const more = () => peer.socket.destroyed || peer.socket.write(lines, () => setImmediate(more));
    more();
    await log.frames(1_000);
    channel.writeFile(path);
    truncateSync(path, MiB);
    await log.closed();
    t.deepEqual(log.order.slice(-2), ['error ERR_FILE_TRUNCATED', 'close error']);
    peer.socket.destroy();
  });

  suite.both('W16: a file that was cut off before it could be sent', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    const path = temporaryFile(t, '0123456789');
    channel.write('before,');
    channel.writeFile(path);
    truncateSync(path, 0);
    const info = await log.closed();
    t.is(info.unsentBytes, 10);
    await peer.gone();
    t.is(peer.text, 'before,');
  });

  suite.both('W18: the peer resets midway', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    const path = sparseFile(t, GiB, {});
    channel.writeFile(path);
    await peer.received(MiB);
    peer.reset();
    const info = await log.closed();
    t.is(log.order.length, 3);
    t.regex(log.order[1] ?? '', /^error (ECONNRESET|EPIPE)$/);
    t.true(info.unsentBytes > 0 && info.unsentBytes <= GiB - MiB);
    t.is(descriptorsOf(path), 0);
  });

  suite.both('a file counts in pendingBytes, bytesWritten and onWrite', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { highWaterMark: 10 });
    const path = temporaryFile(t, '0123456789');
    t.true(channel.writeFile(path));
    t.is(channel.pendingBytes, 10);
    t.false(channel.writeFile(path, 1));
    t.is(channel.pendingBytes, 11);
    await peer.received(11);
    await log.seen('write');
    t.is(channel.pendingBytes, 0);
    t.is(channel.bytesWritten, 11);
    t.is(log.count('write'), 1);
  });

  suite.both('onWrite comes after the last byte', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    peer.socket.pause();
    channel.writeFile(sparseFile(t, 64 * MiB, {}));
    await eventually('some of it leaves', () => channel.pendingBytes < 64 * MiB);
    t.true(channel.pendingBytes > 0);
    t.is(log.count('write'), 0);
    peer.socket.resume();
    await log.seen('write');
    t.is(channel.pendingBytes, 0);
    await peer.received(64 * MiB);
    t.is(log.count('write'), 1);
  });

  suite.both('file after file, each at onWrite', async (scene, t, side) => {
    const content = patternOf(100_000);
    const path = temporaryFile(t, content);
    let left = 50;
    const { peer } = await scene.open(side, {}, (channel) => {
      const more = () => {
        left -= 1;
        if (left >= 0) channel.writeFile(path);
        else channel.end();
      };
      return { onConnect: more, onWrite: () => channel.connected && left >= 0 && more() };
    });
    await peer.finished();
    t.true(peer.bytes.equals(Buffer.concat(Array.from({ length: 50 }, () => content))));
  });

  suite.both('files do not count towards maxPendingBytes', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { maxPendingBytes: 1_000 });
    const path = sparseFile(t, 64 * MiB, {});
    peer.socket.pause();
    channel.writeFile(path);
    channel.writeFile(path);
    channel.write('a'.repeat(1_000));
    channel.write('b');
    t.is(channel.pendingBytes, 128 * MiB + 1_001);
    await turn();
    t.true(channel.connected);
    // Now there is too much in memory, for a file as for other writes.
    t.false(channel.writeFile(path));
    const info = await log.closed();
    t.deepEqual(log.order, ['connect', 'overflow ERR_PENDING_OVERFLOW', 'close overflow']);
    peer.socket.resume();
    await peer.gone();
    t.true(peer.length + info.unsentBytes <= 128 * MiB + 1_001);
    t.is(descriptorsOf(path), 0);
  });

  suite.both('shutdown() after a file', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    channel.writeFile(sparseFile(t, 8 * MiB, {}));
    channel.shutdown();
    await peer.finished();
    t.is(peer.length, 8 * MiB);
    peer.end('answer');
    await log.closed();
    t.is(log.text + String(log.rest), 'answer');
  });

  suite.both('one large file does not starve other channels', async (scene, t, side) => {
    const busy = await scene.open(side);
    const quick = await scene.open(side, {}, (channel) => ({
      onRead: (data) => channel.write(data),
    }));
    busy.channel.writeFile(sparseFile(t, 16 * GiB, {}));
    await busy.peer.received(MiB);
    for (let round = 1; round <= 20; round++) {
      await quick.peer.write('x');
      await quick.peer.received(round);
    }
    t.true(busy.channel.pendingBytes > 0);
    busy.peer.reset();
  });

  suite.test('writeFile before there is a connection', async (scene, t) => {
    const listening = await scene.peerServer();
    const { channel } = scene.client();
    const path = temporaryFile(t, 'file,');
    channel.connect('localhost', listening.port);
    channel.write('before,');
    channel.writeFile(path);
    channel.write('after');
    t.is(channel.pendingBytes, 'before,file,after'.length);
    t.throws(() => channel.writeFile(`${path}.not`), { code: 'ENOENT' });
    unlinkSync(path);
    channel.end();
    const peer = await listening.peer();
    await peer.finished();
    t.is(peer.text, 'before,file,after');
    t.is(descriptorsOf(path), 0);
  });

  suite.test('S1: no descriptor is left where no connection comes about', async (scene, t) => {
    const listening = await scene.peerServer();
    listening.close();
    const path = temporaryFile(t, 'file');
    const refused = scene.client();
    refused.channel.connect('127.0.0.1', listening.port);
    refused.channel.writeFile(path);
    t.is((await refused.log.closed()).unsentBytes, 4);

    const closed = scene.client();
    closed.channel.connect('localhost', listening.port);
    closed.channel.writeFile(path);
    closed.channel.close();
    t.is((await closed.log.closed()).unsentBytes, 4);
    t.is(descriptorsOf(path), 0);
  });

  suite.both('S1: no descriptor is left after close()', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    const path = sparseFile(t, 64 * MiB, {});
    peer.socket.pause();
    for (let at = 0; at < 20; at++) channel.writeFile(path);
    await eventually('some of it leaves', () => channel.pendingBytes < 20 * 64 * MiB);
    channel.writeFile(path);
    channel.close();
    t.true((await log.closed()).unsentBytes > 0);
    t.is(descriptorsOf(path), 0);
  });

  suite.both('what cannot be sent: an error, and nothing is', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    const path = temporaryFile(t, '0123456789');
    const directory = temporaryDirectory(t);
    const closed = openSync(path, 'r');
    closeSync(closed);
    const handle = await open(path);
    await handle.close();
    const cases: [file: unknown, code: string, nbytes?: unknown, offset?: unknown][] = [
      [`${path}.not`, 'ENOENT'],
      [pathToFileURL(`${path}.not`), 'ENOENT'],
      ['', 'ENOENT'],
      [directory, 'EISDIR'],
      [closed, 'EBADF'],
      [handle, 'EBADF'],
      [path, 'ERR_INVALID_ARG_VALUE', 11],
      [path, 'ERR_INVALID_ARG_VALUE', 0, 11],
      [path, 'ERR_INVALID_ARG_VALUE', 6, 5],
      [path, 'ERR_INVALID_ARG_VALUE', -1],
      [path, 'ERR_INVALID_ARG_VALUE', 0, -1],
      [path, 'ERR_INVALID_ARG_VALUE', 1.5],
      [path, 'ERR_INVALID_ARG_VALUE', Number.NaN],
      [path, 'ERR_INVALID_ARG_VALUE', 2 ** 53],
      [path, 'ERR_INVALID_ARG_TYPE', '1'],
      [path, 'ERR_INVALID_ARG_TYPE', 1n],
      [path, 'ERR_INVALID_ARG_TYPE', null],
      [path, 'ERR_INVALID_ARG_TYPE', 0, '1'],
      [`${path}\0`, 'ERR_INVALID_ARG_VALUE'],
      [new URL('http://localhost/file'), 'ERR_INVALID_URL_SCHEME'],
      [-1, 'ERR_INVALID_ARG_VALUE'],
      [0.5, 'ERR_INVALID_ARG_VALUE'],
      [null, 'ERR_INVALID_ARG_TYPE'],
      [undefined, 'ERR_INVALID_ARG_TYPE'],
      [{}, 'ERR_INVALID_ARG_TYPE'],
      [{ fd: '3' }, 'ERR_INVALID_ARG_TYPE'],
      [Buffer.from(path), 'ERR_INVALID_ARG_TYPE'],
    ];
    for (const [file, code, nbytes, offset] of cases) {
      const call = () => channel.writeFile(file as FileLike, nbytes as number, offset as number);
      t.throws(call, { code }, `${String(file)} ${nbytes} ${offset}`);
    }
    const missing = t.throws<NodeJS.ErrnoException>(() => channel.writeFile(`${path}.not`));
    t.like(missing, { syscall: 'open', path: `${path}.not`, errno: missing.errno ?? 0 });
    t.true((missing.errno ?? 0) < 0);
    t.is(channel.pendingBytes, 0);
    t.is(descriptorsOf(path), 0);
    channel.write('lives');
    await peer.received(5);
    t.is(peer.text, 'lives');
    t.deepEqual(log.order, ['connect']);
  });

  // Windows has none of these among its files.
  if (process.platform !== 'win32') {
    suite.both('W17: what is no regular file is refused', async (scene, t, side) => {
      const { channel } = await scene.open(side);
      const directory = temporaryDirectory(t);
      const fifo = join(directory, 'fifo');
      execFileSync('mkfifo', [fifo]);
      const socket = join(directory, 'socket');
      const server = createServer().listen(socket);
      t.teardown(() => server.close());
      await once(server, 'listening');
      for (const path of [fifo, socket, '/dev/null', '/dev/zero']) {
        t.throws(() => channel.writeFile(path), { code: 'ERR_INVALID_ARG_VALUE' }, path);
      }
      t.is(descriptorsOf(fifo), 0);
    });
  }

  suite.test('writeFile on an idle channel', (scene, t) => {
    const { channel } = scene.client();
    const path = temporaryFile(t, 'file');
    t.throws(() => channel.writeFile(path), { code: 'ERR_CHANNEL_NOT_CONNECTED' });
    t.throws(() => channel.writeFile(`${path}.not`), { code: 'ERR_CHANNEL_NOT_CONNECTED' });
  });

  suite.both('writeFile after end() and after close()', async (scene, t, side) => {
    const { channel, log } = await scene.open(side);
    const path = temporaryFile(t, 'file');
    channel.end();
    t.throws(() => channel.writeFile(path), { code: 'ERR_CHANNEL_CLOSED' });
    channel.close();
    t.throws(() => channel.writeFile(path), { code: 'ERR_CHANNEL_CLOSED' });
    await log.closed();
    t.throws(() => channel.writeFile(path), { code: 'ERR_CHANNEL_CLOSED' });
    t.is(descriptorsOf(path), 0);
  });
}
