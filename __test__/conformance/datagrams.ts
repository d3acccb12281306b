import { LOOPBACK } from '../helpers/datagrams.ts';
import type { Address } from '../helpers/implementation.ts';
import { reentrancy } from '../helpers/reentrancy.ts';
import { collectUncaught } from '../helpers/uncaught.ts';
import { milliseconds, turn } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

const LARGEST = 65_507;

/** SPEC §6: datagrams as they are; addresses, errors, ends. */
export function datagrams(suite: Suite): void {
  suite.datagrams('U5, U18: one onRead a datagram, as it was sent', async (scene, t) => {
    const { channel, log, peer } = await scene.open();
    const sizes = [1, 0, 500, 0, 0, LARGEST, 3, 1500, 1];
    const sent = sizes.map((size, at) => Buffer.alloc(size, at + 1));
    await peer.sendAll(channel.localAddr, sent);
    await log.frames(sizes.length);
    await turn();
    t.deepEqual(log.data, sent);
    t.deepEqual(
      log.from,
      sizes.map(() => peer.address),
    );
    t.is(
      channel.bytesRead,
      sizes.reduce((sum, size) => sum + size),
    );
  });

  suite.datagrams(
    'onRead tells the sender; a write without an address answers',
    async (scene, t) => {
      const seen: (Address | null)[] = [];
      const { channel, log, peer } = await scene.open({}, (channel) => ({
        onRead: (data) => {
          seen.push(channel.remoteAddr);
          channel.write(`${data}!`);
        },
      }));
      const other = await scene.peer();
      await peer.send(channel.localAddr, 'one');
      await other.send(channel.localAddr, 'two');
      await log.frames(2);
      await peer.datagrams(1);
      await other.datagrams(1);
      t.deepEqual([peer.texts, other.texts], [['one!'], ['two!']]);
      t.deepEqual(seen, log.from as Address[]);
      t.is(channel.remoteAddr, null);
      t.throws(() => channel.write('whom?'), { code: 'ERR_CHANNEL_NOT_CONNECTED' });
    },
  );

  suite.datagrams('a channel that writes before it listens gets its replies', async (scene, t) => {
    const peer = await scene.peer();
    const { channel, log } = scene.channel();
    t.is(channel.readyState, 'idle');
    t.true(channel.write('hello', peer.address));
    t.true(channel.listening);
    t.is(channel.readyState, 'listening');
    t.throws(() => channel.listen(), { code: 'ERR_CHANNEL_ACTIVE' });
    await peer.datagrams(1);
    t.is(peer.received[0]?.from.port, channel.localAddr?.port);
    await peer.send(peer.received[0]?.from ?? null, 'welcome');
    await log.frames(1);
    t.deepEqual(log.order, ['listen', 'read welcome']);
    t.deepEqual(log.from, [peer.address]);
  });

  suite.datagrams('addresses in every form', async (scene, t) => {
    const peer = await scene.peer();
    const { port } = peer.address;
    const { channel } = scene.channel();
    channel.write('a', [LOOPBACK, port]);
    channel.write('b', { host: LOOPBACK, port });
    channel.write('c', peer.address);
    channel.write('d', port);
    await peer.datagrams(4);
    t.deepEqual(peer.texts, ['a', 'b', 'c', 'd']);

    const { channel: receiver, log } = scene.channel();
    receiver.listen({ host: LOOPBACK, port: 0 });
    t.is(receiver.localAddr?.address, LOOPBACK);
    t.is(receiver.localAddr?.family, 'IPv4');
    t.is(receiver.fileno === null, false);
    await peer.send(receiver.localAddr, 'e');
    await log.frames(1);
  });

  suite.datagrams("'' is every interface, IPv6 and IPv4 alike", async (scene, t) => {
    const { channel, log } = scene.channel({}, (channel) => ({
      onRead: (data) => channel.write(data),
    }));
    channel.listen();
    const port = channel.localAddr?.port ?? 0;
    t.not(port, 0);
    const four = await scene.peer();
    await four.send({ address: LOOPBACK, port, family: 'IPv4' }, 'four');
    await four.datagrams(1);
    t.is(log.from[0]?.address, LOOPBACK);
    const six = await scene.peer('::1');
    await six.send({ address: '::1', port, family: 'IPv6' }, 'six');
    await six.datagrams(1);
    t.is(log.from[1]?.address, '::1');
    // The plain form will do as well.
    channel.write('again', four.address);
    await four.datagrams(2);
    t.deepEqual(four.texts, ['four', 'again']);
  });

  suite.datagrams('every kind of data; the bytes are taken at the call', async (scene, t) => {
    const { channel, peer } = await scene.open();
    const bytes = Uint8Array.from({ length: 6 }, (_, at) => 0x61 + at);
    const shared = new Uint8Array(new SharedArrayBuffer(2)).fill(0x7a);
    const to = peer.address;
    channel.write('é', to);
    channel.write(bytes, to);
    channel.write(bytes.subarray(1, 3), to);
    channel.write(new DataView(bytes.buffer, 3, 2), to);
    channel.write(bytes.buffer, to, true);
    channel.write(shared, to);
    channel.write('', to);
    channel.write('x'.repeat(10_000), to);
    bytes.fill(0);
    shared.fill(0);
    await peer.datagrams(8);
    const expected = ['\xc3\xa9', 'abcdef', 'bc', 'de', 'abcdef', 'zz', '', 'x'.repeat(10_000)];
    t.deepEqual(peer.texts, expected);
    t.is(channel.bytesWritten, expected.join('').length);
  });

  suite.datagrams('U4: one too large to send is an error, and no more', async (scene, t) => {
    const { channel, log, peer } = await scene.open();
    channel.write(Buffer.alloc(LARGEST + 1), peer.address);
    channel.write('next', peer.address);
    await log.failures(1);
    await peer.datagrams(1);
    const [error] = log.errors;
    t.is(error?.code, 'EMSGSIZE');
    t.is(error?.syscall, 'send');
    t.like(error, { address: LOOPBACK, port: peer.address.port });
    t.deepEqual(peer.texts, ['next']);
    await log.seen('write');
    t.is(channel.pendingBytes, 0);
    channel.close();
    t.is((await log.closed()).unsentBytes, LARGEST + 1);
  });

  suite.datagrams('U10: in a batch the right one fails, the others arrive', async (scene, t) => {
    const { channel, log, peer } = await scene.open();
    const other = await scene.peer();
    for (let at = 0; at < 200; at += 1) {
      if (at === 77) channel.write(Buffer.alloc(LARGEST + 1), other.address);
      channel.write(`${at}`, peer.address);
    }
    await peer.datagrams(200);
    await log.failures(1);
    await turn();
    t.deepEqual(
      peer.texts,
      Array.from({ length: 200 }, (_, at) => `${at}`),
    );
    t.is(log.errors.length, 1);
    t.like(log.errors[0], { code: 'EMSGSIZE', port: other.address.port });
  });

  suite.datagrams('U3: a loop of sends that fail: one error each, no hang', async (scene, t) => {
    const { channel, log, peer } = await scene.open();
    // Nobody has set broadcast.
    for (let at = 0; at < 1000; at += 1) channel.write('x', ['127.255.255.255', 9]);
    channel.write('still here', peer.address);
    await peer.datagrams(1);
    await log.failures(1000);
    await turn();
    t.is(log.errors.length, 1000);
    t.true(log.errors.every(({ code }) => code === 'EACCES'));
  });

  suite.datagrams('rule 1: no hook is called inside a call', async (scene, t) => {
    const { call, hook, nested } = reentrancy();
    const target = await scene.peer();
    const silent = await scene.peer();
    await new Promise<void>((resolve) => silent.socket.close(resolve));
    const { channel, log } = scene.channel({ readDelimiter: '\n' }, (channel) => ({
      onListen: hook(() => call(() => channel.flush())),
      onConnect: hook(() => call(() => channel.write('anyone?', null, true))),
      onWrite: hook(() => call(() => channel.flush())),
      onError: hook(() => call(() => channel.connected && channel.disconnect())),
      onRead: hook(() => {
        call(() => channel.write('reply', target.address, true));
        call(() => channel.pause());
        call(() => Object.assign(channel, { readDelimiter: 1 }));
        call(() => channel.resume());
      }),
      onClose: hook(() => call(() => channel.close())),
    }));
    call(() => channel.listen([LOOPBACK, 0]));
    await log.seen('listen');
    await target.send(channel.localAddr, 'line\nmore');
    await log.frames(5);
    call(() => channel.write('no such peer', ['127.255.255.255', 9], true));
    await log.failures(1);
    call(() => channel.connect(silent.address));
    await log.failures(2);
    call(() => channel.end());
    call(() => channel.close());
    await log.closed();
    t.deepEqual(nested(), []);
  });

  suite.datagrams('U1: nobody there, connected: told once, lives on', async (scene, t) => {
    const { channel, log } = await scene.open();
    const silent = await scene.peer();
    await new Promise<void>((resolve) => silent.socket.close(resolve));
    channel.connect(silent.address);
    await log.seen('connect');
    channel.write('anyone?');
    await log.failures(1);
    await milliseconds(20);
    t.deepEqual(
      log.errors.map(({ code }) => code),
      ['ECONNREFUSED'],
    );
    t.like(log.errors[0], { address: LOOPBACK, port: silent.address.port });
    t.is(channel.readyState, 'open');
    const peer = await scene.peer(LOOPBACK, silent.address.port);
    channel.write('someone');
    await peer.datagrams(1);
    t.deepEqual(peer.texts, ['someone']);
  });

  suite.datagrams('U1: however often nobody is there, it lives on', async (scene, t) => {
    const { channel, log } = await scene.open();
    const silent = await scene.peer();
    await new Promise<void>((resolve) => silent.socket.close(resolve));
    channel.connect(silent.address);
    for (let round = 1; round <= 150; round += 1) {
      channel.write('anyone?');
      await log.failures(round);
    }
    t.true(log.errors.every(({ code }) => code === 'ECONNREFUSED'));
    const peer = await scene.peer(LOOPBACK, silent.address.port);
    channel.write('someone');
    await peer.datagrams(1);
  });

  suite.datagrams('U2: nobody there, not connected: the next is unharmed', async (scene, t) => {
    const { channel, log, peer } = await scene.open();
    const silent = await scene.peer();
    await new Promise<void>((resolve) => silent.socket.close(resolve));
    for (let round = 1; round <= 5; round += 1) {
      channel.write('anyone?', silent.address);
      channel.write('hello', peer.address);
      await peer.datagrams(round);
    }
    // Where the system tells of it without a peer, it is told with its address.
    const { port } = silent.address;
    t.true(log.errors.every((error) => error.code === 'ECONNREFUSED'));
    t.true(log.errors.every((error) => Reflect.get(error, 'port') === port));
  });

  suite.datagrams('U15: a channel with a peer', async (scene, t) => {
    const { channel, log, peer } = await scene.open();
    const stranger = await scene.peer();
    t.throws(() => channel.disconnect(), { code: 'ERR_CHANNEL_NOT_CONNECTED' });
    t.is(channel.connect(peer.address), channel);
    t.is(channel.readyState, 'opening');
    const early = { code: 'ERR_CHANNEL_NOT_CONNECTED', message: /not connected yet/ };
    t.throws(() => channel.disconnect(), early);
    t.throws(() => channel.connect(stranger.address), { code: 'ERR_CHANNEL_ACTIVE' });
    channel.write('early');
    await log.seen('connect');
    t.is(channel.readyState, 'open');
    t.true(channel.connected);
    t.true(channel.listening);
    t.deepEqual(channel.remoteAddr, peer.address);
    channel.write('late');
    channel.write('to him', peer.address);
    t.throws(() => channel.write('x', stranger.address), { code: 'ERR_CHANNEL_ACTIVE' });
    t.throws(() => channel.connect(stranger.address), { code: 'ERR_CHANNEL_ACTIVE' });
    await peer.datagrams(3);
    t.deepEqual(peer.texts, ['early', 'late', 'to him']);
    await stranger.send(channel.localAddr, 'not for you');
    await peer.send(channel.localAddr, 'for you');
    await log.frames(1);
    t.deepEqual(log.reads, ['for you']);

    channel.disconnect();
    t.is(channel.remoteAddr, null);
    t.false(channel.connected);
    t.throws(() => channel.write('x'), { code: 'ERR_CHANNEL_NOT_CONNECTED' });
    t.throws(() => channel.disconnect(), { code: 'ERR_CHANNEL_NOT_CONNECTED' });
    channel.write('free', stranger.address);
    await stranger.datagrams(1);
    channel.connect(stranger.address);
    channel.write('again');
    await stranger.datagrams(2);
    t.deepEqual(stranger.texts, ['free', 'again']);
    t.deepEqual(log.errors, []);
  });

  suite.datagrams('connect() on an idle channel binds it', async (scene, t) => {
    const peer = await scene.peer();
    const { channel, log } = scene.channel();
    channel.connect(peer.address);
    channel.write('hello');
    await peer.datagrams(1);
    await peer.send(peer.received[0]?.from ?? null, 'welcome');
    await log.frames(1);
    t.deepEqual(log.order, ['listen', 'connect', 'read welcome']);
    t.is(channel.localAddr?.port, peer.received[0]?.from.port);
  });

  suite.datagrams('U16: bound twice, in use, shared, implied', async (scene, t) => {
    const { channel } = await scene.open();
    const at = channel.localAddr as Address;
    t.throws(() => channel.listen(at), { code: 'ERR_CHANNEL_ACTIVE' });
    const { channel: second } = scene.channel();
    const error = t.throws<NodeJS.ErrnoException>(() => second.listen(at), { code: 'EADDRINUSE' });
    t.is(error?.syscall, 'bind');
    t.like(error, { address: LOOPBACK, port: at.port });
    // Nothing has begun: it can be bound elsewhere.
    t.is(second.readyState, 'idle');
    second.listen([LOOPBACK, 0]);

    const shared = scene.channel({ reuseAddr: true }).channel.listen([LOOPBACK, 0]);
    const other = scene.channel({ reuseAddr: true }).channel;
    other.listen(shared.localAddr as Address);
    t.deepEqual(other.localAddr, shared.localAddr);
  });

  suite.datagrams('U12: closed in onRead, with more on the way', async (scene, t) => {
    const { channel, log, peer } = await scene.open({}, (channel) => ({
      onRead: () => channel.close(),
    }));
    await peer.sendAll(channel.localAddr, ['one', 'two', 'three']);
    await log.closed();
    await turn();
    t.deepEqual(log.order, ['listen', 'read one', 'close close']);
    t.is(channel.fileno, null);
    t.is(channel.readyState, 'closed');
    t.false(channel.listening);
    t.notThrows(() => channel.close());
    t.notThrows(() => channel.end());
    t.throws(() => channel.write('x', peer.address), { code: 'ERR_CHANNEL_CLOSED' });
    t.throws(() => channel.listen(), { code: 'ERR_CHANNEL_CLOSED' });
    t.throws(() => channel.connect(peer.address), { code: 'ERR_CHANNEL_CLOSED' });
    t.throws(() => channel.setTTL(1), { code: 'ERR_CHANNEL_CLOSED' });
  });

  suite.datagrams('end() sends what is pending', async (scene, t) => {
    const { channel, log, peer } = await scene.open();
    for (let at = 0; at < 100; at += 1) channel.write(`${at}`, peer.address);
    channel.end();
    t.throws(() => channel.write('x', peer.address), { code: 'ERR_CHANNEL_CLOSED' });
    await peer.send(channel.localAddr, 'too late');
    const info = await log.closed();
    await peer.datagrams(100);
    t.deepEqual(info, { reason: 'end', unsentBytes: 0 });
    t.deepEqual(log.order, ['listen', 'close end']);
  });

  suite.datagrams('end() with data pending: onWrite, then onClose', async (scene, t) => {
    const { channel, log, peer } = await scene.open();
    channel.write('pending', peer.address);
    channel.end();
    await log.closed();
    t.deepEqual(log.hooks, ['listen', 'write', 'close end']);

    const idle = await scene.open();
    idle.channel.end();
    await idle.log.closed();
    t.deepEqual(idle.log.hooks, ['listen', 'close end']);
  });

  suite.datagrams('end() and close() on an idle channel', async (scene, t) => {
    const ended = scene.channel();
    ended.channel.end();
    t.is((await ended.log.closed()).reason, 'end');
    const closed = scene.channel();
    closed.channel.close();
    t.is((await closed.log.closed()).reason, 'close');
    t.deepEqual(closed.log.hooks, ['close close']);
    t.throws(() => closed.channel.listen(), { code: 'ERR_CHANNEL_CLOSED' });
  });

  suite.datagrams('after pause() nothing comes, after resume() all in order', async (scene, t) => {
    const { channel, log, peer } = await scene.open({}, (channel) => ({
      onRead: (data) => {
        if (`${data}` === '2') channel.pause();
      },
    }));
    const all = Array.from({ length: 10 }, (_, at) => `${at}`);
    await peer.sendAll(channel.localAddr, all);
    await log.frames(3);
    await milliseconds(20);
    t.is(log.data.length, 3);
    channel.resume();
    t.is(log.data.length, 3, 'not inside resume()');
    await log.frames(10);
    t.deepEqual(log.reads, all);
  });

  suite.datagrams('onWrite comes when all is sent', async (scene, t) => {
    const { channel, log, peer } = await scene.open();
    for (let at = 0; at < 10; at += 1) channel.write('x', peer.address);
    await peer.datagrams(10);
    await log.seen('write');
    await turn();
    t.is(channel.pendingBytes, 0);
    channel.write('', peer.address);
    const drains = log.hooks.length;
    await log.until('another onWrite', () => log.hooks.length > drains);
  });

  suite.datagrams('an address is free again when close() has returned', async (scene, t) => {
    let { channel } = await scene.open();
    const port = channel.localAddr?.port ?? 0;
    for (let round = 0; round < 20; round += 1) {
      channel.close();
      channel = scene.channel().channel;
      t.notThrows(() => channel.listen([LOOPBACK, port]));
    }
    const taken = { code: 'EADDRINUSE' };
    t.throws(() => scene.channel().channel.listen([LOOPBACK, port]), taken);
  });

  suite.datagrams('false above highWaterMark; past maxPendingBytes: closed', async (scene, t) => {
    const options = { highWaterMark: 1000, maxPendingBytes: 2000 };
    const { channel, log, peer } = await scene.open(options);
    t.true(channel.write(Buffer.alloc(1000), peer.address));
    t.false(channel.write('x', peer.address));
    t.is(channel.pendingBytes, 1001);
    channel.write(Buffer.alloc(1000), peer.address);
    t.false(channel.write('one too many', peer.address));
    const info = await log.closed();
    t.is(info.reason, 'overflow');
    t.true(log.hooks.includes('overflow ERR_PENDING_OVERFLOW'));
    t.is(channel.stats().refusedBytes, 12);
    t.false(channel.write('late', peer.address), 'the limit has closed it, not this side');
    t.is(channel.stats().refusedBytes, 16);
    channel.close();
    t.false(channel.write('', peer.address));
  });

  suite.datagrams('rule 4: a hook that throws stops nothing', async (scene, t) => {
    const uncaught = collectUncaught(t);
    const { channel, log, peer } = await scene.open({}, () => ({
      onRead: (data) => {
        if (`${data}` === 'one') throw new Error('thrown by onRead');
      },
    }));
    await peer.sendAll(channel.localAddr, ['one', 'two', 'three']);
    await log.frames(3);
    await turn();
    t.deepEqual(log.reads, ['one', 'two', 'three']);
    t.deepEqual(
      uncaught.map((error) => (error as Error).message),
      ['thrown by onRead'],
    );
  });

  suite.datagrams('rule 5: methods, class fields, assignment in between', async (scene, t) => {
    const got: string[] = [];
    class Fields extends scene.impl.Datagram {
      override readEncoding = 'utf8';
      override readDelimiter = ',';
      override onRead = (first: unknown) => {
        got.push(`first ${first}`);
        this.onRead = (rest: unknown) => got.push(`then ${rest}`);
      };
    }
    const channel = new Fields();
    t.teardown(() => channel.close());
    channel.listen([LOOPBACK, 0]);
    const peer = await scene.peer();
    const { log, channel: end } = scene.channel();
    end.listen([LOOPBACK, 0]);
    await peer.send(channel.localAddr, 'a,b,c,');
    await peer.send(end.localAddr, 'done');
    await log.frames(1);
    await turn();
    t.deepEqual(got, ['first a', 'then b', 'then c']);
  });
}
