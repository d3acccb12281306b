import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { Worker } from 'node:worker_threads';

import test, { type ExecutionContext } from 'ava';
import { type Address, type ChannelError, Datagram, Engine } from 'pants-native';

import { collectGarbage } from './helpers/garbage.ts';
import { Noting } from './helpers/noting.ts';
import { Condition, eventually, milliseconds, turn } from './helpers/wait.ts';

// What node:dgram has no word for; the rest is in conformance/.

const LOOPBACK = '127.0.0.1';

test('U7: what the kernel drops is counted, on the channel and in the engine', async (t) => {
  const engine = new Engine();
  t.teardown(() => engine.close());
  const channel = Noting.make(t, { engine, recvBufferSize: 1 });
  channel.listen([LOOPBACK, 0]);
  channel.pause();
  await turn();
  const peer = createSocket('udp4');
  t.teardown(() => peer.close());
  const { port = 0 } = channel.localAddr ?? {};
  const total = 300;
  for (let at = 0; at < total; at += 1) {
    await new Promise((resolve) => peer.send(Buffer.alloc(500), port, LOOPBACK, resolve));
  }
  const { drops } = channel;
  t.true(drops > 0 && drops < total, `${drops}`);
  channel.resume();
  await channel.received(total - drops);
  t.is(channel.drops, drops);
  t.is(engine.stats().drops, drops);
  channel.close();
  await channel.until('onClose', () => channel.info !== undefined);
  t.is(channel.drops, drops, 'also afterwards');
});

test('datagrams are sent and received in batches', async (t) => {
  const engine = new Engine();
  t.teardown(() => engine.close());
  const channel = Noting.make(t, { engine, recvBufferSize: 1 << 20 });
  channel.listen([LOOPBACK, 0]);
  channel.pause();
  await turn();
  const sender = Noting.make(t, { engine });
  const count = 100;
  // Of one length and of many: the one may leave as segments of one, the others side by side.
  const sent = Array.from({ length: count }, (_, at) => `${at}`.padEnd(at < 50 ? 20 : at, '.'));
  for (const data of sent) sender.write(data, channel.localAddr);
  await sender.until('sent', () => sender.drains > 0);
  channel.resume();
  await channel.received(count);
  t.deepEqual(channel.reads, sent);
  const { reads, writes } = engine.stats();
  const most = process.platform === 'linux' ? count / 10 : count + 1;
  t.true(reads <= most && writes <= most, `${reads} reads, ${writes} writes`);
});

/** Nobody waits for what it writes to leave: so a few datagrams leave without the reactor. */
class Silent extends Datagram {
  readonly errors: ChannelError[] = [];

  override onError(error: Error): void {
    this.errors.push(error as ChannelError);
  }
}

/** What comes to a socket that is no channel. */
async function listener(t: ExecutionContext) {
  const peer = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  t.teardown(() => peer.close());
  const texts: string[] = [];
  const condition = new Condition(() => texts);
  peer.on('message', (data) => {
    texts.push(data.toString());
    condition.changed();
  });
  peer.bind(0, LOOPBACK);
  await once(peer, 'listening');
  const arrived = (count: number) => condition.until(`${count}`, () => texts.length >= count);
  return { texts, arrived, address: [LOOPBACK, peer.address().port] as [string, number] };
}

test('a few datagrams leave without the reactor, and nobody who takes them wakes it', async (t) => {
  const engine = new Engine();
  t.teardown(() => engine.close());
  const channel = new Silent({ engine }).listen(0, LOOPBACK);
  const peer = await listener(t);
  channel.write('first', peer.address);
  await peer.arrived(1);
  await turn();
  const before = engine.stats();
  const rounds = 50;
  for (let at = 0; at < rounds; at += 1) {
    for (const text of ['one', 'two', '']) channel.write(text, peer.address);
    await peer.arrived(1 + 3 * (at + 1));
  }
  const { turns, writes } = engine.stats();
  // It may have been awake for the first of them.
  t.true(turns - before.turns <= 2, `${turns - before.turns} turns`);
  t.true(writes - before.writes <= 2 * rounds, `${writes - before.writes} writes`);
  t.is(channel.pendingBytes, 0);
  t.is(channel.bytesWritten, 5 + rounds * 6);
});

