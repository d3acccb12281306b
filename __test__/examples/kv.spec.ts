import { once } from 'node:events';

import test from 'ava';

import { UdpPeer } from '../helpers/datagrams.ts';
import { Example } from '../helpers/example.ts';

test('kv: set, get and delete, in datagrams', async (t) => {
  const port = await new Example(t, 'kv', 0).port();
  const peer = await UdpPeer.bind(t);
  const address = { address: '127.0.0.1', port, family: 'IPv4' } as const;
  const exchange = async (request: string) => {
    const count = peer.received.length + 1;
    await peer.send(address, Buffer.from(request));
    await peer.datagrams(count);
    return Buffer.from(peer.texts.at(-1) ?? '', 'latin1').toString();
  };
  t.is(await exchange('1 get colour'), '1 none');
  t.is(await exchange('2 set colour dark blue\n☃'), '2 ok');
  t.is(await exchange('3 get colour'), '3 value dark blue\n☃');
  t.is(await exchange('2 set colour '), '2 ok');
  t.is(await exchange('4 get colour'), '4 value ');
  t.is(await exchange('5 delete colour'), '5 ok');
  t.is(await exchange('6 get colour'), '6 none');
  t.is(await exchange(`7 set colour ${'x'.repeat(1100)}`), '7 error too long');
  t.regex(await exchange('8 get'), /^8 error get <key>/);
  t.regex(await exchange('9 GET colour'), /^9 error/);
  // What has no id gets no answer, and harms nobody.
  for (const noise of ['', ' ', 'x', 'ok', '12345678901 get colour']) {
    await peer.send(address, noise);
  }
  t.is(await exchange('10 get colour'), '10 none');
});

test('kv: two clients share it, and the server says how it ends', async (t) => {
  const server = new Example(t, 'kv', 0);
  const port = await server.port();
  const one = new Example(t, 'kv-client', port);
  one.type('set colour blue');
  t.is(await one.line(), 'ok');
  const two = new Example(t, 'kv-client', port);
  two.type('get colour');
  t.is(await two.line(), 'value blue');
  t.is(await one.end(), 0, one.errors);
  t.is(await two.end(), 0, two.errors);
  server.process.kill('SIGINT');
  t.is(await server.line(), 'kv: closed (end), 0 requests were lost here');
});

test('kv: the client asks again when an answer is lost', async (t) => {
  const peer = await UdpPeer.bind(t);
  const client = new Example(t, 'kv-client', peer.address.port);
  client.type('get colour');
  await peer.datagrams(2);
  t.deepEqual(peer.texts.slice(0, 2), ['1 get colour', '1 get colour']);
  const { from } = peer.received[0] ?? {};
  await peer.sendAll(from ?? null, ['7 value red', '1 value green', '1 value green']);
  t.is(await client.line(), 'value green');
  t.is(await client.end(), 0);
});

test('kv: the client says that nobody is there', async (t) => {
  const peer = await UdpPeer.bind(t);
  peer.socket.close();
  await once(peer.socket, 'close');
  const client = new Example(t, 'kv-client', peer.address.port);
  client.type('get colour');
  t.is(await client.end(), 1);
  t.regex(client.errors, /^error: (no answer|\w+ ECONNREFUSED 127\.0\.0\.1:\d+)\n$/);
});
