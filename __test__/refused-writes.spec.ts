import { createSocket } from 'node:dgram';
import { once } from 'node:events';

import test, { type ExecutionContext } from 'ava';
import { type Address, Connection, Datagram, Server } from 'pants-native';

import { Peer } from './helpers/peer.ts';
import { eventually } from './helpers/wait.ts';

// What cannot be written is refused before it has done anything: what others have written in the same
// turn leaves, and nothing leaves that nobody has written.

const LOOPBACK = '127.0.0.1';

/** Data of the size, of which it says something else, or nothing. */
function refusedData(size: number): [what: string, data: Uint8Array][] {
  const saying = (length: PropertyDescriptor) =>
    Object.defineProperty(Buffer.alloc(size, 'x'), 'length', length) as Uint8Array;
  const detached = Buffer.allocUnsafeSlow(size);
  structuredClone(null, { transfer: [detached.buffer] });
  return [
    ['detached', detached],
    ['NaN', saying({ value: Number.NaN })],
    ['less', saying({ value: size - 1 })],
    ['more', saying({ value: 2 * size })],
    ['far more', saying({ value: 2 ** 40 })],
    ['a getter', saying({ get: () => 3 * size })],
    ['a Proxy', new Proxy(Buffer.alloc(size), {})],
    ['no memory', Object.create(Uint8Array.prototype) as Uint8Array],
  ];
}

for (const size of [10, 20_000]) {
  test(`a datagram of ${size} bytes that is refused harms no other channel`, async (t) => {
    const target = createSocket('udp4').bind(0, LOOPBACK);
    await once(target, 'listening');
    const got: string[] = [];
    target.on('message', (message) => got.push(`${message}`));
    t.teardown(() => target.close());
    const to: [string, number] = [LOOPBACK, target.address().port];

    const expected: string[] = [];
    for (const [what, data] of refusedData(size)) {
      const [before, refused, after] = [new Datagram(), new Datagram(), new Datagram()];
      for (const channel of [before, refused, after]) channel.listen(0, LOOPBACK);
      before.write(`before ${what}`, to);
      t.throws(() => refused.write(data, to), undefined, what);
      after.write(`after ${what}`, to);
      expected.push(`after ${what}`, `before ${what}`);
      after.end();
      await new Promise<void>((resolve) => {
        after.onClose = () => resolve();
      });
      before.close();
      refused.close();
    }
    await eventually('they have arrived', () => got.length >= expected.length);
    t.deepEqual(got.sort(), expected.sort());
  });

  test(`a write of ${size} bytes that is refused harms no other channel`, async (t) => {
    const [first, second] = [await open(t), await open(t)];
    let expected = 'a';
    first.channel.write('a');
    for (const [what, data] of refusedData(size)) {
      t.throws(() => first.channel.write(data), undefined, what);
      first.channel.write('b');
      second.channel.write('c');
      expected += 'b';
    }
    first.channel.end();
    second.channel.end();
    await Promise.all([first.peer.finished(), second.peer.finished()]);
    t.is(first.peer.text, expected);
    t.is(second.peer.text, expected.slice(1).replaceAll('b', 'c'));
  });

  test(`data of ${size} bytes whose length changes: what it has is written`, async (t) => {
    const { channel, peer } = await open(t);
    // It says the truth when it is first asked.
    let asked = 0;
    const data = Buffer.alloc(size, 'x');
    Object.defineProperty(data, 'length', { get: () => (asked++ === 0 ? size : 50 * size) });
    channel.write(data);
    t.is(channel.bytesWritten, size);
    channel.end();
    await peer.finished();
    t.is(peer.text, 'x'.repeat(size));
  });
}

async function open(t: ExecutionContext): Promise<{ channel: Connection; peer: Peer }> {
  const server = new Server().listen(0, LOOPBACK);
  t.teardown(() => server.close());
  const opened = new Promise<Connection>((resolve) => {
    server.onAccept = (socket) => {
      const channel = new Connection(socket, server);
      channel.onConnect = () => resolve(channel);
    };
  });
  const peer = await Peer.connect(server.localAddr as Address);
  t.teardown(() => peer.socket.destroy());
  return { channel: await opened, peer };
}
