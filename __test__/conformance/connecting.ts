import dns from 'node:dns';
import { getEventListeners, once } from 'node:events';
import { connect, type LookupFunction } from 'node:net';
import { constants } from 'node:os';
import { inspect } from 'node:util';

import type { Address, ConnectOptions } from '../helpers/implementation.ts';
import type { Scene } from '../helpers/scene.ts';
import { milliseconds, turn } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

/** SPEC §§1, 5: connect(), and how it fails. */
export function connecting(suite: Suite): void {
  connects(suite);
  fails(suite);
  isGivenUp(suite);
}

function connects(suite: Suite): void {
  suite.test('each form of the address', async (scene, t) => {
    const listening = await scene.peerServer();
    const { port } = listening;
    const forms: ((channel: ReturnType<Scene['client']>['channel']) => unknown)[] = [
      (channel) => channel.connect('127.0.0.1', port),
      (channel) => channel.connect('localhost', port),
      (channel) => channel.connect(['127.0.0.1', port]),
      (channel) => channel.connect({ host: '127.0.0.1', port }),
      (channel) => channel.connect({ host: 'localhost', port, family: 4 }),
      (channel) => channel.connect(port),
      (channel) => channel.connect({ port }),
      (channel) => channel.connect(listening.address),
    ];
    for (const [at, connect] of forms.entries()) {
      const { channel, log } = scene.client();
      t.is(connect(channel), channel);
      t.true(channel.connecting);
      t.is(channel.readyState, 'opening');
      t.deepEqual(log.hooks, [], 'no hook inside connect()');
      const peer = await listening.peer(at);
      await log.seen('connect');
      t.true(channel.connected);
      t.false(channel.connecting);
      t.is(channel.readyState, 'open');
      t.is(typeof channel.fileno, 'number');
      t.deepEqual(channel.remoteAddr, { address: '127.0.0.1', port, family: 'IPv4' });
      const localPort = peer.socket.remotePort ?? 0;
      const localAddr: Address = { address: '127.0.0.1', port: localPort, family: 'IPv4' };
      t.deepEqual(channel.localAddr, localAddr);
      channel.close();
      await log.closed();
    }
  });

  suite.test('addresses: none before, in every hook, none after onClose', async (scene, t) => {
    const { server, accepted } = scene.server();
    const listening = server.localAddr;
    let atClose: unknown;
    server.onClose = () => {
      atClose = server.localAddr;
    };
    const seen: unknown[] = [];
    const { channel, log } = scene.client({}, (channel) => {
      const note = () => void seen.push([channel.localAddr, channel.remoteAddr]);
      return { onConnect: note, onEnd: note, onClose: note };
    });
    t.deepEqual([channel.localAddr, channel.remoteAddr], [null, null]);
    channel.connect(listening as Address);
    t.deepEqual([channel.localAddr, channel.remoteAddr], [null, null]);
    const { channel: connection } = await accepted(0);
    const addresses = [connection.remoteAddr, connection.localAddr];
    t.false(addresses.includes(null));
    connection.end();
    await log.closed();
    t.deepEqual(seen, [addresses, addresses, addresses]);
    await turn();
    t.deepEqual([channel.localAddr, channel.remoteAddr], [null, null]);
    server.close();
    await server.end();
    t.deepEqual(atClose, listening);
    await turn();
    t.is(server.localAddr, null);
  });

  suite.test('localAddr of a server is an address to connect to', async (scene, t) => {
    const { server } = scene.server();
    if (server.localAddr === null) return t.fail();
    const { channel, log } = scene.client();
    channel.connect(server.localAddr);
    await log.seen('connect');
    t.like(channel.remoteAddr, server.localAddr);
  });

  suite.test('IPv6', async (scene, t) => {
    const { server, accepted } = scene.server({}, undefined, { host: '::1' });
    const { channel, log } = scene.client();
    channel.connect('::1', server.localAddr?.port ?? 0);
    await log.seen('connect');
    t.like(channel.remoteAddr, { address: '::1', family: 'IPv6' });
    const accepting = await accepted(0);
    await accepting.log.seen('connect');
    t.deepEqual(accepting.channel.remoteAddr, channel.localAddr);
  });

  suite.test('localAddress and localPort', async (scene, t) => {
    const listening = await scene.peerServer('127.0.0.1');
    const localPort = await freePort(scene);
    const { channel, log } = scene.client({ localAddress: '127.0.0.1', localPort });
    channel.connect('127.0.0.1', listening.port);
    const peer = await listening.peer();
    await log.seen('connect');
    t.is(peer.socket.remotePort, localPort);
    t.like(channel.localAddr, { address: '127.0.0.1', port: localPort });
  });

  suite.test('the options of a call come before those of the constructor', async (scene, t) => {
    const listening = await scene.peerServer();
    const { channel, log } = scene.client({ readDelimiter: '\n', bufferSize: 10 });
    channel.connect('127.0.0.1', listening.port, { readDelimiter: ';' });
    const peer = await listening.peer();
    peer.end('a;b');
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read a', 'end b', 'close end']);
    t.is(channel.bufferSize, 10);
  });

  suite.test('names are looked up by the given function', async (scene, t) => {
    const listening = await scene.peerServer();
    const asked: string[] = [];
    const { channel, log } = scene.client({
      lookup: lookup((hostname) => {
        asked.push(hostname);
        return ['127.0.0.1'];
      }),
    });
    channel.connect('a.name.of.our.own', listening.port);
    await log.seen('connect');
    t.deepEqual(asked, ['a.name.of.our.own']);
    t.like(channel.remoteAddr, { address: '127.0.0.1', port: listening.port });
  });

  suite.test('names are looked up by dns.lookup(), as it is then', async (scene, t) => {
    const listening = await scene.peerServer();
    const asked: [string, unknown][] = [];
    const { lookup: before } = dns;
    const own = lookup(() => ['127.0.0.1']);
    // As programs do that keep answers, or watch what is asked.
    dns.lookup = ((...args: Parameters<LookupFunction>) => {
      asked.push([args[0], args[1].family]);
      own(...args);
    }) as typeof dns.lookup;
    t.teardown(() => {
      dns.lookup = before;
    });
    const { channel, log } = scene.client({ family: 4 });
    channel.connect('a.name.of.our.own', listening.port);
    await log.seen('connect');
    t.deepEqual(asked, [['a.name.of.our.own', 4]]);
  });

  suite.test('of several addresses, IPv6 comes first', async (scene, t) => {
    const { server } = scene.server({}, undefined, { host: '' });
    const { channel, log } = scene.client({ lookup: lookup(() => ['127.0.0.1', '::1']) });
    channel.connect('several.addresses', server.localAddr?.port ?? 0);
    await log.seen('connect');
    t.like(channel.remoteAddr, { address: '::1', family: 'IPv6' });
  });

  suite.test('C15: writes before the connect are queued, in order', async (scene, t) => {
    const listening = await scene.peerServer();
    const { channel, log } = scene.client({}, (channel) => ({
      onConnect: () => channel.write('3'),
    }));
    channel.connect('127.0.0.1', listening.port);
    t.true(channel.write('1'));
    t.false(channel.write(Buffer.alloc(100_000, '2')));
    t.is(channel.pendingBytes, 100_001);
    const peer = await listening.peer();
    await peer.received(100_002);
    t.is(peer.text, `1${'2'.repeat(100_000)}3`);
    await log.seen('write');
    t.deepEqual(log.hooks, ['connect', 'write']);
  });

  suite.test('C16: connect() on an active channel, and on a closed one', async (scene, t) => {
    const listening = await scene.peerServer();
    const { channel, log } = scene.client();
    channel.connect('127.0.0.1', listening.port);
    t.throws(() => channel.connect('127.0.0.1', listening.port), { code: 'ERR_CHANNEL_ACTIVE' });
    await log.seen('connect');
    t.throws(() => channel.connect('127.0.0.1', listening.port), { code: 'ERR_CHANNEL_ACTIVE' });
    channel.close();
    t.throws(() => channel.connect('127.0.0.1', listening.port), { code: 'ERR_CHANNEL_CLOSED' });
    await log.closed();
    t.throws(() => channel.connect('127.0.0.1', listening.port), { code: 'ERR_CHANNEL_CLOSED' });
    t.deepEqual(log.hooks, ['connect', 'close close']);
  });

  suite.test('C16: one after the other, 50 times', async (scene, t) => {
    const { server } = scene.server({}, (channel) => ({ onRead: (data) => channel.write(data) }));
    for (let round = 0; round < 50; round++) {
      const { channel, log } = scene.client();
      channel.connect('127.0.0.1', server.localAddr?.port ?? 0);
      channel.write('ping');
      await log.until('echo', () => log.text === 'ping');
      channel.end();
      await log.closed();
      t.is(log.order.at(-1), 'close end');
    }
  });

  suite.test('C12: to itself: it works or fails, but does not hang', async (scene, t) => {
    const port = await freePort(scene);
    const { channel, log } = scene.client({ localAddress: '127.0.0.1', localPort: port });
    channel.connect('127.0.0.1', port);
    await log.until('an outcome', () => log.hooks.length > 0);
    if (channel.connected) {
      channel.write('mirror');
      await log.until('mirror', () => log.text === 'mirror');
      channel.close();
    }
    await log.closed();
    t.pass();
  });
}

