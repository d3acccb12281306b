import type { LookupFunction } from 'node:net';

import { LOOPBACK } from '../helpers/datagrams.ts';
import { turn } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

type Answer = Parameters<LookupFunction>[2];

/** A look-up that answers when it is told to. */
function slow() {
  const asked: { host: string; answer: Answer }[] = [];
  const lookup: LookupFunction = (host, _options, answer) => {
    asked.push({ host, answer });
  };
  return { asked, lookup };
}

/** SPEC §6: host names of datagrams. */
export function datagramNames(suite: Suite): void {
  suite.datagrams('a name is looked up', async (scene, t) => {
    const { channel, peer } = await scene.open();
    channel.write('hello', ['localhost', peer.address.port]);
    await peer.datagrams(1);
    t.deepEqual(peer.texts, ['hello']);
  });

  suite.datagrams('listen() on a name', async (scene, t) => {
    const { channel, log } = scene.channel();
    channel.listen(['localhost', 0]);
    t.is(channel.localAddr?.address, LOOPBACK);
    const peer = await scene.peer();
    await peer.send(channel.localAddr, 'hello');
    await log.frames(1);
  });

  suite.datagrams('also before the channel is bound', async (scene, t) => {
    const peer = await scene.peer();
    const { channel, log } = scene.channel();
    channel.write('hello', ['localhost', peer.address.port]);
    await peer.datagrams(1);
    await peer.send(peer.received[0]?.from ?? null, 'welcome');
    await log.frames(1);
    t.deepEqual(log.order, ['listen', 'read welcome']);
  });

  suite.datagrams('once for all that ask meanwhile; the order is kept', async (scene, t) => {
    const { asked, lookup } = slow();
    const { channel, log, peer } = await scene.open({ lookup });
    const to: [string, number] = ['some.host', peer.address.port];
    const data = Buffer.from('0');
    for (let at = 0; at < 5; at += 1) {
      data.write(`${at}`);
      channel.write(data, to);
    }
    t.is(channel.pendingBytes, 5);
    await turn();
    t.is(asked.length, 1);
    asked[0]?.answer(null, [{ address: LOOPBACK, family: 4 }]);
    await peer.datagrams(5);
    t.deepEqual(peer.texts, ['0', '1', '2', '3', '4']);
    await log.seen('write');
    t.is(channel.pendingBytes, 0);
    channel.write('5', to);
    await turn();
    t.is(asked.length, 2, 'nothing is remembered');
    asked[1]?.answer(null, LOOPBACK, 4);
    await peer.datagrams(6);
  });

  suite.datagrams('IPv4 comes first', async (scene, t) => {
    const lookup: LookupFunction = (_host, _options, answer) => {
      answer(null, [
        { address: '::1', family: 6 },
        { address: LOOPBACK, family: 4 },
      ]);
    };
    const peer = await scene.peer();
    const { channel } = scene.channel({ lookup });
    channel.write('hello', ['some.host', peer.address.port]);
    await peer.datagrams(1);
    t.is(channel.localAddr?.family, 'IPv4');
  });

  suite.datagrams('U17: a name without an address: one error a datagram', async (scene, t) => {
    const lookup: LookupFunction = (host, _options, answer) => {
      const fields = { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: host };
      answer(Object.assign(new Error('no such host'), fields), []);
    };
    const { channel, log, peer } = await scene.open({ lookup });
    channel.write('one', ['no.host', 9]);
    channel.write('two', ['no.host', 9]);
    t.deepEqual(log.errors, [], 'not inside write()');
    await log.failures(2);
    await log.seen('write');
    await turn();
    t.is(log.errors.length, 2);
    t.like(log.errors[0], { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: 'no.host' });
    t.is(channel.pendingBytes, 0);
    channel.write('three', peer.address);
    await peer.datagrams(1);
    channel.close();
    t.is((await log.closed()).unsentBytes, 6);
  });

  suite.datagrams('connect() to a name; one that has no address', async (scene, t) => {
    const { asked, lookup } = slow();
    const { channel, log, peer } = await scene.open({ lookup });
    channel.connect(['some.host', peer.address.port]);
    channel.write('early');
    t.is(channel.readyState, 'opening');
    asked[0]?.answer(null, [{ address: LOOPBACK, family: 4 }]);
    await log.seen('connect');
    await peer.datagrams(1);
    channel.disconnect();
    channel.connect(['no.host', 9]);
    const refused = Object.assign(new Error('no such host'), { code: 'ENOTFOUND' });
    asked[1]?.answer(refused, []);
    await log.failures(1);
    t.is(channel.readyState, 'listening');
    t.is(log.errors[0]?.code, 'ENOTFOUND');
  });

  suite.datagrams('U12: closed while a name is looked up', async (scene, t) => {
    const { asked, lookup } = slow();
    const { channel, log } = scene.channel({ lookup });
    channel.write('hello', ['some.host', 9]);
    channel.close();
    const info = await log.closed();
    t.deepEqual(info, { reason: 'close', unsentBytes: 5 });
    asked[0]?.answer(null, [{ address: LOOPBACK, family: 4 }]);
    await turn();
    t.deepEqual(log.hooks, ['close close']);
    t.is(channel.localAddr, null);
  });

  suite.datagrams('end() waits for the answer', async (scene, t) => {
    const { asked, lookup } = slow();
    const peer = await scene.peer();
    const { channel, log } = scene.channel({ lookup });
    channel.write('hello', ['some.host', peer.address.port]);
    channel.end();
    await turn();
    asked[0]?.answer(null, [{ address: LOOPBACK, family: 4 }]);
    await peer.datagrams(1);
    t.deepEqual(await log.closed(), { reason: 'end', unsentBytes: 0 });
  });

  suite.datagrams('a name that is not found after end(): only onClose', async (scene, t) => {
    const { channel, log } = scene.channel({
      lookup: (_host, _options, done) => {
        const error = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
        setImmediate(() => done(error, '', 0));
      },
    });
    channel.connect(['somewhere', 9]);
    channel.write('for the peer');
    channel.end();
    const info = await log.closed();
    // As without end(): nothing is pending any more.
    t.deepEqual(log.hooks, ['write', 'close end']);
    t.is(info.unsentBytes, 12);
  });

  suite.datagrams('close() in the onError of a name that is not found', async (scene, t) => {
    const { channel, log } = scene.channel(
      { lookup: (_host, _options, done) => setImmediate(() => done(null, [])) },
      (channel) => ({ onError: () => channel.close() }),
    );
    channel.write('one', ['somewhere', 9]);
    channel.write('two', ['somewhere', 9]);
    await log.closed();
    await turn();
    t.deepEqual(log.hooks, ['error ENOTFOUND', 'close close']);
  });
}
