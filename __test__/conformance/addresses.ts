import type { LookupFunction } from 'node:net';

import { LOOPBACK } from '../helpers/datagrams.ts';
import { Peer } from '../helpers/peer.ts';
import { turn } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

/** A literal, of an interface that no machine has. */
const UNUSABLE = 'fe80::1%nope';

/** SPEC §1, §5, §6: addresses that cannot be used, and those of IPv4 in the form of IPv6. */
export function addresses(suite: Suite): void {
  unusable(suite);
  mapped(suite);
}

function unusable(suite: Suite): void {
  suite.test('connect() to an address that cannot be used', async (scene, t) => {
    for (const host of [UNUSABLE, 'some.name']) {
      const { channel, log } = scene.client({ lookup: lookup(UNUSABLE) });
      channel.connect(host, 9);
      t.deepEqual(log.hooks, [], 'not inside connect()');
      await log.closed();
      t.deepEqual(log.hooks, ['connectError EINVAL', 'close error']);
      const fields = { code: 'EINVAL', errno: -22, syscall: 'connect', address: UNUSABLE, port: 9 };
      t.like(log.connectError, fields);
    }
  });

  suite.test('one that cannot be used, and another: that one is tried', async (scene, t) => {
    const listening = await scene.peerServer(LOOPBACK);
    const { channel, log } = scene.client({ lookup: lookup(UNUSABLE, LOOPBACK) });
    channel.connect('some.name', listening.port);
    await log.seen('connect');
    t.is(channel.remoteAddr?.address, LOOPBACK);

    const failing = scene.client({ lookup: lookup(UNUSABLE, '224.0.0.1') });
    failing.channel.connect('some.name', 9);
    await failing.log.closed();
    const error = failing.log.connectError as unknown as AggregateError;
    t.deepEqual(
      error.errors.map(({ syscall, address, port }) => ({ syscall, address, port })),
      [
        { syscall: 'connect', address: UNUSABLE, port: 9 },
        { syscall: 'connect', address: '224.0.0.1', port: 9 },
      ],
    );
    t.is(error.errors[0].code, 'EINVAL');
  });

  suite.datagrams('write() to an address that cannot be used: an onError', async (scene, t) => {
    for (const host of [UNUSABLE, 'some.name']) {
      const { channel, log } = scene.channel({ lookup: lookup(UNUSABLE) });
      channel.write('hello', [host, 9]);
      channel.write('again', [host, 9]);
      t.is(channel.pendingBytes, 10);
      t.deepEqual(log.errors, [], 'not inside write()');
      await log.failures(2);
      await log.seen('write');
      await turn();
      t.is(channel.pendingBytes, 0);
      const fields = { code: 'EINVAL', errno: -22, syscall: 'send', address: UNUSABLE, port: 9 };
      for (const error of log.errors) t.like(error, fields);
      t.deepEqual(log.hooks, ['error EINVAL', 'error EINVAL', 'write']);
    }
  });

  suite.datagrams('a lookup that gives no IP address; one beside another', async (scene, t) => {
    const { channel, log } = scene.channel({ lookup: lookup('nope') });
    channel.write('hello', ['some.name', 9]);
    await log.failures(1);
    t.like(log.errors[0], { code: 'EINVAL', syscall: 'send', address: 'nope', port: 9 });

    const peer = await scene.peer();
    const other = scene.channel({ lookup: lookup('nope', UNUSABLE, LOOPBACK) });
    other.channel.write('hello', ['some.name', peer.address.port]);
    await peer.datagrams(1);
    t.deepEqual(other.log.errors, []);
  });

  suite.datagrams('connect() to an address that cannot be used', async (scene, t) => {
    for (const host of [UNUSABLE, 'some.name']) {
      const { channel, log, peer } = await scene.open({ lookup: lookup(UNUSABLE) });
      channel.connect([host, 9]);
      channel.write('for the peer');
      t.is(channel.readyState, 'opening');
      await log.failures(2);
      await log.seen('write');
      const fields = { code: 'EINVAL', syscall: 'connect', address: UNUSABLE, port: 9 };
      t.like(log.errors[0], fields);
      t.is(channel.readyState, 'listening');
      t.is(channel.pendingBytes, 0);
      channel.write('still here', peer.address);
      await peer.datagrams(1);
    }
  });
}

