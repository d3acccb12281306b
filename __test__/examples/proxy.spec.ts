import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';

import test, { type ExecutionContext } from 'ava';

import { Example } from '../helpers/example.ts';
import { Peer, PeerServer } from '../helpers/peer.ts';
import { milliseconds } from '../helpers/wait.ts';

const MB = 1_000_000;

for (const [direction, size] of [
  ['client to target', 200],
  ['target to client', 100],
] as const) {
  test(`proxy: ${size} MB from ${direction}, which does not read at first`, async (t) => {
    const { proxy, client, target } = await passage(t);
    const [sender, receiver] = direction.startsWith('client') ? [client, target] : [target, client];
    receiver.socket.pause();
    const before = memory(proxy);

    const sent = createHash('sha256');
    for (let n = 0; n < size; n += 1) {
      const block = Buffer.alloc(MB, `block ${n}\n`);
      sent.update(block);
      sender.socket.write(block);
    }
    sender.end();
    // As much leaves as the sockets on the way hold, and then no more.
    const left = () => sender.socket.bytesWritten - sender.socket.writableLength;
    for (let last = -1; last < left(); await milliseconds(100)) last = left();
    t.true(left() < 0.9 * size * MB, `${left()} bytes were taken`);

    const received = createHash('sha256');
    let length = 0;
    receiver.socket.removeAllListeners('data').on('data', (chunk: Buffer) => {
      length += chunk.length;
      received.update(chunk);
    });
    receiver.socket.resume();
    await once(receiver.socket, 'end');
    t.is(length, size * MB);
    t.is(received.digest('hex'), sent.digest('hex'));
    const grown = memory(proxy) - before;
    t.true(grown < 128 * MB, `${grown} bytes more`);

    // The other direction is still open.
    receiver.end('all of it');
    await sender.finished();
    t.is(sender.text, 'all of it');
  });
}

test('proxy: many at once, and each gets its own', async (t) => {
  const { port, targets } = await start(t);
  const clients = await Promise.all(Array.from({ length: 50 }, () => connect(t, port)));
  for (const [n, client] of clients.entries()) client.end(`hello from ${n}`);
  for (let n = 0; n < clients.length; n += 1) {
    const target = await targets.peer(n);
    await target.finished();
    target.end(`${target.text}, and back`);
  }
  await Promise.all(clients.map((client) => client.finished()));
  t.deepEqual(
    clients.map(({ text }) => text),
    clients.map((_, n) => `hello from ${n}, and back`),
  );
});

test('proxy: an end on either side is passed on, and the other half stays open', async (t) => {
  const { client, target } = await passage(t);
  target.end('greeting');
  await client.finished();
  t.is(client.text, 'greeting');
  await client.write('still ');
  await target.received('still '.length);
  client.end('heard');
  await target.finished();
  t.is(target.text, 'still heard');
});

test('proxy: a reset on either side resets the other, and nobody else', async (t) => {
  const { proxy, port, targets, client, target } = await passage(t);
  client.reset();
  await target.gone();
  t.true(target.wasReset);

  const second = await connect(t, port);
  const secondTarget = await targets.peer(1);
  secondTarget.reset();
  await second.gone();
  t.true(second.wasReset);

  const third = await connect(t, port);
  const thirdTarget = await targets.peer(2);
  third.end('well');
  await thirdTarget.finished();
  t.is(thirdTarget.text, 'well');
  proxy.process.kill('SIGKILL');
  await proxy.end();
  t.is(proxy.errors, '');
});

test('proxy: a target that refuses, and then does not', async (t) => {
  const { proxy, port, targets } = await start(t);
  targets.server.close();
  await once(targets.server, 'close');
  // Its reset may come before the client has noticed that it is connected.
  const refused = connect(t, port).then(async (client) => {
    await client.gone();
    return client.wasReset;
  });
  t.true(await refused.catch(({ code }) => code === 'ECONNRESET'));

  const again = await PeerServer.listen('127.0.0.1', targets.port);
  t.teardown(() => again.close());
  const late = await connect(t, port);
  late.end('hello!');
  const target = await again.peer();
  await target.finished();
  t.is(target.text, 'hello!');
  proxy.process.kill('SIGKILL');
  await proxy.end();
  t.regex(proxy.errors, /^no connection: .*ECONNREFUSED.*\n$/);
});

/** The proxy, and what it connects to. */
async function start(t: ExecutionContext) {
  const targets = await PeerServer.listen();
  t.teardown(() => targets.close());
  const proxy = new Example(t, 'proxy', 0, targets.port);
  return { proxy, port: await proxy.port(), targets };
}

/** The proxy, and both ends of one connection through it. */
async function passage(t: ExecutionContext) {
  const { proxy, port, targets } = await start(t);
  const client = await connect(t, port);
  return { proxy, port, targets, client, target: await targets.peer() };
}

async function connect(t: ExecutionContext, port: number): Promise<Peer> {
  const client = await Peer.connect({ address: '127.0.0.1', port, family: 'IPv4' });
  t.teardown(() => client.socket.destroy());
  return client;
}

/** The most memory that it has had at any time; 0 where the platform does not say. */
function memory({ process: { pid } }: Example): number {
  const file = `/proc/${pid}/status`;
  if (!existsSync(file)) return 0;
  return Number(/VmHWM:\s*(\d+) kB/.exec(readFileSync(file, 'latin1'))?.[1]) * 1024;
}