test('few or many at a time, datagrams keep their order, and errors their address', async (t) => {
  const channel = new Silent().listen(0, LOOPBACK);
  t.teardown(() => channel.close());
  const peer = await listener(t);
  const sent: string[] = [];
  for (const count of [1, 100, 2, 31, 32, 33, 1, 1, 200, 5]) {
    for (let at = 0; at < count; at += 1) {
      const text = `${sent.length}`.padEnd(at % 3 === 0 ? 30 : 20, '.');
      sent.push(text);
      channel.write(text, peer.address);
      if (at === 1 && count < 40) channel.write(Buffer.alloc(65_508), [LOOPBACK, 9]);
    }
    if (count !== 200) await turn();
  }
  await peer.arrived(sent.length);
  t.deepEqual(peer.texts, sent);
  await eventually('errors', () => channel.errors.length === 5);
  for (const error of channel.errors) t.like(error, { code: 'EMSGSIZE', port: 9 });
});

test('flush = true sends before the turn of the event loop ends', async (t) => {
  const engine = new Engine();
  t.teardown(() => engine.close());
  const receiver = Noting.make(t).listen([LOOPBACK, 0]);
  const channel = Noting.make(t, { engine }).listen([LOOPBACK, 0]);
  await turn();
  const before = engine.stats().writes;
  channel.write('now', receiver.localAddr, true);
  const deadline = performance.now() + 10_000;
  while (engine.stats().writes === before && performance.now() < deadline);
  t.is(engine.stats().writes, before + 1);
  await receiver.received(1);
});

test('the address of a sender is one object, which nobody may change', async (t) => {
  const channel = Noting.make(t);
  channel.listen([LOOPBACK, 0]);
  const peer = Noting.make(t);
  for (let at = 0; at < 3; at += 1) peer.write('x', channel.localAddr);
  await channel.received(3);
  const [first] = channel.from;
  t.true(channel.from.every((addr) => addr === first));
  t.throws(() => Object.assign(first ?? {}, { port: 1 }), { instanceOf: TypeError });
  // Given back, it is taken without another look; the same in other words is the same address.
  for (const to of [first, { ...first }, [first?.address, first?.port]]) {
    channel.write('back', to as Address);
  }
  await peer.received(3);
  t.deepEqual(peer.reads, ['back', 'back', 'back']);
});

test('U15: the port stays when the peer is dropped', async (t) => {
  const channel = Noting.make(t);
  channel.listen();
  const before = channel.localAddr;
  const peer = Noting.make(t).listen([LOOPBACK, 0]);
  channel.connect(peer.localAddr as Address);
  channel.write('connected');
  await peer.received(1);
  await turn();
  t.not(channel.localAddr?.address, before?.address);
  channel.disconnect();
  t.deepEqual(channel.localAddr, before);
  peer.write('still there?', { host: LOOPBACK, port: before?.port ?? 0 });
  await channel.received(1);
});

test('a socket for both families knows its peer in either form', async (t) => {
  const channel = Noting.make(t);
  channel.listen();
  const peer = Noting.make(t).listen([LOOPBACK, 0]);
  channel.connect(peer.localAddr as Address);
  channel.write('one');
  await peer.received(1);
  peer.write('two', { host: LOOPBACK, port: channel.localAddr?.port ?? 0 });
  await channel.received(1);
  t.is(channel.from[0]?.address, LOOPBACK);
  channel.write('three', channel.from[0]);
  channel.write('four', peer.localAddr);
  await peer.received(3);
  t.throws(() => channel.write('five', { host: '::1', port: 9 }), { code: 'ERR_CHANNEL_ACTIVE' });
});

test('who goes on sending is remembered among many others', async (t) => {
  const channel = Noting.make(t);
  channel.listen([LOOPBACK, 0]);
  const peer = Noting.make(t);
  for (let n = 0; n < 2000; n += 1) {
    channel.write('x', [`127.1.${n >> 8}.${n & 255}`, 9]);
    if (n % 200 === 0) {
      peer.write('still here', channel.localAddr);
      await channel.received(n / 200 + 1);
    }
  }
  t.is(new Set(channel.from).size, 1);
});

