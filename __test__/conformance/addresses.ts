import type { LookupFunction } from 'node:net';

import { LOOPBACK } from '../helpers/datagrams.ts';
import { turn } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

/** A literal, of an interface that no machine has. */
const UNUSABLE = 'fe80::1%nope';

/** SPEC §1, §5, §6: addresses that cannot be used. */
export function addresses(suite: Suite): void {
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

/** A look-up with this answer. */
function lookup(...found: string[]): LookupFunction {
  return (_host, _options, answer) => {
    const all = found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    setImmediate(() => answer(null, all));
  };
}