function fails(suite: Suite): void {
  suite.test('C1: refused, with the fields that Node gives it', async (scene, t) => {
    for (const [host, address] of [
      ['127.0.0.1', '127.0.0.1'],
      ['::1', '::1'],
    ] as const) {
      const port = await freePort(scene, host);
      const { channel, log } = scene.client();
      channel.connect(host, port);
      channel.write('unsent');
      const info = await log.closed();
      t.deepEqual(log.hooks, ['connectError ECONNREFUSED', 'close error']);
      const expected = {
        code: 'ECONNREFUSED',
        errno: -constants.errno.ECONNREFUSED,
        syscall: 'connect',
        address,
        port,
        message: `connect ECONNREFUSED ${address}:${port}`,
      };
      t.like(log.connectError, expected);
      t.true(log.connectError instanceof Error);
      t.deepEqual(info, { reason: 'error', error: log.connectError as Error, unsentBytes: 6 });
      t.is(channel.readyState, 'closed');
      t.is(channel.fileno, null);
    }
  });

  suite.test('C1: unreachable, with the fields that Node gives it', async (scene, t) => {
    // No stream goes to a group.
    const [address, port] = ['224.0.0.1', 9];
    const { channel, log } = scene.client();
    channel.connect(address, port);
    await log.closed();
    const [expected] = await once(connect(port, address), 'error');
    const { code, errno, syscall } = expected as NodeJS.ErrnoException;
    t.like(log.connectError, { code, errno, syscall, address, port });
    t.deepEqual(log.hooks, [`connectError ${code}`, 'close error']);
  });

  suite.test('C2: 50 refused at once', async (scene, t) => {
    const port = await freePort(scene);
    const { channels } = scene.impl.Engine.instance();
    const before = channels.size;
    const clients = Array.from({ length: 50 }, () => scene.client());
    for (const { channel } of clients) channel.connect('127.0.0.1', port);
    for (const { log } of clients) await log.closed();
    for (const { log } of clients) {
      t.deepEqual(log.hooks, ['connectError ECONNREFUSED', 'close error']);
    }
    t.is(channels.size, before);
  });

  suite.test('C5: what fails at once is told later all the same', async (scene, t) => {
    const { channel, log } = scene.client({ localAddress: '203.0.113.1' });
    t.is(channel.connect('127.0.0.1', 1), channel);
    t.deepEqual(log.hooks, []);
    await log.closed();
    t.deepEqual(log.hooks, ['connectError EADDRNOTAVAIL', 'close error']);
  });

  suite.test('C17: the local port is taken', async (scene, t) => {
    const listening = await scene.peerServer();
    const other = await scene.peerServer();
    const { channel, log } = scene.client({ localAddress: '127.0.0.1', localPort: other.port });
    channel.connect('127.0.0.1', listening.port);
    await log.closed();
    t.deepEqual(log.hooks, ['connectError EADDRINUSE', 'close error']);
  });

  suite.test('C6: a name that is not known', async (scene, t) => {
    const failure = Object.assign(new Error('getaddrinfo ENOTFOUND no.such.name'), {
      code: 'ENOTFOUND',
      errno: -3008,
      syscall: 'getaddrinfo',
      hostname: 'no.such.name',
    });
    const { channel, log } = scene.client({
      lookup: (_hostname, _options, callback) => callback(failure, []),
    });
    channel.connect('no.such.name', 80);
    await log.closed();
    t.deepEqual(log.hooks, ['connectError ENOTFOUND', 'close error']);
    t.like(log.connectError, { code: 'ENOTFOUND', syscall: 'getaddrinfo' });
    t.is(Reflect.get(log.connectError ?? {}, 'hostname'), 'no.such.name');
  });

  suite.test('C6: a name that nobody can know', async (scene, t) => {
    const { channel, log } = scene.client();
    channel.connect('no-such-name.invalid', 80);
    await log.closed();
    // Without a resolver to ask, it is EAI_AGAIN.
    t.regex(log.hooks[0] ?? '', /^connectError (ENOTFOUND|EAI_AGAIN)$/);
    t.is(Reflect.get(log.connectError ?? {}, 'hostname'), 'no-such-name.invalid');
  });

  suite.test('C6: a lookup that throws', async (scene, t) => {
    const { channel, log } = scene.client({
      lookup: () => {
        throw Object.assign(new Error('no lookup today'), { code: 'EMYOWN' });
      },
    });
    try {
      channel.connect('some.name', 80);
    } catch (error) {
      // As with node:net, it may also come out of connect().
      t.like(error, { code: 'EMYOWN' });
      return;
    }
    await log.closed();
    t.deepEqual(log.hooks, ['connectError EMYOWN', 'close error']);
  });

  suite.test('C7: the first address is dead', async (scene, t) => {
    const listening = await scene.peerServer('127.0.0.1');
    const addresses = ['127.0.0.2', '::1', '127.0.0.1'];
    const { channel, log } = scene.client({ lookup: lookup(() => addresses) });
    channel.connect('several.addresses', listening.port);
    await log.seen('connect');
    t.deepEqual(log.hooks, ['connect']);
    t.like(channel.remoteAddr, { address: '127.0.0.1', port: listening.port });
    await listening.peer();
    await turn();
    t.is(listening.peers.length, 1);
  });

  suite.test('C7: all are dead: the error names each', async (scene, t) => {
    const port = await freePort(scene);
    const addresses = ['127.0.0.2', '127.0.0.3'];
    const { channel, log } = scene.client({ lookup: lookup(() => addresses) });
    channel.connect('several.addresses', port);
    await log.closed();
    t.deepEqual(log.hooks, ['connectError ECONNREFUSED', 'close error']);
    const told = inspect(log.connectError, { depth: 4 });
    for (const address of addresses) t.true(told.includes(`${address}:${port}`), told);
  });
}

