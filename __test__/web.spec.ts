// A channel's Web streams.

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { TextDecoderStream, TransformStream } from 'node:stream/web';
import { gunzipSync } from 'node:zlib';

import test, { type ExecutionContext } from 'ava';
import { type Address, Client, Connection, Server, type StreamOptions } from 'pants-native';

import { eventually, turn } from './helpers/wait.ts';

const MiB = 1024 * 1024;

interface Pair {
  channel: Client;
  peer: Socket;
}

async function pair(t: ExecutionContext, options: StreamOptions = {}): Promise<Pair> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as Address;
  const channel = new Client(options).connect('127.0.0.1', port);
  t.teardown(() => channel.close());
  const [peer] = (await once(server, 'connection')) as [Socket];
  peer.on('error', () => {});
  t.teardown(() => peer.destroy());
  return { channel, peer };
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function received(peer: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  peer.on('data', (chunk) => chunks.push(chunk));
  return new Promise((resolve) => peer.once('end', () => resolve(Buffer.concat(chunks))));
}

test('readable: bytes, until the peer has finished', async (t) => {
  const { channel, peer } = await pair(t, { readDelimiter: '\n', readEncoding: 'utf8' });
  t.is(channel.readable, channel.readable, 'one stream');
  peer.end('a\nb\nc');
  t.is((await collect(channel.readable)).toString(), 'a\nb\nc');
  t.is((await channel.closed).reason, 'end');
});

test('readable: each chunk is memory of its own, as byte streams give it away', async (t) => {
  const { channel, peer } = await pair(t);
  const reader = channel.readable.getReader();
  peer.write('one');
  const { value: one } = await reader.read();
  peer.write('two');
  const { value: two } = await reader.read();
  t.not(one?.buffer, two?.buffer);
  t.is(one?.buffer.byteLength, 3);
  t.notThrows(() => structuredClone(one, { transfer: [one?.buffer as ArrayBuffer] }));
});

test('readable: a BYOB reader', async (t) => {
  const { channel, peer } = await pair(t);
  const reader = channel.readable.getReader({ mode: 'byob' });
  peer.write('hello');
  const first = await reader.read(new Uint8Array(3));
  t.is(Buffer.from(first.value ?? []).toString(), 'hel');
  const second = await reader.read(new Uint8Array(100));
  t.is(Buffer.from(second.value ?? []).toString(), 'lo');
  peer.end();
  const last = await reader.read(new Uint8Array(10));
  t.true(last.done);
});

test('readable: what nobody reads holds the peer back', async (t) => {
  const { channel, peer } = await pair(t);
  const { readable } = channel;
  let sent = false;
  peer.end(Buffer.alloc(32 * MiB), () => {
    sent = true;
  });
  let before = -1;
  while (channel.bytesRead !== before) {
    before = channel.bytesRead;
    for (let at = 0; at < 20; at += 1) await turn();
  }
  t.false(sent);
  t.true(before < 8 * MiB);
  t.is((await collect(readable)).length, 32 * MiB);
});

test('readable: fails with what closes the channel; cancel() ends it', async (t) => {
  const reset = await pair(t);
  const reading = reset.channel.readable.getReader().read();
  reset.peer.resetAndDestroy();
  await t.throwsAsync(reading, { code: 'ECONNRESET' });
  const closed = await pair(t);
  const waiting = closed.channel.readable.getReader().read();
  closed.channel.close();
  await t.throwsAsync(waiting, { code: 'ERR_CHANNEL_CLOSED' });
  const cancelled = await pair(t);
  const ended = received(cancelled.peer);
  cancelled.channel.write('bye');
  await cancelled.channel.readable.cancel();
  t.is((await ended).toString(), 'bye');
  cancelled.peer.end();
  t.is((await cancelled.channel.closed).reason, 'end');
});

test('writable: with back-pressure; close() is FIN', async (t) => {
  const { channel, peer } = await pair(t);
  const writer = channel.writable.getWriter();
  peer.pause();
  let written = 0;
  const writing = (async () => {
    for (let at = 0; at < 32; at += 1) {
      await writer.ready;
      await writer.write(Buffer.alloc(MiB, 'a'));
      written += 1;
    }
    await writer.close();
  })();
  for (let at = 0; at < 200; at += 1) await turn();
  t.true(written < 16, `${written} MiB`);
  t.true(channel.pendingBytes < 4 * MiB);
  const all = received(peer);
  peer.resume();
  await writing;
  t.is((await all).length, 32 * MiB);
  t.is(channel.readyState, 'readOnly');
});

test('writable: stays open when the peer has finished', async (t) => {
  const { channel, peer } = await pair(t);
  const { readable, writable } = channel;
  const all = received(peer);
  peer.end('request');
  t.is((await collect(readable)).toString(), 'request');
  const writer = writable.getWriter();
  await writer.write('a late answer');
  await writer.close();
  t.is((await all).toString(), 'a late answer');
  t.deepEqual(await channel.closed, { reason: 'end', unsentBytes: 0 });
});

test('writable: fails with what closes the channel; abort() closes it', async (t) => {
  const reset = await pair(t);
  const writer = reset.channel.writable.getWriter();
  const failed = writer.closed;
  reset.channel.readable
    .getReader()
    .read()
    .catch(() => {});
  reset.peer.resetAndDestroy();
  await t.throwsAsync(failed, { code: 'ECONNRESET' });
  const aborted = await pair(t);
  await aborted.channel.writable.abort('no more');
  t.is((await aborted.channel.closed).reason, 'close');
  const wrong = await pair(t);
  const write = wrong.channel.writable.getWriter().write(5 as never);
  await t.throwsAsync(write, { code: 'ERR_INVALID_ARG_TYPE' });
});

test('pipes: an echo through a transform, a CompressionStream', async (t) => {
  class Echo extends Connection {
    override onConnect(): void {
      const upper = new TransformStream<string, string>({
        transform: (chunk, controller) => controller.enqueue(chunk.toUpperCase()),
      });
      this.readable
        .pipeThrough(new TextDecoderStream() as never)
        .pipeThrough(upper as never)
        .pipeTo(this.writable as never)
        .catch((error: Error) => t.fail(error.message));
    }
  }
  const server = new Server(Echo).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  const client = new Client().connect(server.localAddr as Address);
  const answer = collect(client.readable);
  const writer = client.writable.getWriter();
  await writer.write('hello ');
  await writer.write(Buffer.from('world'));
  await writer.close();
  t.is((await answer).toString(), 'HELLO WORLD');
  await eventually('both have closed', () => server.channels.size === 0);

  const { channel, peer } = await pair(t);
  const compressed = received(peer);
  const text = 'compress me '.repeat(100_000);
  await new Blob([text])
    .stream()
    .pipeThrough(new CompressionStream('gzip') as never)
    .pipeTo(channel.writable as never);
  t.is(gunzipSync(await compressed).toString(), text);
});

test('a subclass may have properties of these names', (t) => {
  class Own extends Client {
    constructor() {
      super();
      Object.assign(this, { readable: 1, writable: false });
    }
  }
  const own = new Own();
  t.deepEqual([own.readable, own.writable] as unknown[], [1, false]);
});