test('reusePort: two channels share what is sent to one address', async (t) => {
  const first = Noting.make(t, { reusePort: true }).listen([LOOPBACK, 0]);
  const at = first.localAddr as Address;
  t.throws(() => Noting.make(t).listen(at), { code: 'EADDRINUSE' });
  const second = Noting.make(t, { reusePort: true }).listen(at);
  const all: string[] = [];
  const heard = new Condition(() => all);
  for (const channel of [first, second]) {
    channel.onRead = (data) => {
      all.push(data.toString());
      heard.changed();
    };
  }
  const sent = Array.from({ length: 20 }, (_, at) => `${at}`);
  for (const data of sent) Noting.make(t).write(data, at);
  await heard.until('all', () => all.length === sent.length);
  t.deepEqual(all.sort(), sent.sort());
});

test('IPv6: a group by the name of an interface', (t) => {
  const loopback = Object.entries(networkInterfaces()).find(([, list]) => list?.[0]?.internal)?.[0];
  const by = `::%${loopback}`;
  const member = Noting.make(t, { family: 6 });
  member.listen();
  member.addMembership('ff01::7:7', by);
  const sender = Noting.make(t, { family: 6 });
  sender.listen();
  sender.setMulticastInterface(by);
  sender.setTTL(5);
  sender.setMulticastTTL(1);
  sender.setMulticastLoopback(true);
  // No more: machines differ in whether such a datagram has a way over the loopback interface.
  member.dropMembership('ff01::7:7', by);
  t.throws(() => member.dropMembership('ff01::7:7', by), { code: 'EADDRNOTAVAIL' });
  t.throws(() => member.addMembership('ff01::7:7', '::%nothing'), { code: 'EINVAL' });
  t.notThrows(() => member.addSourceSpecificMembership('::1', 'ff31::7', by));
  t.notThrows(() => member.dropSourceSpecificMembership('::1', 'ff31::7', by));
});

test('all senders together are bounded in bytes', async (t) => {
  const channel = Noting.make(t, { readDelimiter: '\n', bufferSize: 100 });
  channel.listen([LOOPBACK, 0]);
  // 64 times bufferSize: the 81st of 80 bytes each is too many.
  const peers = Array.from({ length: 81 }, () => Noting.make(t));
  for (const peer of peers) {
    peer.write('x'.repeat(80), channel.localAddr);
    await peer.until('sent', () => peer.drains > 0);
  }
  await channel.until('an eviction', () => channel.errors.length > 0);
  t.is(channel.errors[0]?.code, 'ERR_SENDER_EVICTED');
  t.is(channel.errors[0]?.port, peers[0]?.localAddr?.port);
});

test('a datagram whose frames take more than a turn loses none, and goes on first', async (t) => {
  const channel = Noting.make(t, { readDelimiter: ',', bufferSize: 8, maxSenders: 2 });
  channel.listen([LOOPBACK, 0]);
  const [one, other] = await Promise.all([bound(t), bound(t)]);
  const to = channel.localAddr?.port ?? 0;
  one.send('waits', to, LOOPBACK);
  await eventually('the first has arrived', () => channel.bytesRead === 5);
  const { onRead } = channel;
  channel.onRead = (data, addr) => {
    onRead.call(channel, data, addr);
    if (channel.reads.length === 1) channel.readDelimiter = ';';
    for (const end = performance.now() + 1; performance.now() < end; );
  };
  // More than what all senders together may leave waiting.
  other.send(`x,${'yyyy;'.repeat(200)}`, to, LOOPBACK);
  await channel.received(201);
  one.send(';', to, LOOPBACK);
  await channel.received(202);
  t.deepEqual(channel.errors, []);
  t.deepEqual(channel.reads, ['x', ...Array<string>(200).fill('yyyy'), 'waits']);
});

test('signal: aborted before, and after', async (t) => {
  const early = Noting.make(t, { signal: AbortSignal.abort() });
  t.throws(() => early.listen(), { name: 'AbortError', code: 'ABORT_ERR' });
  const controller = new AbortController();
  const channel = Noting.make(t);
  channel.listen({ port: 0, signal: controller.signal });
  controller.abort();
  await channel.until('onClose', () => channel.info !== undefined);
  t.is(channel.info?.reason, 'close');
});

test('Engine.close() closes bound channels, and those that wait for a name', async (t) => {
  const engine = new Engine();
  const bound = Noting.make(t, { engine });
  bound.listen([LOOPBACK, 0]);
  const waiting = Noting.make(t, { engine, lookup: () => {} });
  waiting.write('x', ['some.host', 9]);
  await engine.close();
  t.is(bound.info?.reason, 'close');
  t.is(waiting.info?.reason, 'close');
  t.is(waiting.info?.unsentBytes, 1);
  t.throws(() => Noting.make(t, { engine }).listen(), { code: 'ERR_ENGINE_CLOSED' });
});

