// A channel's Duplex: what a net.Socket does is what it is compared with.

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server as NetServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import stream, { type Duplex, Readable, Transform, Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';

import test, { type ExecutionContext } from 'ava';
import {
  type Address,
  type ChannelDuplex,
  Client,
  type CloseInfo,
  Connection,
  Server,
  type StreamOptions,
} from 'pants-native';

import { eventually, turn } from './helpers/wait.ts';

const MiB = 1024 * 1024;

interface Pair {
  duplex: ChannelDuplex;
  channel: Client;
  peer: Socket;
}

/** A client's Duplex, and the plain socket at its other end. */
async function pair(t: ExecutionContext, options: StreamOptions = {}): Promise<Pair> {
  const { port, server } = await listening(t);
  const channel = new Client(options).connect('127.0.0.1', port);
  t.teardown(() => channel.close());
  const duplex = channel.toDuplex();
  const [peer] = (await once(server, 'connection')) as [Socket];
  t.teardown(() => peer.destroy());
  peer.on('error', () => {});
  if (duplex.connecting) await once(duplex, 'connect');
  return { duplex, channel, peer };
}

async function listening(t: ExecutionContext): Promise<{ port: number; server: NetServer }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  server.on('connection', (peer) => peer.on('error', () => {}));
  await once(server, 'listening');
  t.teardown(() => server.close());
  return { port: (server.address() as Address).port, server };
}

async function textOf(readable: Readable): Promise<string> {
  // (A loop would destroy it at the end, with its writing half.)
  let text = '';
  readable.on('data', (chunk) => {
    text += chunk;
  });
  await once(readable, 'end');
  return text;
}

test.serial('it is a Duplex with what a net.Socket has', async (t) => {
  const { port } = await listening(t);
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  const duplex = new Client().connect('127.0.0.1', port).toDuplex();
  const events: string[] = [];
  for (const name of ['connect', 'ready', 'close']) duplex.on(name, () => events.push(name));
  t.deepEqual(
    [duplex.connecting, duplex.pending, duplex.readyState, duplex.destroyed],
    [socket.connecting, socket.pending, socket.readyState, socket.destroyed],
  );
  await Promise.all([once(duplex, 'ready'), once(socket, 'ready')]);
  t.deepEqual(
    [duplex.connecting, duplex.pending, duplex.readyState],
    [socket.connecting, socket.pending, socket.readyState],
  );
  t.deepEqual(
    [duplex.remoteAddress, duplex.remotePort, duplex.remoteFamily],
    [socket.remoteAddress, socket.remotePort, socket.remoteFamily],
  );
  t.deepEqual(
    [duplex.localAddress, typeof duplex.localPort, duplex.localFamily],
    [socket.localAddress, typeof socket.localPort, socket.localFamily],
  );
  t.deepEqual({ ...duplex.address(), port: 0 }, { ...socket.address(), port: 0 });
  for (const one of [duplex, socket]) {
    t.is(one.setNoDelay().setNoDelay(false).setKeepAlive(true, 1000).unref().ref(), one);
    t.is(one.setTimeout(0), one);
    one.write('hello');
  }
  socket.end('é', 'latin1');
  duplex.end('é', 'latin1');
  t.deepEqual([duplex.bytesWritten, duplex.bytesRead], [socket.bytesWritten, 0]);
  t.is(duplex.readyState, socket.readyState);
  socket.destroy();
  duplex.destroy();
  await once(duplex, 'close');
  t.deepEqual(
    [duplex.readyState, duplex.remoteAddress, duplex.address()],
    ['closed', undefined, {}],
  );
  t.deepEqual(events, ['connect', 'ready', 'close']);
  t.is(duplex.setNoDelay().setKeepAlive().ref().unref(), duplex, 'also of one that is closed');
});

