import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import test from 'ava';
import { type Address, Connection, Engine, Server, type Socket } from 'pants-native';

import { collectGarbage } from './helpers/garbage.ts';
import { Peer } from './helpers/peer.ts';
import { eventually } from './helpers/wait.ts';

test('one reactor for each thread that uses channels', (t) => {
  if (process.platform !== 'linux') {
    t.pass('nothing tells of threads');
    return;
  }
  const program = fileURLToPath(new URL('fixtures/reactors.mjs', import.meta.url));
  const output = execFileSync(process.execPath, [program], { encoding: 'utf8', timeout: 30_000 });
  t.is(
    output,
    'imported: 0\nasked, after 0 turns: 0\nused: 1\na worker that uses none: 1\na worker that does: 2\nterminated: 1\n',
  );
});

test('stats() starts no reactor', (t) => {
  const engine = new Engine();
  const stats = engine.stats();
  t.deepEqual(new Set(Object.values(stats)), new Set([0, 'thread']));
  new Server(Connection, { engine }).listen(0, '127.0.0.1').close();
  t.deepEqual(Object.keys(engine.stats()).sort(), Object.keys(stats).sort());
  return engine.close();
});

test('an engine that is closed is let go of', async (t) => {
  const engines: WeakRef<Engine>[] = [];
  const use = async () => {
    const engine = new Engine();
    new Server(Connection, { engine }).listen(0, '127.0.0.1');
    await engine.close();
    engines.push(new WeakRef(engine));
  };
  for (let n = 0; n < 5; n += 1) await use();
  await eventually('they are collected', () => {
    collectGarbage();
    return engines.every((engine) => engine.deref() === undefined);
  });
  t.pass();
});

test('an engine that is dropped without close() gives back its thread and descriptors', (t) => {
  if (process.platform !== 'linux') {
    t.pass('nothing tells of threads');
    return;
  }
  const program = fileURLToPath(new URL('fixtures/dropped-engines.mjs', import.meta.url));
  const run = () => execFileSync(process.execPath, ['--expose-gc', program], { timeout: 30_000 });
  t.is(String(run()), 'begun\nin use: 5\nclosed, and dropped: 0, descriptors left: \n');
});

test('an engine whose reactor has died while nothing was open can be closed', async (t) => {
  const engine = new Engine();
  const server = new Server({ engine }).listen(0, '127.0.0.1');
  await server.end();
  // Nothing here makes a reactor die; this is what the news of it comes to.
  const { reactor } = engine as unknown as { reactor: { died(error: Error): void } };
  reactor.died(new Error('gone'));
  t.throws(() => new Server({ engine }).listen(0, '127.0.0.1'), { code: 'ERR_ENGINE_CLOSED' });
  await engine.close();
});

test('a socket is wrapped only with its own engine', async (t) => {
  const [own, other] = [new Engine(), new Engine()];
  t.teardown(() => Promise.all([own.close(), other.close()]));
  const server = new Server({ engine: own }).listen(0, '127.0.0.1');
  const foreign = new Server({ engine: other }).listen(0, '127.0.0.1');
  const accepted = new Promise<Socket>((resolve) => {
    server.onAccept = resolve;
  });
  const peer = await Peer.connect(server.localAddr as Address);
  t.teardown(() => peer.socket.destroy());
  const socket = await accepted;
  const invalid = { code: 'ERR_INVALID_ARG_VALUE' };
  t.throws(() => new Connection(socket, foreign), invalid);
  t.throws(() => new Connection(socket, foreign, { engine: own }), invalid);
  t.throws(() => new Connection(socket, server, { engine: other }), invalid);
  t.is(foreign.channels.size, 0);
  // None of them has taken it.
  const connection = new Connection(socket, server, { engine: own });
  t.is(connection.fileno, socket.fileno);
});
