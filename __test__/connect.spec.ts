// Of connect(), what takes an address that never answers.

import type { LookupFunction } from 'node:net';
import { constants } from 'node:os';

import test, { type ExecutionContext } from 'ava';
import { Client } from 'pants-native';

import { record } from './helpers/log.ts';
import { Peer, PeerServer } from './helpers/peer.ts';
import { eventually, milliseconds } from './helpers/wait.ts';
import { deafPort } from './lifecycle/fixtures/support/deaf.mjs';

// Elsewhere a full backlog refuses, and 127.0.0.1 is the only loopback address.
const linux = process.platform === 'linux' ? test : test.skip;

async function deaf(t: ExecutionContext): Promise<number> {
  const { port, end } = await deafPort();
  t.teardown(end);
  return port;
}

function answers(...addresses: string[]): LookupFunction {
  return (_host, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: 4 })),
    );
}

linux('C7: the next address is tried after 250 ms, beside the first', async (t) => {
  const port = await deaf(t);
  const listening = await PeerServer.listen('127.0.0.2', port);
  t.teardown(() => listening.close());
  const client = new Client({ lookup: answers('127.0.0.1', '127.0.0.2') });
  t.teardown(() => client.close());
  const log = record(client);
  const before = performance.now();
  client.connect('two.addresses', port);
  await log.seen('connect');
  const took = performance.now() - before;
  t.is(client.remoteAddr?.address, '127.0.0.2');
  t.true(took >= 245 && took < 2_000, `${took} ms`);
});

linux('C3: connectTimeout bounds all attempts, and the error names each', async (t) => {
  const port = await deaf(t);
  const client = new Client({ lookup: answers('127.0.0.1', '127.0.0.1'), connectTimeout: 400 });
  const log = record(client);
  const before = performance.now();
  client.connect('two.addresses', port);
  await log.closed();
  const took = performance.now() - before;
  t.true(took >= 395 && took < 2_000, `${took} ms`);
  const fields = { code: 'ETIMEDOUT', errno: -constants.errno.ETIMEDOUT, syscall: 'connect', port };
  t.like(log.connectError, { ...fields, address: 'two.addresses' });
  const { errors } = log.connectError as unknown as { errors: NodeJS.ErrnoException[] };
  t.is(errors.length, 2);
  for (const error of errors) t.like(error, { ...fields, address: '127.0.0.1' });
});

// node:net takes the second answer for a second connect, which fails.
test('C8: a lookup that answers twice', async (t) => {
  const listening = await PeerServer.listen();
  t.teardown(() => listening.close());
  const lookup: LookupFunction = (...args) => {
    answers('127.0.0.1')(...args);
    answers('127.0.0.1')(...args);
  };
  const client = new Client({ lookup });
  const log = record(client);
  client.connect('some.name', listening.port);
  await log.seen('connect');
  // Is accepted behind all that was begun before it.
  const { socket } = await Peer.connect(listening.address);
  t.teardown(() => socket.destroy());
  const { localPort } = socket;
  await eventually('accepted', () => listening.peers.at(-1)?.socket.remotePort === localPort);
  t.is(listening.peers.length, 2);
  client.close();
  await log.closed();
  t.deepEqual(log.order, ['connect', 'close close']);
});

test('what a look-up gives that is no address', async (t) => {
  const failing: [unknown, string, string][] = [
    ['nope', 'EINVAL', 'nope'],
    [[{ address: 5, family: 4 }], 'EINVAL', '{ address: 5, family: 4 }'],
    [7, 'EINVAL', '7'],
    [[], 'ENOTFOUND', ''],
    [undefined, 'ENOTFOUND', ''],
  ];
  for (const [found, code, address] of failing) {
    const client = new Client({
      lookup: (_host, _options, answer) => answer(null, found as string),
    });
    const log = record(client);
    client.connect('some.name', 9);
    await log.closed();
    t.is(log.connectError?.code, code);
    if (code === 'EINVAL') t.like(log.connectError, { syscall: 'connect', address, port: 9 });
  }
  const client = new Client({ localAddress: 'fe80::1%nope' });
  const log = record(client);
  client.connect('127.0.0.1', 9);
  await log.closed();
  const fields = { code: 'EINVAL', syscall: 'bind', address: 'fe80::1%nope' };
  t.like(log.connectError, fields);
});

linux('connectTimeout is none by default: what does not answer is waited for', async (t) => {
  const port = await deaf(t);
  const client = new Client();
  const log = record(client);
  client.connect('127.0.0.1', port);
  // Longer than any other wait of a connect.
  await milliseconds(400);
  t.is(client.readyState, 'opening');
  t.deepEqual(log.hooks, []);
  client.close();
  t.is((await log.closed()).reason, 'close');
});