test.serial(
  'bytes, whatever readDelimiter and readEncoding say, from the first one on',
  async (t) => {
    class Lines extends Client {
      override readDelimiter = '\n';
      override readEncoding = 'utf8';
      override onRead(): void {
        t.fail('a Duplex reads');
      }
    }
    const { port, server } = await listening(t);
    server.on('connection', (peer) => peer.end('a\nb\nc'));
    const channel = new Lines();
    const early = channel.toDuplex();
    channel.connect('127.0.0.1', port);
    early.once('data', (first) => t.true(Buffer.isBuffer(first)));
    t.is(await textOf(early), 'a\nb\nc');
    // Of a connection that has frames cut already.
    class Greeting extends Connection {
      override readDelimiter = '\n';
      override onRead(line: Buffer): void {
        this.toDuplex().end(`after ${line}: `);
        const duplex = made.shift() as ChannelDuplex;
        duplex.on('data', (data) => rest.push(data));
      }
      override toDuplex(): ChannelDuplex {
        const duplex = super.toDuplex();
        made.push(duplex);
        return duplex;
      }
    }
    const made: ChannelDuplex[] = [];
    const rest: Buffer[] = [];
    const greeting = new Server(Greeting).listen(0, '127.0.0.1');
    t.teardown(() => greeting.close());
    const peer = connect(greeting.localAddr?.port ?? 0, '127.0.0.1');
    peer.end('hello\none\ntwo\nthree');
    t.is(await textOf(peer), 'after hello: ');
    t.is(Buffer.concat(rest).toString(), 'one\ntwo\nthree');
  },
);

test.serial('pipeline both ways: every byte', async (t) => {
  const size = 32 * MiB;
  class Echo extends Connection {
    override onConnect(): void {
      const duplex = this.toDuplex();
      pipeline(duplex, duplex).catch((error) => t.fail(String(error)));
    }
  }
  const server = new Server(Echo, { allowHalfOpen: true }).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  const there = createHash('sha256');
  const back = createHash('sha256');
  const chunks = function* () {
    const chunk = randomBytes(100_003);
    for (let left = size; left > 0; left -= chunk.length) {
      const piece = chunk.subarray(0, left);
      there.update(piece);
      yield piece;
    }
  };
  const client = new Client({ allowHalfOpen: true }).connect(server.localAddr as Address);
  const duplex = client.toDuplex();
  let length = 0;
  await pipeline(Readable.from(chunks()), duplex, async (source) => {
    for await (const chunk of source) {
      length += (chunk as Buffer).length;
      back.update(chunk as Buffer);
    }
  });
  t.is(length, size);
  t.is(back.digest('hex'), there.digest('hex'));
  t.deepEqual(await client.closed, { reason: 'end', unsentBytes: 0 });
});

test.serial('back-pressure: a writer waits for its peer, a peer for the reader', async (t) => {
  const { duplex, channel, peer } = await pair(t);
  const chunk = Buffer.alloc(MiB);
  peer.pause();
  let writes = 0;
  while (duplex.write(chunk)) writes += 1;
  // What the systems buffer, and a little.
  t.true(writes < 16, `${writes} MiB`);
  t.true(channel.pendingBytes <= 2 * MiB);
  const drained = once(duplex, 'drain');
  peer.resume();
  await drained;
  t.is(duplex.writableLength, 0);
  // The other way: nobody reads the Duplex.
  let sent = false;
  peer.write(Buffer.alloc(64 * MiB), () => {
    sent = true;
  });
  let before = -1;
  while (duplex.bytesRead !== before) {
    before = duplex.bytesRead;
    for (let at = 0; at < 20; at += 1) await turn();
  }
  t.false(sent);
  t.true(duplex.readableLength < 8 * MiB);
  let length = 0;
  duplex.on('data', (data) => {
    length += data.length;
  });
  await eventually('all of it', () => length === 64 * MiB);
});

