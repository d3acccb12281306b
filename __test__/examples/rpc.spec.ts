import test, { type ExecutionContext } from 'ava';

import { Example } from '../helpers/example.ts';
import { Peer } from '../helpers/peer.ts';

test('rpc: calls, results and errors', async (t) => {
  const port = await new Example(t, 'rpc-server', 0).port();
  const calls = ['add', '[1, 2, 3.5]', 'reverse', '["añd☃"]', 'sleep', '[1]', 'add', '[]'];
  const client = new Example(t, 'rpc-client', port, ...calls);
  t.is(await client.line(), '6.5');
  t.is(await client.line(), '"☃dña"');
  t.is(await client.line(), '"slept"');
  t.is(await client.line(), '0');
  t.is(await client.end(), 0, client.errors);

  const wrong = new Example(t, 'rpc-client', port, 'nothing', '[]', 'add', '["1"]', 'add', '[4]');
  t.is(await wrong.line(), '4');
  t.is(await wrong.end(), 1);
  t.is(wrong.errors, 'error: no method \'nothing\'\nerror: not a number: "1"\n');
});

test('rpc: the client says that the connection is lost', async (t) => {
  const server = new Example(t, 'rpc-server', 0);
  const port = await server.port();
  server.process.kill('SIGKILL');
  await new Promise((resolve) => server.process.once('exit', resolve));
  const client = new Example(t, 'rpc-client', port, 'add', '[1]');
  t.is(await client.end(), 1);
  t.regex(client.errors, /^error: the connection has closed \(.*ECONNREFUSED.*\)\n$/);
});

test('rpc: a quick call overtakes a slow one; notifications have no answer', async (t) => {
  const peer = await connect(t);
  const calls = [
    { id: 'slow', method: 'sleep', params: [60_000] },
    { method: 'add', params: [1] },
    { method: 'nothing' },
    { id: 'quick', method: 'add', params: [1] },
  ];
  peer.write(Buffer.concat(calls.map(frame)));
  const quick = { jsonrpc: '2.0', id: 'quick', result: 1 };
  await peer.received(frame(quick).length);
  // Nobody waits for the slow one: the connection goes with its caller.
  t.deepEqual(answers(peer), [quick]);
});

test('rpc: 5,000 calls at once, and the end behind them', async (t) => {
  const peer = await connect(t);
  const calls = Array.from({ length: 5000 }, (_, id) => ({ id, method: 'add', params: [id, id] }));
  peer.end(Buffer.concat(calls.map(frame)));
  await peer.finished();
  const expected = calls.map(({ id }) => ({ jsonrpc: '2.0', id, result: 2 * id }));
  t.deepEqual(answers(peer), expected);
});

test('rpc: what is not a call is answered with an error', async (t) => {
  const peer = await connect(t);
  for (const text of ['{', 'null', '[]', '{"method": 1}', '{"method": "add", "params": {}}', '']) {
    peer.write(frameOf(text));
  }
  peer.end(frame({ id: 1, method: 'add' }));
  await peer.finished();
  const outcomes = answers(peer).map(({ id, error, result }) => [id, error?.code ?? result]);
  const refused = [-32700, -32600, -32600, -32600, -32600, -32700].map((code) => [null, code]);
  t.deepEqual(outcomes, [...refused, [1, 0]]);
});

test('rpc: a frame that is too large is not heard out', async (t) => {
  const peer = await connect(t);
  peer.write(Buffer.from([0x00, 0x10, 0x00, 0x01]));
  await peer.gone();
  t.is(peer.length, 0);
});

interface Answer {
  id: unknown;
  result?: unknown;
  error?: { code: number; message: string };
}

async function connect(t: ExecutionContext): Promise<Peer> {
  const port = await new Example(t, 'rpc-server', 0).port();
  const peer = await Peer.connect({ address: '127.0.0.1', port, family: 'IPv4' });
  t.teardown(() => peer.socket.destroy());
  return peer;
}

function frame(call: object): Buffer {
  return frameOf(JSON.stringify({ jsonrpc: '2.0', ...call }));
}

function frameOf(text: string): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(Buffer.byteLength(text));
  return Buffer.concat([header, Buffer.from(text)]);
}

function answers(peer: Peer): Answer[] {
  const found: Answer[] = [];
  let rest = peer.bytes;
  while (rest.length > 0) {
    const end = 4 + rest.readUInt32BE();
    found.push(JSON.parse(rest.toString('utf8', 4, end)));
    rest = rest.subarray(end);
  }
  return found;
}
