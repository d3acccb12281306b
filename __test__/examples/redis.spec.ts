import test from 'ava';

import { Example } from '../helpers/example.ts';
import { Peer } from '../helpers/peer.ts';

test('redis: commands in one piece, and byte by byte', async (t) => {
  const port = await new Example(t, 'redis', 0).port();
  const commands = [
    '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$7\r\n\r\n*1\r\n$\r\n',
    '*2\r\n$3\r\nget\r\n$1\r\nk\r\n',
    '*0\r\n\r\nget k\r\nget  nothing \r\n',
    '*2\r\n$4\r\nECHO\r\n$0\r\n\r\n',
    '*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n*1\r\n$6\r\nDBSIZE\r\n',
    '*1\r\n$3\r\nGET\r\n*1\r\n$3\r\nno!\r\n',
    '*1\r\n$x\r\n*1\r\n$4\r\nPING\r\n',
  ].join('');
  const replies = [
    '+OK\r\n',
    '$7\r\n\r\n*1\r\n$\r\n',
    '$7\r\n\r\n*1\r\n$\r\n$-1\r\n',
    '$0\r\n\r\n',
    ':1\r\n:0\r\n',
    "-ERR wrong number of arguments for 'get' command\r\n-ERR unknown command 'no!'\r\n",
    '-ERR Protocol error: invalid bulk length\r\n',
  ].join('');
  for (const pieces of [[commands], commands]) {
    const peer = await Peer.connect({ address: '127.0.0.1', port, family: 'IPv4' });
    t.teardown(() => peer.socket.destroy());
    for (const piece of pieces) await peer.write(piece);
    await peer.finished();
    t.is(peer.text, replies);
    peer.end();
  }
});

test('redis: what is too much is refused, before it is read', async (t) => {
  const port = await new Example(t, 'redis', 0).port();
  const refused = [
    ['*1025\r\n', 'invalid multibulk length'],
    ['*1\r\n$8388609\r\n', 'invalid bulk length'],
    ['*1\r\n$99999999999999999999\r\n', 'invalid bulk length'],
    ['x'.repeat(70_000), 'too big inline request'],
  ] as const;
  for (const [command, why] of refused) {
    const peer = await Peer.connect({ address: '127.0.0.1', port, family: 'IPv4' });
    t.teardown(() => peer.socket.destroy());
    await peer.write(command);
    await peer.finished();
    t.is(peer.text, `-ERR Protocol error: ${why}\r\n`);
    peer.end();
  }
});