function isGivenUp(suite: Suite): void {
  suite.test('C9: close() while connecting', async (scene, t) => {
    const listening = await scene.peerServer();
    const { channel, log } = scene.client();
    channel.connect('127.0.0.1', listening.port);
    channel.write('unsent');
    channel.close();
    t.deepEqual(log.hooks, []);
    const info = await log.closed();
    await milliseconds(20);
    t.deepEqual(info, { reason: 'close', unsentBytes: 6 });
    t.deepEqual(log.hooks, ['close close']);
  });

  suite.test('C8: a lookup that answers after close()', async (scene, t) => {
    const listening = await scene.peerServer();
    const { answer, asked, later } = lateLookup();
    const { channel, log } = scene.client({ lookup: later });
    channel.connect('some.name', listening.port);
    await asked;
    channel.close();
    await log.closed();
    answer();
    await milliseconds(20);
    t.deepEqual(log.hooks, ['close close']);
    t.is(listening.peers.length, 0);
  });

  suite.test('C1: what was written is unsent where nothing was begun', async (scene, t) => {
    const failing: [string, ConnectOptions, string][] = [
      ['127.0.0.1', { signal: AbortSignal.abort() }, 'ABORT_ERR'],
      ['some.name', { lookup: (_name, _options, found) => found(unknown(), '') }, 'ENOTFOUND'],
    ];
    for (const [host, options, code] of failing) {
      const { channel, log } = scene.client(options);
      channel.connect(host, 80);
      channel.write('hello');
      const info = await log.closed();
      t.deepEqual(log.hooks, [`connectError ${code}`, 'close error']);
      t.is(info.unsentBytes, 5, code);
    }
  });

  suite.test('C3: connectTimeout bounds the look-up too', async (scene, t) => {
    const { later } = lateLookup();
    const { channel, log } = scene.client({ lookup: later, connectTimeout: 50 });
    const before = performance.now();
    channel.connect('some.name', 80);
    const info = await log.closed();
    const took = performance.now() - before;
    t.true(took >= 45 && took < 2_000, `${took} ms`);
    t.deepEqual(log.hooks, ['connectError ETIMEDOUT', 'close error']);
    t.is(info.error, log.connectError);
    t.like(log.connectError, {
      errno: -constants.errno.ETIMEDOUT,
      syscall: 'connect',
      address: 'some.name',
      port: 80,
    });
  });

  suite.test('C3: connectTimeout does not end a channel that has connected', async (scene, t) => {
    const listening = await scene.peerServer();
    const { channel, log } = scene.client({ connectTimeout: 30 });
    channel.connect('127.0.0.1', listening.port);
    await log.seen('connect');
    await milliseconds(60);
    t.deepEqual(log.hooks, ['connect']);
  });

  suite.test('C10: a signal that is aborted before', async (scene, t) => {
    const listening = await scene.peerServer();
    const { channel, log } = scene.client({ signal: AbortSignal.abort('why') });
    t.is(channel.connect('127.0.0.1', listening.port), channel);
    t.deepEqual(log.hooks, []);
    await log.closed();
    t.deepEqual(log.hooks, ['connectError ABORT_ERR', 'close error']);
    t.like(log.connectError, { name: 'AbortError', code: 'ABORT_ERR', cause: 'why' });
    t.is(listening.peers.length, 0);
  });

  suite.test('C10: a signal that is aborted meanwhile', async (scene, t) => {
    const { later } = lateLookup();
    for (const tick of [true, false]) {
      const controller = new AbortController();
      const { signal } = controller;
      const { channel, log } = scene.client({ lookup: later });
      channel.connect('some.name', 80, { signal });
      if (tick) await turn();
      controller.abort();
      t.deepEqual(log.hooks, [], 'no hook inside abort()');
      await log.closed();
      t.deepEqual(log.hooks, ['connectError ABORT_ERR', 'close error']);
      t.is(getEventListeners(signal, 'abort').length, 0);
    }
  });

  suite.test('C10: a signal that is aborted after', async (scene, t) => {
    const listening = await scene.peerServer();
    const controller = new AbortController();
    const { channel, log } = scene.client();
    channel.connect('127.0.0.1', listening.port, { signal: controller.signal });
    await log.seen('connect');
    controller.abort();
    t.deepEqual(log.hooks, ['connect'], 'no hook in a call of user code');
    t.is((await log.closed()).reason, 'close');
    t.deepEqual(log.hooks, ['connect', 'close close']);
    t.is(getEventListeners(controller.signal, 'abort').length, 0);
  });

  suite.test('C10: a channel that has closed has let go of the signal', async (scene, t) => {
    const listening = await scene.peerServer();
    const { signal } = new AbortController();
    const { channel, log } = scene.client();
    channel.connect('127.0.0.1', listening.port, { signal });
    await log.seen('connect');
    channel.close();
    await log.closed();
    t.is(getEventListeners(signal, 'abort').length, 0);
  });

  suite.test('C10: close() lets go of the signal', async (scene, t) => {
    const { later } = lateLookup();
    const { signal } = new AbortController();
    const { channel, log } = scene.client({ lookup: later, signal });
    channel.connect('some.name', 80);
    channel.close();
    await log.closed();
    t.deepEqual(log.hooks, ['close close']);
    t.is(getEventListeners(signal, 'abort').length, 0);
  });
}

/** A lookup with the given answer, in both forms in which it may be asked for. */
function lookup(answer: (hostname: string) => string[]): LookupFunction {
  return (hostname, options, callback) => {
    const all = answer(hostname).map((address) => ({
      address,
      family: address.includes(':') ? 6 : 4,
    }));
    const [first] = all;
    setImmediate(() => {
      if (options.all) callback(null, all);
      else callback(null, first?.address ?? '', first?.family);
    });
  };
}

/** A lookup that answers when it is told to. */
function lateLookup() {
  let answer = () => {};
  let wasAsked = () => {};
  const asked = new Promise<void>((resolve) => {
    wasAsked = resolve;
  });
  const later: LookupFunction = (hostname, options, callback) => {
    answer = () => lookup(() => ['127.0.0.1'])(hostname, options, callback);
    wasAsked();
  };
  return { later, asked, answer: () => answer() };
}

async function freePort(scene: Scene, host?: string): Promise<number> {
  const server = await scene.peerServer(host);
  const { port } = server;
  const closed = new Promise((resolve) => server.server.once('close', resolve));
  server.close();
  await closed;
  return port;
}

function unknown(): Error {
  return Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
}
