import { LOOPBACK } from '../helpers/datagrams.ts';
import type { Suite } from './suite.ts';

const GROUP = '239.255.7.7';

/** SPEC §6: what node:dgram can set; and bad arguments. */
export function datagramOptions(suite: Suite): void {
  suite.datagrams('U13: broadcast off and on', async (scene, t) => {
    const { channel, log } = await scene.open();
    const { channel: receiver, log: received } = scene.channel();
    receiver.listen(['127.255.255.255', 0]);
    const to: [string, number] = ['127.255.255.255', receiver.localAddr?.port ?? 0];
    channel.write('refused', to);
    await log.failures(1);
    t.like(log.errors[0], { code: 'EACCES', address: '127.255.255.255' });
    channel.setBroadcast(true);
    channel.write('to all', to);
    await received.frames(1);
    channel.setBroadcast(false);
    channel.write('refused', to);
    await log.failures(2);
    const { channel: other } = scene.channel({ broadcast: true });
    other.write('at once', to);
    await received.frames(2);
    t.deepEqual(received.reads, ['to all', 'at once']);
  });

  suite.datagrams('U14: a group joined and left', async (scene, t) => {
    const { channel: member, log } = scene.channel();
    member.listen(['0.0.0.0', 0]);
    const { channel, peer } = await scene.open();
    const to: [string, number] = [GROUP, member.localAddr?.port ?? 0];
    channel.setMulticastInterface(LOOPBACK);
    channel.setMulticastLoopback(true);
    channel.setMulticastTTL(0);
    member.addMembership(GROUP, LOOPBACK);
    t.throws(() => member.addMembership(GROUP, LOOPBACK), { code: 'EADDRINUSE' });
    channel.write('members', to);
    await log.frames(1);
    member.dropMembership(GROUP, LOOPBACK);
    t.throws(() => member.dropMembership(GROUP, LOOPBACK), { code: 'EADDRNOTAVAIL' });
    channel.write('nobody', to);
    // What is behind it has come when this has.
    channel.write('all', { host: LOOPBACK, port: to[1] });
    await log.frames(2);
    t.deepEqual(log.reads, ['members', 'all']);
    t.deepEqual(log.from[0]?.port, channel.localAddr?.port);
    member.addSourceSpecificMembership(LOOPBACK, '232.1.1.1', LOOPBACK);
    channel.write('from the source', { host: '232.1.1.1', port: to[1] });
    await log.frames(3);
    member.dropSourceSpecificMembership(LOOPBACK, '232.1.1.1', LOOPBACK);
    channel.write('all', peer.address);
    await peer.datagrams(1);
  });

  suite.datagrams('U14: no group, no interface', async (scene, t) => {
    const { channel } = await scene.open();
    const invalid = { code: 'EINVAL' };
    t.throws(() => channel.addMembership('256.256.256.256'), invalid);
    t.throws(() => channel.addMembership(LOOPBACK), invalid);
    t.throws(() => channel.addMembership(GROUP, 'nonsense'), invalid);
    t.throws(() => channel.setMulticastInterface('nonsense'), invalid);
    t.throws(() => channel.addSourceSpecificMembership('nonsense', GROUP), invalid);
    t.throws(() => channel.setTTL(256), invalid);
    t.throws(() => channel.setTTL(0), invalid);
    t.throws(() => channel.setMulticastTTL(256), invalid);
    const error = t.throws<NodeJS.ErrnoException>(() => channel.setTTL(1000));
    t.is(error?.syscall, 'setTTL');
    t.notThrows(() => channel.setTTL(255));
    t.notThrows(() => channel.setMulticastTTL(0));
    const wrong = { code: 'ERR_INVALID_ARG_TYPE' };
    t.throws(() => channel.setTTL('64' as never), wrong);
    t.throws(() => channel.setMulticastTTL(null as never), wrong);
    t.throws(() => channel.setMulticastInterface(7 as never), wrong);
  });

  suite.datagrams('buffer sizes', async (scene, t) => {
    const { channel } = await scene.open({ recvBufferSize: 20_000, sendBufferSize: 30_000 });
    // Linux doubles them.
    t.true([20_000, 40_000].includes(channel.getRecvBufferSize()));
    t.true([30_000, 60_000].includes(channel.getSendBufferSize()));
    channel.setRecvBufferSize(10_000);
    channel.setSendBufferSize(15_000);
    t.true([10_000, 20_000].includes(channel.getRecvBufferSize()));
    t.true([15_000, 30_000].includes(channel.getSendBufferSize()));
  });

  suite.datagrams('nothing can be set before it is bound', (scene, t) => {
    const { channel } = scene.channel();
    const error = { code: 'ERR_CHANNEL_NOT_CONNECTED', message: /not bound yet/ };
    t.throws(() => channel.setTTL(1), error);
    t.throws(() => channel.setBroadcast(true), error);
    t.throws(() => channel.addMembership(GROUP), error);
    t.throws(() => channel.getRecvBufferSize(), error);
  });

  suite.datagrams('bad options are refused, and nothing is begun', (scene, t) => {
    const type = { code: 'ERR_INVALID_ARG_TYPE' };
    const value = { code: 'ERR_INVALID_ARG_VALUE' };
    const make = (options: object) => () => new scene.impl.Datagram(options);
    t.throws(make({ bufferSize: '1' }), type);
    t.throws(make({ bufferSize: 0 }), value);
    t.throws(make({ maxSenders: 0 }), value);
    t.throws(make({ maxSenders: 1.5 }), value);
    t.throws(make({ family: 5 }), value);
    t.throws(make({ reuseAddr: 1 }), type);
    t.throws(make({ broadcast: 'yes' }), type);
    t.throws(make({ lookup: 'dns' }), type);
    t.throws(make({ readDelimiter: '' }), value);
    t.throws(make({ readDelimiter: 0 }), value);
    t.throws(make({ readEncoding: 'klingon' }), value);
    t.throws(make({ recvBufferSize: 0 }), value);
    const { channel } = scene.channel();
    t.throws(() => channel.listen({ port: 0, maxSenders: 0 } as never), value);
    t.throws(() => channel.listen(0, { reuseAddr: 1 as never }), type);
    t.is(channel.readyState, 'idle');
    channel.readDelimiter = '\n';
    t.throws(() => {
      channel.readDelimiter = -1;
    }, value);
    t.is(channel.readDelimiter, '\n');
  });

  suite.datagrams('bad addresses', async (scene, t) => {
    const { channel } = await scene.open();
    const port = { code: 'ERR_SOCKET_BAD_PORT' };
    const type = { code: 'ERR_INVALID_ARG_TYPE' };
    t.throws(() => channel.write('x', [LOOPBACK, 65_536]), port);
    t.throws(() => channel.write('x', -1), port);
    t.throws(() => channel.write('x', 1.5), port);
    t.throws(() => channel.write('x', [LOOPBACK, '9'] as never), type);
    t.throws(() => channel.write('x', 'localhost' as never), type);
    t.throws(() => channel.write('x', { port: 9, host: 9 } as never), type);
    t.throws(() => channel.write('x', ['no\0host', 9]), { code: 'ERR_INVALID_ARG_VALUE' });
    t.throws(() => channel.write(9 as never, [LOOPBACK, 9]), type);
    t.throws(() => channel.write(null as never, [LOOPBACK, 9]), type);
    t.throws(() => channel.connect(65_536), port);
    t.throws(() => channel.connect(undefined as never), type);
    t.is(channel.pendingBytes, 0);
    t.is(channel.bytesWritten, 0);
  });

  suite.datagrams('an address that is not of this machine', (scene, t) => {
    const { channel } = scene.channel();
    t.throws(() => channel.listen(['192.0.2.1', 0]), { code: 'EADDRNOTAVAIL' });
    t.is(channel.readyState, 'idle');
  });

  suite.datagrams('family 6', async (scene, t) => {
    const { channel } = scene.channel({ family: 6 });
    const peer = await scene.peer('::1');
    channel.write('here', peer.address.port);
    await peer.datagrams(1);
    t.is(channel.localAddr?.family, 'IPv6');
  });
}
