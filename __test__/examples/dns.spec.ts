import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';

import test from 'ava';

import { Example } from '../helpers/example.ts';

test('dns: the resolver of Node.js, over UDP and over TCP', async (t) => {
  const port = await new Example(t, 'dns', 0).port();
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${port}`]);
  t.deepEqual(await resolver.resolve4('two.example'), ['192.0.2.1', '192.0.2.2']);
  t.deepEqual(await resolver.resolve6('Two.Example'), ['2001:db8::2']);
  t.deepEqual(await resolver.resolveTxt('greeting.example'), [['Hello, world!']]);
  t.is((await resolver.resolveTxt('large.example')).length, 50);
  await t.throwsAsync(resolver.resolve4('nothing.example'), { code: 'ENOTFOUND' });
  await t.throwsAsync(resolver.resolve4('greeting.example'), { code: 'ENODATA' });
});

test('dns: what is no query is not answered, or with an error', async (t) => {
  const port = await new Example(t, 'dns', 0).port();
  const socket = createSocket('udp4');
  t.teardown(() => socket.close());
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');

  const header = (id: number, flags: number, questions: number) =>
    Buffer.from(Uint16Array.of(id, flags, questions, 0, 0, 0).buffer).swap16();
  const name = Buffer.from('\x03one\x07example\0\0\x01\0\x01');
  const messages = [
    Buffer.of(),
    Buffer.from('short'),
    Buffer.concat([header(1, 0x8000, 1), name]),
    header(2, 0, 0),
    header(3, 0, 1),
    Buffer.concat([header(4, 0, 1), name.subarray(0, -1)]),
    Buffer.concat([header(5, 0, 1), Buffer.from([0xc0, 12, 0, 1, 0, 1])]),
    Buffer.concat([header(6, 0x2800, 1), name]),
    Buffer.concat([header(7, 0, 1), name]),
  ];
  const answers: { id: number; flags: number; answers: number }[] = [];
  const last = new Promise<void>((resolve) => {
    socket.on('message', (answer) => {
      const id = answer.readUInt16BE(0);
      answers.push({ id, flags: answer.readUInt16BE(2), answers: answer.readUInt16BE(6) });
      if (id === 7) resolve();
    });
  });
  for (const message of messages) socket.send(message);
  await last;
  t.deepEqual(answers, [
    ...[2, 3, 4, 5].map((id) => ({ id, flags: 0x8401, answers: 0 })),
    { id: 6, flags: 0xac04, answers: 0 },
    { id: 7, flags: 0x8400, answers: 1 },
  ]);
});
