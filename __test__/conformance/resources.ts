import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';

import { collectGarbage } from '../helpers/garbage.ts';
import type { Data } from '../helpers/implementation.ts';
import { Lockstep } from '../helpers/lockstep.ts';
import type { Scene } from '../helpers/scene.ts';
import { eventually, milliseconds, turn } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

/** What channels hold: descriptors, memory, the processor. */
export function resources(suite: Suite): void {
  suite.test('S1: no descriptor is left, however a channel ends', async (scene, t) => {
    // Descriptors are counted in /proc.
    if (process.platform !== 'linux') {
      t.pass();
      return;
    }
    await everyWayToEnd(scene);
    const before = descriptors();
    for (let round = 0; round < 5; round++) await everyWayToEnd(scene);
    await eventually('no more descriptors', () => descriptors() <= before);
    t.pass();
  });

  suite.test('X11: a closed channel is collected, and so is a server', async (scene, t) => {
    const left: WeakRef<object>[] = [];
    for (let at = 0; at < 10; at++) left.push(...(await openAndClose(scene)));
    const alive = () => left.filter((reference) => reference.deref() !== undefined).length;
    // The last ones may still be on the stack, or in a register.
    await eventually('collected', () => {
      collectGarbage();
      return alive() <= 3;
    });
    t.true(alive() <= 3);
  });

  suite.test('X11: an open channel that nobody refers to lives on', async (scene, t) => {
    const port = await (async () => {
      class Echo extends scene.impl.Connection {
        override onRead(data: Data): void {
          this.write(data);
          if (`${data}` === 'bye') this.end();
        }
      }
      const server = new scene.impl.Server(Echo).listen(0, '127.0.0.1');
      server.onAccept = function (this: typeof server, socket) {
        new Echo(socket, this);
        this.close = this.close.bind(this);
        void this.end();
      };
      return server.localAddr?.port ?? 0;
    })();
    await turn();
    collectGarbage();
    const { channel, log } = scene.client();
    channel.connect('127.0.0.1', port);
    channel.write('hello');
    await log.until('echo', () => log.text === 'hello');
    collectGarbage();
    await turn();
    collectGarbage();
    channel.write('bye');
    await log.until('echo', () => log.text === 'hellobye');
    await log.closed();
    t.is(log.order.at(-1), 'close end');
  });

  suite.both('R7: a paused channel whose peer is gone costs nothing', async (scene, t, side) => {
    const lockstep = await Lockstep.start(scene);
    for (const how of ['end', 'reset'] as const) {
      const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
      channel.pause();
      await lockstep.send(peer, ['a\n']);
      peer[how]();
      await lockstep.step();
      const before = process.cpuUsage();
      await milliseconds(150);
      const { user, system } = process.cpuUsage(before);
      t.true(user + system < 100_000, `${(user + system) / 1_000} ms of the processor in 150 ms`);
      t.deepEqual(log.order, ['connect']);
      channel.resume();
      await log.closed();
      t.is(log.order[1], 'read a');
    }
  });

  suite.test('R2: a peer process that is killed', async (scene, t) => {
    const { server, connections } = scene.server();
    const { port } = server.localAddr ?? { port: 0 };
    const program = `for (let at = 0; at < 20; at++) require('net').connect(${port}, '127.0.0.1')`;
    const child = spawn(process.execPath, ['-e', program], { stdio: 'ignore' });
    await eventually('20 connections', () => connections.length === 20);
    for (const { channel, log } of connections) {
      await log.seen('connect');
      channel.write('unread');
      await log.seen('write');
    }
    child.kill('SIGKILL');
    await once(child, 'exit');
    for (const { log } of connections) await log.closed();
    await turn();
    for (const { log } of connections) {
      t.regex(log.order.join(), /^connect,(end ,close end|error ECONNRESET,close error)$/);
    }
  });

  suite.test('R11: one that sends without end does not starve the others', async (scene, t) => {
    let bytes = 0;
    class Sink extends scene.impl.Connection {
      override onRead(data: Data): void {
        bytes += data.length;
      }
    }
    const flooding = await scene.peer(scene.listening(new scene.impl.Server(Sink)));
    const { channel, log, peer } = await scene.openConnection({}, (channel) => ({
      onRead: (data) => channel.write(data),
    }));
    let flooded = true;
    const piece = Buffer.alloc(1024 * 1024);
    const done = (async () => {
      while (flooded) {
        await flooding.write(piece);
      }
    })();
    t.teardown(() => {
      flooded = false;
    });
    const before = performance.now();
    for (let count = 1; count <= 50; count++) {
      await peer.write('.');
      await peer.received(count);
    }
    const took = performance.now() - before;
    flooded = false;
    await done;
    t.true(took < 10_000, `${took} ms for 50 round trips, ${bytes} bytes of the other`);
    t.is(log.text.length, 50);
    channel.close();
  });
}

/** A server, its connection and a client, all closed again; nothing but what is returned is kept. */
async function openAndClose({ impl }: Scene): Promise<WeakRef<object>[]> {
  const left: WeakRef<object>[] = [];
  class Lines extends impl.Connection {
    override readDelimiter = '\n';
    override onRead = (line: Data): void => {
      left.push(new WeakRef(this));
      this.write(`${line}\n`);
    };
  }
  const server = new impl.Server(Lines).listen(0, '127.0.0.1');
  const client = new impl.Client({ readDelimiter: '\n' });
  left.push(new WeakRef(server), new WeakRef(client));
  await new Promise<void>((resolve) => {
    client.onRead = () => client.end();
    client.onClose = () => resolve();
    client.connect('127.0.0.1', server.localAddr?.port ?? 0);
    client.write('line\npart');
  });
  server.close();
  await server.end();
  return left;
}

async function everyWayToEnd(scene: Scene): Promise<void> {
  for (const side of ['client', 'connection'] as const) {
    const pairs = await Promise.all([
      scene.open(side),
      scene.open(side),
      scene.open(side),
      scene.open(side, { readDelimiter: '\n', bufferSize: 1 }),
    ]);
    const [closing, ending, failing, overflowing] = pairs;
    closing.channel.close();
    ending.channel.end();
    ending.peer.end();
    failing.peer.reset();
    await overflowing.peer.write('too long');
    for (const { log, peer, server } of pairs) {
      await log.closed();
      peer.socket.destroy();
      server?.close();
      await server?.end();
    }
  }
  const refused = scene.client();
  refused.channel.connect('127.0.0.1', 1);
  await refused.log.closed();
  const given = scene.client();
  given.channel.connect('127.0.0.1', 1);
  given.channel.close();
  await given.log.closed();
  const { server: taken } = scene.server();
  const port = taken.localAddr?.port ?? 0;
  scene.t.throws(() => new scene.impl.Server().listen(port, '127.0.0.1'), { code: 'EADDRINUSE' });
  taken.close();
  await taken.end();
  scene.closePeerServers();
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