test('end() does not wait for a name for ever', async (t) => {
  const channel = Noting.make(t, { lookup: () => {}, lingerTimeout: 20 });
  channel.write('x', ['some.host', 9]);
  channel.end();
  await channel.until('onClose', () => channel.info !== undefined);
  t.is(channel.info?.reason, 'timeout');
  t.like(channel.info?.error, { code: 'ERR_LINGER_TIMEOUT' });
});

test('a worker, and its end, with traffic', async (t) => {
  const channel = Noting.make(t);
  channel.listen([LOOPBACK, 0]);
  const url = new URL('fixtures/datagram-worker.mjs', import.meta.url);
  const worker = new Worker(url, { workerData: channel.localAddr?.port });
  await channel.received(10);
  await worker.terminate();
  t.pass();
});

// Elsewhere only a channel with a peer is told of ICMP errors.
const linux = process.platform === 'linux' ? test : test.skip;

linux('ICMP: without a peer, too, each error has its address', async (t) => {
  for (const [host, at] of [
    [LOOPBACK, [LOOPBACK, 0]],
    // A socket for both families.
    [LOOPBACK, ['', 0]],
    ['::1', ['', 0]],
  ] as const) {
    const gone = Noting.make(t).listen([host, 0]) as Noting;
    const { port = 0 } = gone.localAddr ?? {};
    gone.close();
    await gone.until('it has closed', () => gone.info !== undefined);
    const receiver = Noting.make(t).listen([host, 0]) as Noting;
    const channel = Noting.make(t).listen(at) as Noting;
    const all = Array.from({ length: 100 }, (_, n) => `${n}`);
    for (const data of all) {
      channel.write('anyone?', [host, port]);
      channel.write(data, receiver.localAddr);
    }
    await receiver.received(all.length);
    await channel.until('the errors', () => channel.errors.length === all.length);
    t.deepEqual(receiver.reads, all);
    const fields = { code: 'ECONNREFUSED', syscall: 'recvmsg', address: host, port };
    for (const error of channel.errors) t.like(error, fields);
    t.is(channel.pendingBytes, 0);
    t.is(channel.readyState, 'listening');
  }
});

linux('ICMP: errors reach a channel that is paused, and do not make it spin', async (t) => {
  const gone = Noting.make(t).listen([LOOPBACK, 0]) as Noting;
  const to = gone.localAddr as Address;
  gone.close();
  await gone.until('it has closed', () => gone.info !== undefined);
  const engine = new Engine();
  t.teardown(() => engine.close());
  const channel = Noting.make(t, { engine });
  channel.listen([LOOPBACK, 0]).pause();
  channel.write('anyone?', to);
  await channel.until('the error', () => channel.errors.length === 1);
  const { turns } = engine.stats();
  await milliseconds(100);
  t.true(engine.stats().turns - turns < 10);
  t.is(channel.errors.length, 1);
});

test('unref() lets the process end; a bound channel keeps it', async (t) => {
  const run = async (body: string) => {
    const code = `
      import { Datagram } from '${import.meta.resolve('pants-native')}';
      const channel = new Datagram().listen(['${LOOPBACK}', 0]);
      process.on('exit', () => console.log('exit'));
      ${body}`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.teardown(() => child.kill('SIGKILL'));
    let output = '';
    child.stdout.on('data', (text) => {
      output += text;
    });
    const [exit] = await once(child, 'close');
    return `${exit} ${output.trim()}`;
  };
  t.is(await run('channel.unref();'), '0 exit');
  t.is(
    await run('setTimeout(() => { console.log(1); channel.close(); }, 50).unref();'),
    '0 1\nexit',
  );
  // What was written is sent before the end.
  const receiver = Noting.make(t).listen([LOOPBACK, 0]);
  const { port } = receiver.localAddr ?? {};
  t.is(await run(`channel.write('last words', ${port}); process.exit(3);`), '3 exit');
  await receiver.received(1);
});