test.serial('half-close: as a net.Socket, with and without allowHalfOpen', async (t) => {
  for (const allowHalfOpen of [false, true]) {
    const { duplex, channel, peer } = await pair(t, { allowHalfOpen });
    const read = textOf(peer);
    peer.end('request');
    t.is(await textOf(duplex), 'request');
    await turn();
    t.is(duplex.writableEnded, !allowHalfOpen);
    if (allowHalfOpen) duplex.end('answer');
    t.is(await read, allowHalfOpen ? 'answer' : '');
    t.deepEqual(await channel.closed, { reason: 'end', unsentBytes: 0 });
    if (!duplex.closed) await once(duplex, 'close');
  }
});

test.serial('end() is FIN: what follows can be read', async (t) => {
  const { duplex, peer } = await pair(t);
  const done = new Promise<void>((resolve) => duplex.end('request', resolve));
  t.is(await textOf(peer), 'request');
  await done;
  t.true(duplex.writableFinished);
  peer.end('a late answer');
  t.is(await textOf(duplex), 'a late answer');
  await finished(duplex);
});

test.serial('what is buffered leaves, though the peer has finished', async (t) => {
  const { duplex, peer } = await pair(t);
  peer.end();
  let length = 0;
  peer.pause();
  const chunk = Buffer.alloc(MiB, 'a');
  for (let at = 0; at < 16; at += 1) duplex.write(chunk);
  duplex.resume();
  await once(duplex, 'end');
  peer.on('data', (data) => {
    length += data.length;
  });
  peer.resume();
  await once(peer, 'end');
  t.is(length, 16 * MiB);
});

test.serial('errors have the codes of Node', async (t) => {
  const refused = new Client().connect('127.0.0.1', 1).toDuplex();
  const [error] = await once(refused, 'error');
  t.like(error, { code: 'ECONNREFUSED', syscall: 'connect', address: '127.0.0.1', port: 1 });
  t.true(refused.destroyed);
  const reset = await pair(t);
  const failed = once(reset.duplex, 'error');
  reset.peer.resetAndDestroy();
  t.like((await failed)[0], { code: 'ECONNRESET', syscall: 'read' });
  const idle = await pair(t, { idleTimeout: 20 });
  t.is((await once(idle.duplex, 'error'))[0].code, 'ERR_IDLE_TIMEOUT');
  const early = new Client().toDuplex();
  early.write('x');
  t.is((await once(early, 'error'))[0].code, 'ERR_CHANNEL_NOT_CONNECTED');
  const writing = await pair(t);
  writing.peer.pause();
  const written = new Promise((resolve) => writing.duplex.write(Buffer.alloc(32 * MiB), resolve));
  writing.duplex.on('error', () => {});
  writing.peer.resetAndDestroy();
  t.regex(`${((await written) as NodeJS.ErrnoException).code}`, /^(ECONNRESET|EPIPE)$/);
});

test.serial('destroy() is close(), and the other way round', async (t) => {
  const { duplex, channel, peer } = await pair(t);
  const infos: CloseInfo[] = [];
  channel.onClose = (info) => infos.push(info);
  duplex.on('close', () => t.is(infos.length, 1, 'after onClose'));
  duplex.destroy();
  await once(duplex, 'close');
  t.is(infos[0]?.reason, 'close');
  if (!peer.readableEnded) await once(peer.resume(), 'end');

  const failing = await pair(t);
  const error = new Error('not any more');
  failing.duplex.destroy(error);
  t.is((await once(failing.duplex, 'error'))[0], error);
  t.is((await failing.channel.closed).reason, 'close');

  const closing = await pair(t);
  const piped = pipeline(closing.duplex, new Writable({ write: (_c, _e, done) => done() }));
  closing.channel.close();
  await t.throwsAsync(piped, { code: 'ERR_STREAM_PREMATURE_CLOSE' });
  t.true(closing.duplex.destroyed);

  const over = new Client();
  over.close();
  await over.closed;
  await once(over.toDuplex(), 'close');

  const aborted = await pair(t);
  aborted.peer.resume();
  aborted.duplex.resetAndDestroy();
  await new Promise((resolve) => aborted.peer.once('close', resolve));
  t.is((aborted.peer.errored as NodeJS.ErrnoException | null)?.code, 'ECONNRESET');
});

