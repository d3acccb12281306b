import test, { type ExecutionContext } from 'ava';

import { Example } from '../helpers/example.ts';
import { Peer } from '../helpers/peer.ts';

const head = (status: string, length: number, connection: string, type = '') =>
  `HTTP/1.1 ${status}\r\nContent-Length: ${length}\r\nConnection: ${connection}\r\n${type}\r\n`;
const text = 'Content-Type: text/plain; charset=utf-8\r\n';
const bytes = 'Content-Type: application/octet-stream\r\n';

test('http: requests in one piece, and byte by byte', async (t) => {
  const port = await new Example(t, 'http', 0).port();
  const requests = [
    'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    'POST /echo HTTP/1.1\r\nHost: x\r\ncontent-length:  10 \r\n\r\none\r\n\r\ntwo',
    'HEAD / HTTP/1.1\r\nHost: x\r\n\r\n',
    'POST /echo HTTP/1.1\r\nContent-Type: a/b\r\nContent-Length: 1\r\n\r\n!',
    'GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n',
    'DELETE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: nobody answers this\r\n\r\n',
  ].join('');
  const responses = [
    `${head('200 OK', 14, 'keep-alive', text)}Hello, world!\n`,
    `${head('200 OK', 10, 'keep-alive', bytes)}one\r\n\r\ntwo`,
    head('200 OK', 14, 'keep-alive', text),
    `${head('200 OK', 1, 'keep-alive', 'Content-Type: a/b\r\n')}!`,
    head('404 Not Found', 0, 'keep-alive'),
    head('405 Method Not Allowed', 0, 'close'),
  ].join('');
  t.is(await answer(t, port, [requests]), responses);
  t.is(await answer(t, port, requests), responses);
});

test('http: what it refuses, it says, and closes', async (t) => {
  const port = await new Example(t, 'http', 0).port();
  const refused: [status: string, request: string][] = [
    ['400 Bad Request', 'hello\r\n\r\n'],
    ['400 Bad Request', 'GET / HTTP/1.1\r\nno colon\r\n\r\n'],
    ['400 Bad Request', 'POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n'],
    ['400 Bad Request', 'POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n'],
    ['413 Payload Too Large', 'POST /echo HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n'],
    ['501 Not Implemented', 'POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['431 Request Header Fields Too Large', `GET / HTTP/1.1\r\nA: ${'a'.repeat(17_000)}`],
  ];
  for (const [status, request] of refused) {
    t.is(await answer(t, port, [request]), head(status, 0, 'close'), status);
  }
});

test('http: HTTP/1.0, and who waits to be asked for a body', async (t) => {
  const port = await new Example(t, 'http', 0).port();
  const page = (connection: string) => `${head('200 OK', 14, connection, text)}Hello, world!\n`;
  t.is(await answer(t, port, ['GET / HTTP/1.0\r\n\r\n']), page('close'));
  const kept = 'GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n';
  t.is(await answer(t, port, [kept, kept]), page('keep-alive').repeat(2));

  const peer = await Peer.connect({ address: '127.0.0.1', port, family: 'IPv4' });
  t.teardown(() => peer.socket.destroy());
  const first = 'HTTP/1.1 100 Continue\r\n\r\n';
  peer.write('POST /echo HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n');
  await peer.received(first.length);
  peer.end('ok');
  await peer.finished();
  t.is(peer.text, `${first}${head('200 OK', 2, 'keep-alive', bytes)}ok`);
});

/** All that comes back for these pieces, sent one after the other, and the end. */
async function answer(
  t: ExecutionContext,
  port: number,
  pieces: Iterable<string>,
): Promise<string> {
  const peer = await Peer.connect({ address: '127.0.0.1', port, family: 'IPv4' });
  t.teardown(() => peer.socket.destroy());
  for (const piece of pieces) await peer.write(piece);
  peer.end();
  await peer.finished();
  return peer.text;
}