test('onListen comes first, however soon the reactor answers', async (t) => {
  const engine = new Engine();
  t.teardown(() => engine.close());
  const peer = Noting.make(t, { engine }).listen([LOOPBACK, 0]);
  const order: string[] = [];
  const channel = Noting.make(t, { engine });
  channel.onListen = () => order.push('listen');
  channel.onConnect = () => order.push('connect');
  peer.onRead = () => {
    channel.connect(peer.localAddr as Address);
    engine.flush();
    // The answer is there before this turn of the event loop has ended.
    while (engine.stats().queuedBatches === 0);
  };
  new Datagram({ engine }).write('begin', peer.localAddr as Address);
  await eventually('connected', () => order.includes('connect'));
  t.deepEqual(order, ['listen', 'connect']);
});

test('a signal that is aborted: nothing begins', (t) => {
  const channel = Noting.make(t, { signal: AbortSignal.abort() });
  for (const begin of [
    () => channel.listen([LOOPBACK, 0]),
    () => channel.connect([LOOPBACK, 9]),
    () => channel.connect(['localhost', 9]),
    () => channel.write('x', [LOOPBACK, 9]),
    () => channel.write('x', ['localhost', 9]),
  ]) {
    t.throws(begin, { code: 'ABORT_ERR' });
  }
  t.is(channel.readyState, 'idle');
  t.is(channel.pendingBytes, 0);
});

test('a signal that aborts while a name is looked up closes the channel', async (t) => {
  const control = new AbortController();
  let answer = () => {};
  const channel = Noting.make(t, {
    signal: control.signal,
    lookup: (_host, _options, done) => {
      answer = () => done(null, LOOPBACK, 4);
    },
  });
  channel.connect(['somewhere', 9]);
  control.abort();
  await channel.until('it has closed', () => channel.info !== undefined);
  answer();
  await turn();
  t.is(channel.readyState, 'closed');
  t.is(channel.fileno, null);
  t.is(channel.info?.reason, 'close');
});

test('a datagram that no system would take is refused, and the next one sent', async (t) => {
  const receiver = Noting.make(t).listen([LOOPBACK, 0]);
  const channel = Noting.make(t);
  const to = receiver.localAddr as Address;
  const huge = Buffer.alloc(17 * 1024 * 1024);
  channel.write(huge, to);
  channel.write('next', to, true);
  // Both the refusal and the reactor find that nothing is pending: that is one drain.
  const deadline = performance.now() + 10_000;
  while (channel.pendingBytes > 0 && performance.now() < deadline);
  t.is(channel.errors.length, 0, 'not inside the call');
  await receiver.received(1);
  await channel.until('it has drained', () => channel.drains > 0);
  await turn();
  t.is(channel.drains, 1);
  t.deepEqual(receiver.reads, ['next']);
  const { address, port } = to;
  t.like(channel.errors, [{ code: 'EMSGSIZE', syscall: 'send', address, port }]);
  t.is(channel.bytesWritten, huge.length + 4);
  t.is(channel.pendingBytes, 0);
});

// Alone: others of this process have memory of their own.
test.serial('what waits of senders keeps no more memory than it may', async (t) => {
  const senders = 60;
  const { engine } = Noting.make(t);
  const channel = Noting.make(t, { engine, readDelimiter: '\n', recvBufferSize: 4 * 1024 * 1024 });
  channel.listen([LOOPBACK, 0]);
  collectGarbage();
  const before = process.memoryUsage().arrayBuffers;
  const to = channel.localAddr as Address;
  for (let n = 0; n < senders; n += 1) {
    const sender = Noting.make(t);
    // Together they are a frame, and one byte that waits.
    sender.write(Buffer.alloc(30_000, 'x'), to);
    await eventually('the first has come', () => channel.bytesRead >= n * 60_000 + 30_000);
    sender.write(Buffer.concat([Buffer.alloc(29_998, 'y'), Buffer.from('\nz')]), to);
    await channel.received(n + 1);
    channel.reads.length = 0;
    channel.reads.length = n + 1;
  }
  t.is(channel.stats().waitingBytes, senders);
  const kept = () => process.memoryUsage().arrayBuffers - before;
  // What is on the stack, or in a register, is collected a turn later.
  await eventually('little is kept', () => {
    collectGarbage();
    return kept() < 3 * 1024 * 1024;
  });
  t.log(`${kept()} bytes for ${senders}`);
});

async function bound(t: ExecutionContext) {
  const socket = createSocket('udp4');
  t.teardown(() => socket.close());
  socket.bind(0, LOOPBACK);
  await once(socket, 'listening');
  return socket;
}