test.serial('a write is over when it has left: who destroys it then loses nothing', async (t) => {
  for (const size of [5, MiB]) {
    const { duplex, channel, peer } = await pair(t);
    duplex.write(Buffer.alloc(size, 'a'), () => duplex.destroy());
    let length = 0;
    peer.on('data', (chunk) => {
      length += chunk.length;
    });
    await once(peer, 'end');
    t.is(length, size);
    t.deepEqual(await channel.closed, { reason: 'close', unsentBytes: 0 });
  }
});

test.serial('destroySoon(): when all that was written has left', async (t) => {
  const { duplex, channel, peer } = await pair(t);
  duplex.write(Buffer.alloc(8 * MiB));
  duplex.destroySoon();
  let length = 0;
  for await (const chunk of peer) length += chunk.length;
  t.is(length, 8 * MiB);
  t.is((await channel.closed).unsentBytes, 0);
});

test.serial('one reader at a time', async (t) => {
  const { channel } = await pair(t);
  t.throws(() => channel.toDuplex(), { code: 'ERR_CHANNEL_ACTIVE' });
  t.throws(() => channel.frames(), { code: 'ERR_CHANNEL_ACTIVE' });
});

test.serial('connect(): as clients do that are given a stream', async (t) => {
  const { port, server } = await listening(t);
  server.on('connection', (peer) => peer.end('hello'));
  for (const connects of [
    (duplex: ChannelDuplex, heard: () => void) => duplex.connect(port, '127.0.0.1', heard),
    (duplex: ChannelDuplex, heard: () => void) =>
      duplex.connect({ port, host: '127.0.0.1' }, heard),
    (duplex: ChannelDuplex, heard: () => void) => duplex.connect(port, heard),
  ]) {
    const duplex = new Client().toDuplex();
    t.true(duplex.pending);
    let heard = 0;
    connects(duplex, () => {
      heard += 1;
    });
    duplex.end();
    t.is(await textOf(duplex), 'hello');
    t.is(heard, 1);
  }
});

test.serial('what is written at once leaves as one', async (t) => {
  const { duplex, channel, peer } = await pair(t);
  const before = channel.stats().writes;
  duplex.cork();
  for (let at = 0; at < 100; at += 1) duplex.write(at % 2 ? 'text' : Buffer.from('data'));
  duplex.write('68656c6c6f', 'hex');
  duplex.uncork();
  duplex.end();
  t.is(await textOf(peer), `${'datatext'.repeat(50)}hello`);
  t.is(channel.stats().writes - before, 1);
});

test.serial('setTimeout(): an event, and no more', async (t) => {
  const { duplex, channel, peer } = await pair(t);
  let heard = 0;
  duplex.setTimeout(30, () => {
    heard += 1;
  });
  t.is(duplex.timeout, 30);
  await once(duplex, 'timeout');
  t.is(heard, 1);
  t.true(channel.connected);
  duplex.resume();
  peer.write('again');
  await once(duplex, 'timeout');
  duplex.setTimeout(0);
  t.is(duplex.timeout, 0);
});

test.serial('readline over it', async (t) => {
  const { duplex, peer } = await pair(t);
  peer.end('one\ntwo\r\nthree');
  const lines: string[] = [];
  for await (const line of createInterface({ input: duplex })) lines.push(line);
  t.deepEqual(lines, ['one', 'two', 'three']);
});

test.serial('compose() and Readable.from()', async (t) => {
  const { duplex, peer } = await pair(t, { allowHalfOpen: true });
  peer.pipe(peer);
  const upper = new Transform({
    transform: (chunk, _encoding, done) => done(null, String(chunk).toUpperCase()),
  });
  // Not in the types of Node 20.
  const { compose } = stream as unknown as { compose(...streams: Duplex[]): Duplex };
  const composed = compose(duplex, upper);
  Readable.from(['one ', 'two ', 'three']).pipe(composed);
  t.is(await textOf(composed), 'ONE TWO THREE');
});