/** An IPv4 address may be written as an IPv6 one, and is told as what it is. */
function mapped(suite: Suite): void {
  suite.test('the mapped form of an address: listen() and connect()', async (scene, t) => {
    for (const host of ['::ffff:127.0.0.1', '::FFFF:7f00:1']) {
      const { server, accepted } = scene.server({}, undefined, { host });
      const { port = 0 } = server.localAddr ?? {};
      t.deepEqual(server.localAddr, { address: LOOPBACK, port, family: 'IPv4' });
      const { channel, log } = scene.client({ localAddress: host });
      channel.connect(host, port);
      await log.seen('connect');
      t.deepEqual(channel.remoteAddr, server.localAddr);
      t.like(channel.localAddr, { address: LOOPBACK, family: 'IPv4' });
      const { channel: connection } = await accepted(0);
      t.deepEqual(connection.remoteAddr, channel.localAddr);
      await scene.peer(server);
    }
    const { channel, log } = scene.client();
    channel.connect('::ffff:224.0.0.1', 9);
    await log.closed();
    t.like(log.connectError, { syscall: 'connect', address: '224.0.0.1', port: 9 });
  });

  suite.test('an IPv4 peer of a server for both families is IPv4', async (scene, t) => {
    const told: unknown[] = [];
    const { server, accepted } = scene.server({}, undefined, { host: '' });
    const accept = server.onAccept.bind(server);
    server.onAccept = (socket, addr) => {
      told.push(addr, socket.remoteAddr, socket.localAddr);
      accept(socket, addr);
    };
    const { port = 0 } = server.localAddr ?? {};
    t.like(server.localAddr, { address: '::', family: 'IPv6' });
    const peer = await Peer.connect({ address: LOOPBACK, port, family: 'IPv4' });
    t.teardown(() => peer.socket.destroy());
    const { channel } = await accepted(0);
    const remote = { address: LOOPBACK, port: peer.socket.localPort, family: 'IPv4' };
    const local = { address: LOOPBACK, port, family: 'IPv4' };
    t.deepEqual([channel.remoteAddr, channel.localAddr], [remote, local]);
    t.deepEqual(told, [remote, remote, local]);
  });

  suite.datagrams('the mapped form of an address', async (scene, t) => {
    for (const host of ['::ffff:127.0.0.1', '::FFFF:7f00:1']) {
      const { channel, log } = scene.channel();
      channel.listen([host, 0]);
      const { port = 0 } = channel.localAddr ?? {};
      t.deepEqual(channel.localAddr, { address: LOOPBACK, port, family: 'IPv4' });
      const peer = await scene.peer();
      channel.write('written', [host, peer.address.port]);
      channel.connect([host, peer.address.port]);
      channel.write('to the peer');
      channel.write('to him', peer.address);
      channel.write('to him, too', [host, peer.address.port]);
      await log.seen('connect');
      t.deepEqual(channel.remoteAddr, peer.address);
      await peer.datagrams(4);
      t.is(peer.texts[0], 'written');
      // One that writes before it listens needs a socket for it.
      const { channel: other } = scene.channel({ family: 6 });
      other.write('from both', [host, peer.address.port]);
      await peer.datagrams(5);
    }
  });

  suite.datagrams('on a socket for both families, IPv4 is told as IPv4', async (scene, t) => {
    const { channel, log } = scene.channel({}, (channel) => ({
      onRead: () => {
        channel.write('answer');
        channel.write('to the sender', channel.remoteAddr);
      },
    }));
    channel.listen();
    t.like(channel.localAddr, { address: '::', family: 'IPv6' });
    const { port = 0 } = channel.localAddr ?? {};
    const peer = await scene.peer();
    await peer.send({ address: LOOPBACK, port, family: 'IPv4' }, 'hello');
    await peer.datagrams(2);
    t.deepEqual(log.from, [peer.address]);
    t.deepEqual(
      peer.received.map(({ from }) => from),
      Array(2).fill({ address: LOOPBACK, port, family: 'IPv4' }),
    );
    channel.write('nobody may', ['::ffff:127.255.255.255', 9]);
    await log.failures(1);
    t.like(log.errors[0], { code: 'EACCES', address: '127.255.255.255', port: 9 });
    channel.connect(['::ffff:127.0.0.1', peer.address.port]);
    await log.seen('connect');
    t.deepEqual(channel.remoteAddr, peer.address);
    channel.write('to the peer');
    await peer.datagrams(3);
    channel.disconnect();
    channel.addMembership('::ffff:239.255.7.7', '::ffff:127.0.0.1');
    channel.dropMembership('239.255.7.7', LOOPBACK);
  });
}

/** A look-up with this answer. */
function lookup(...found: string[]): LookupFunction {
  return (_host, _options, answer) => {
    const all = found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    setImmediate(() => answer(null, all));
  };
}
