// Of writeFile(), what the conformance suite cannot ask of the reference too.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, truncateSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { basename, dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import test, { type ExecutionContext } from 'ava';
import { Client, Server, UnixConnection, UnixServer } from 'pants-native';

import {
  descriptorsOf,
  patternOf,
  sparseFile,
  temporaryDirectory,
  temporaryFile,
} from './helpers/files.ts';
import { collectGarbage } from './helpers/garbage.ts';
import { record } from './helpers/log.ts';
import { PeerServer } from './helpers/peer.ts';
import { eventually } from './helpers/wait.ts';

const MiB = 1024 * 1024;

/** A connected client, what it was told, and its peer. */
async function pair(t: ExecutionContext) {
  const listening = await PeerServer.listen();
  t.teardown(() => listening.close());
  const channel = new Client();
  const log = record(channel);
  t.teardown(() => channel.close());
  channel.connect('127.0.0.1', listening.port);
  const peer = await listening.peer();
  await log.seen('connect');
  return { channel, log, peer };
}

test('a descriptor that was not opened for reading', async (t) => {
  const { channel } = await pair(t);
  const path = temporaryFile(t, 'file');
  const descriptor = openSync(path, 'a');
  t.throws(() => channel.writeFile(descriptor), { code: 'EBADF' });
  closeSync(descriptor);
  t.is(descriptorsOf(path), 0);
});

test('files that have left are forgotten, also where nobody waits for onWrite', async (t) => {
  const listening = await PeerServer.listen();
  t.teardown(() => listening.close());
  const channel = new Client();
  t.teardown(() => channel.close());
  channel.connect('127.0.0.1', listening.port);
  const peer = await listening.peer();
  const path = temporaryFile(t, 'x');
  // A long name, so that a few thousand of them show.
  const name = () => dirname(path) + '/.'.repeat(1_500) + sep + basename(path);
  const send = async (rounds: number) => {
    for (const goal = peer.length + 50 * rounds; peer.length < goal; ) {
      const { length } = peer;
      for (let at = 0; at < 50; at += 1) channel.writeFile(name());
      await peer.received(length + 50);
    }
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const before = await send(10);
  const growth = (await send(100)) - before;
  t.true(growth < 5 * MiB, `${growth} bytes more after 5,000 files`);
});

test('errors name the file, and the part of it', async (t) => {
  const { channel, log } = await pair(t);
  const path = temporaryFile(t, '0123456789');
  t.throws(() => channel.writeFile(path, 0, 11), {
    message: "offset must be at most the file's size, 10, got 11",
  });
  t.throws(() => channel.writeFile(path, 6, 5), {
    message: 'nbytes must be at most what is left, 5, got 6',
  });
  const directory = temporaryDirectory(t);
  t.throws(() => channel.writeFile(directory), {
    message: `EISDIR: illegal operation on a directory, read '${directory}'`,
  });
  channel.write('before');
  channel.writeFile(temporaryFile(t, 'whole'));
  channel.writeFile(path);
  truncateSync(path, 5);
  const { error } = await log.closed();
  t.is(error?.message, `the file '${path}' has become shorter than what was to be sent of it`);
});

test('over a Unix socket', async (t) => {
  if (process.platform === 'win32') {
    t.pass('there are none');
    return;
  }
  const content = patternOf(3 * MiB + 1);
  const path = temporaryFile(t, content);
  class Sender extends UnixConnection {
    override onConnect(): void {
      this.write('head,');
      this.writeFile(path);
      this.write(',tail');
      this.end();
    }
  }
  const server = new UnixServer(Sender);
  const name = join(temporaryDirectory(t), 'socket');
  server.listen(name);
  t.teardown(() => server.close());
  const received = await readAll(connect(name));
  t.true(received.equals(Buffer.concat([Buffer.from('head,'), content, Buffer.from(',tail')])));
});

test('W17: with no descriptor left it throws, and what was accepted is sent', (t) => {
  if (process.platform === 'win32') {
    t.pass('there is no limit to reach');
    return;
  }
  const path = temporaryFile(t, '0123456789');
  const program = fileURLToPath(new URL('fixtures/shortage.mjs', import.meta.url));
  const command = 'ulimit -n 100 && exec "$0" "$@"';
  const output = execFileSync('sh', ['-c', command, process.execPath, program, path]);
  t.is(output.toString(), 'EMFILE, and all that was accepted came\n');
});

test('S1: a worker that ends leaves no file open', async (t) => {
  const listening = await PeerServer.listen();
  t.teardown(() => listening.close());
  listening.server.on('connection', (socket) => socket.pause());
  const path = sparseFile(t, 64 * MiB, {});
  const program = new URL('fixtures/file-worker.mjs', import.meta.url);
  for (const end of ['by itself', 'terminated']) {
    const worker = new Worker(program, { workerData: { port: listening.port, path } });
    await once(worker, 'message');
    if (process.platform === 'linux') t.true(descriptorsOf(path) > 0);
    const exit = once(worker, 'exit');
    if (end === 'terminated') await worker.terminate();
    else worker.postMessage('exit');
    await exit;
    await eventually('the files are closed', () => descriptorsOf(path) === 0);
  }
  t.is(listening.peers.length, 2);
});

test('process.exit() does not wait for a file to be sent', async (t) => {
  const path = sparseFile(t, 64 * 1024 * MiB, {});
  const server = new Server().listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  const program = fileURLToPath(new URL('fixtures/file-exit.mjs', import.meta.url));
  const port = server.localAddr?.port ?? 0;
  const child = spawn(process.execPath, [program, String(port), path], { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  t.is(code, 7);
});

async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
