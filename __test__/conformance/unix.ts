import { existsSync, lstatSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';

import test, { type ExecutionContext } from 'ava';

import type {
  Data,
  Implementation,
  SocketLike,
  UnixConnectionLike,
  UnixImplementation,
  UnixServerLike,
} from '../helpers/implementation.ts';
import { record } from '../helpers/log.ts';
import { UnixScene } from '../helpers/unix-scene.ts';
import { eventually } from '../helpers/wait.ts';

type Body = (scene: UnixScene, t: ExecutionContext) => void | Promise<void>;

/** The tests of one implementation's Unix sockets. */
export class UnixSuite {
  readonly impl: Implementation & UnixImplementation;

  constructor(impl: Implementation & UnixImplementation) {
    this.impl = impl;
  }

  test(title: string, body: Body): void {
    test.serial(title, async (t) => {
      t.timeout(30_000);
      await body(new UnixScene(t, this.impl), t);
    });
  }
}

/** SPEC §§1, 5 and FAULTS N: what is about Unix streams alone. */
export function unixSockets(suite: UnixSuite): void {
  listens(suite);
  accepts(suite);
  connects(suite);
  names(suite);
}

function listens(suite: UnixSuite): void {
  suite.test('a path is free again when close() has returned', async (scene, t) => {
    const path = scene.path();
    let server = scene.echo(path);
    for (let round = 0; round < 20; round += 1) {
      server.close();
      t.notThrows(() => {
        server = scene.echo(path);
      });
    }
    t.throws(() => scene.echo(path), { code: 'EADDRINUSE' });
    t.is(await scene.answer(path), 'hello');
  });

  suite.test('a UnixServer and a UnixClient', async (scene, t) => {
    const path = scene.path();
    const accepted: UnixConnectionLike[] = [];
    class Kept extends scene.impl.UnixConnection {
      override onConnect(): void {
        accepted.push(this);
      }
      override onRead(data: Data): void {
        this.write(`${data}!`);
      }
    }
    const server = new scene.impl.UnixServer(Kept);
    const hooks: string[] = [];
    server.onListen = () => hooks.push('listen');
    server.onClose = ({ reason }) => hooks.push(`close ${reason}`);
    t.is(server.localAddr, null);
    t.is(server.listen(path), server);
    t.true(server.listening);
    t.is(server.localAddr, path);
    t.true(lstatSync(path).isSocket());

    const { client, log } = scene.client();
    t.is(client.connect(path), client);
    t.true(client.connecting);
    await log.seen('connect');
    t.is(client.remoteAddr, path);
    t.is(client.localAddr, null);
    client.write('hello');
    await log.until('an answer', () => log.text.length >= 6);
    t.is(log.text, 'hello!');
    const [connection] = accepted;
    t.is(connection?.localAddr, path);
    t.is(connection?.remoteAddr, null);
    t.is(connection?.server, server);
    t.is(server.channels.get(connection?.fileno ?? -1), connection);

    client.end();
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read hello!', 'close end']);
    server.close();
    await eventually('closed', () => hooks.includes('close close'));
    t.deepEqual(hooks, ['listen', 'close close']);
    t.false(existsSync(path), 'the file goes with the server');
  });

  suite.test('each form of the arguments', async (scene, t) => {
    const forms: ((server: UnixServerLike, path: string) => unknown)[] = [
      (server, path) => server.listen(path),
      (server, path) => server.listen(path, 16),
      (server, path) => server.listen(path, 16, { mode: 0o600 }),
      (server, path) => server.listen({ path }),
      (server, path) => server.listen({ path, backlog: 16 }),
    ];
    for (const [at, listen] of forms.entries()) {
      const path = scene.path(`${at}`);
      const server = new scene.impl.UnixServer();
      t.teardown(() => server.close());
      listen(server, path);
      const [first, second] = [scene.client(), scene.client()];
      first.client.connect(path);
      second.client.connect({ path });
      await first.log.seen('connect');
      await second.log.seen('connect');
    }
    t.pass();
  });

  suite.test('N1: a server that answers keeps its path', async (scene, t) => {
    const path = scene.path();
    scene.echo(path);
    const error = t.throws(() => scene.server(path), { code: 'EADDRINUSE' });
    const message = `listen EADDRINUSE: address already in use ${path}`;
    t.like(error, { syscall: 'listen', address: path, message });
    t.is(await scene.answer(path), 'hello');
  });

  suite.test('N1: a live server of another program keeps its path', async (scene, t) => {
    const path = scene.path();
    const other = createServer((socket) => socket.pipe(socket)).listen(path);
    t.teardown(() => other.close());
    t.throws(() => scene.server(path), { code: 'EADDRINUSE' });
    t.is(await scene.answer(path), 'hello');
  });

  suite.test('N1: what is no socket stays', (scene, t) => {
    const file = scene.path('file');
    writeFileSync(file, 'precious');
    t.throws(() => scene.server(file), { code: 'EADDRINUSE' });
    t.throws(() => scene.server(scene.directory), { code: 'EADDRINUSE' });
    t.true(existsSync(file));
  });

  suite.test('a server that could not listen may try again', async (scene, t) => {
    const path = scene.path();
    const first = scene.echo(path);
    const second = new scene.impl.UnixServer();
    t.teardown(() => second.close());
    t.throws(() => second.listen(path), { code: 'EADDRINUSE' });
    t.is(second.readyState, 'idle');
    first.close();
    await first.end();
    second.listen(path);
    t.true(second.listening);
  });

  suite.test('a path can be listened on again', async (scene, t) => {
    for (let round = 0; round < 3; round++) {
      const server = scene.echo(scene.path());
      t.is(await scene.answer(scene.path()), 'hello');
      server.close();
      await server.end();
    }
  });

  suite.test('N9: mode, whatever the umask leaves', (scene, t) => {
    const before = process.umask(0o077);
    t.teardown(() => process.umask(before));
    const modeOf = (path: string) => (lstatSync(path).mode & 0o7777).toString(8);
    for (const mode of [0o777, 0o666, 0o660, 0o600, 0o622, 0o000]) {
      const path = scene.path(mode.toString(8));
      scene.server(path, { mode });
      t.is(modeOf(path), mode.toString(8));
    }
    scene.server(scene.path());
    t.is(modeOf(scene.path()), '700', 'without one it is the umask that counts');
  });
}

function accepts(suite: UnixSuite): void {
  suite.test('onAccept may keep a socket, for another class and later', async (scene, t) => {
    const path = scene.path();
    const server = scene.server(path);
    const kept: [SocketLike<string>, string | null][] = [];
    server.onAccept = (socket, addr) => kept.push([socket, addr]);
    const peer = await scene.peer(path);
    await peer.write('a\nb\n');
    await eventually('accepted', () => kept.length === 1);
    const [[socket, addr] = []] = kept;
    if (socket === undefined) return t.fail();
    t.is(addr, null);
    t.is(socket.localAddr, path);
    class Later extends scene.impl.UnixConnection {
      override readDelimiter = '\n';
    }
    const log = record(new Later(socket, server));
    await log.frames(2);
    t.deepEqual(log.reads, ['a', 'b']);
    t.is(server.channels.size, 1);
  });

  suite.test('onAccept may close it', async (scene, t) => {
    const server = scene.server(scene.path());
    server.onAccept = (socket) => socket.close();
    const peer = await scene.peer(scene.path());
    await peer.gone();
    t.is(server.channels.size, 0);
  });

  suite.test('A8: maxConnections: the excess is closed', async (scene, t) => {
    const server = scene.server(scene.path(), { maxConnections: 1 });
    await scene.peer(scene.path());
    const excess = await scene.peer(scene.path());
    await excess.gone();
    // Closing needs nobody's time here, unlike accepting.
    await eventually('accepted', () => server.channels.size === 1);
    t.pass();
  });

  suite.test('A5: 200 connects at once', async (scene, t) => {
    scene.echo(scene.path());
    const answers = Array.from({ length: 200 }, () => scene.answer(scene.path()));
    t.deepEqual(await Promise.all(answers), Array(200).fill('hello'));
  });
}

function connects(suite: UnixSuite): void {
  suite.test('N7: missing, a file, a directory', async (scene, t) => {
    const file = scene.path('file');
    writeFileSync(file, '');
    const codes = {
      [scene.path()]: 'ENOENT',
      [file]: 'ECONNREFUSED',
      [scene.directory]: 'ECONNREFUSED',
    };
    for (const [path, code] of Object.entries(codes)) {
      const error = await scene.refused(path);
      t.like(error, { code, syscall: 'connect', address: path }, path);
      t.true(error?.message.includes(`connect ${code} ${path}`), error?.message);
      t.false('port' in (error ?? {}));
    }
  });

  suite.test('the hooks of a connect that fails', async (scene, t) => {
    const { client, log } = scene.client();
    client.connect(scene.path());
    t.deepEqual(log.hooks, [], 'no hook inside connect()');
    client.write('lost');
    const info = await log.closed();
    t.deepEqual(log.hooks, ['connectError ENOENT', 'close error']);
    t.is(info.unsentBytes, 4);
    t.is(info.error, log.connectError);
  });

  suite.test('C13: a peer that wrote and closed before anything was heard', async (scene, t) => {
    const path = scene.path();
    const other = createServer((socket) => socket.end('hello')).listen(path);
    t.teardown(() => other.close());
    const { client, log } = scene.client();
    client.connect(path);
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read hello', 'end ', 'close end']);
  });

  suite.test('a signal that is aborted before', async (scene, t) => {
    scene.echo(scene.path());
    const { client, log } = scene.client();
    client.connect(scene.path(), { signal: AbortSignal.abort() });
    await log.closed();
    t.deepEqual(log.hooks, ['connectError ABORT_ERR', 'close error']);
  });

  suite.test('N10: peers that close, and one that stays', async (scene, t) => {
    const server = scene.echo(scene.path());
    const { client, log } = scene.client();
    client.connect(scene.path());
    await log.seen('connect');
    const peers = [await scene.peer(scene.path()), await scene.peer(scene.path())];
    await eventually('accepted', () => server.channels.size === 3);
    for (const peer of peers) peer.socket.destroy();
    await eventually('closed', () => server.channels.size === 1);
    client.write('a');
    await log.frames(1);
    client.shutdown();
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read a', 'end ', 'close end']);
  });
}

function names(suite: UnixSuite): void {
  suite.test('N4: no path is cut', async (scene, t) => {
    const most = process.platform === 'linux' ? 107 : 103;
    const filled = (bytes: number, by: 'n' | 'ü') => {
      const left = bytes - Buffer.byteLength(`${scene.directory}/`);
      const width = Buffer.byteLength(by);
      return scene.path(by.repeat(Math.floor(left / width)) + 'x'.repeat(left % width));
    };
    for (const by of ['n', 'ü'] as const) {
      const path = filled(most, by);
      t.is(Buffer.byteLength(path), most);
      const server = scene.echo(path);
      t.is(server.localAddr, path);
      t.true(existsSync(path));
      t.is(await scene.answer(path), 'hello');
      const { client, log } = scene.client();
      client.connect(path);
      await log.seen('connect');
      t.is(client.remoteAddr, path);
      for (const bytes of [most + 1, most + 2, 200]) {
        const address = filled(bytes, by);
        const error = t.throws(() => scene.server(address), { code: 'EINVAL' });
        t.like(error, { syscall: 'listen', address });
        t.like(await scene.refused(address), { code: 'EINVAL', syscall: 'connect', address });
      }
    }
  });

  suite.test('N5: a NUL inside, an empty path, and what is no path', (scene, t) => {
    const { UnixClient, UnixServer } = scene.impl;
    const invalid: [unknown, string][] = [
      [scene.path('a\0b'), 'ERR_INVALID_ARG_VALUE'],
      ['', 'ERR_INVALID_ARG_VALUE'],
      [7, 'ERR_INVALID_ARG_TYPE'],
      [null, 'ERR_INVALID_ARG_TYPE'],
      [undefined, 'ERR_INVALID_ARG_TYPE'],
      [Buffer.from('/tmp/sock'), 'ERR_INVALID_ARG_TYPE'],
      [{ path: 7 }, 'ERR_INVALID_ARG_TYPE'],
      [{}, 'ERR_INVALID_ARG_TYPE'],
    ];
    for (const [path, code] of invalid) {
      const server = new UnixServer();
      t.throws(() => server.listen(path as string), { code, message: /path must be/ });
      t.is(server.readyState, 'idle');
      const client = new UnixClient();
      t.throws(() => client.connect(path as string), { code, message: /path must be/ });
      t.is(client.readyState, 'idle');
    }
    const path = scene.path();
    for (const mode of [-1, 0o1000, 1.5, Number.NaN]) {
      t.throws(() => new UnixServer().listen({ path, mode }), { code: 'ERR_INVALID_ARG_VALUE' });
    }
    const mode = '600' as unknown as number;
    t.throws(() => new UnixServer().listen({ path, mode }), { code: 'ERR_INVALID_ARG_TYPE' });
    t.false(existsSync(path));
  });

  if (process.platform !== 'linux') return;
  suite.test('N6: the abstract namespace', async (scene, t) => {
    const name = `\0pants-${process.pid}-ü`;
    const server = scene.echo(name);
    t.is(server.localAddr, name);
    t.throws(() => scene.server(name), { code: 'EADDRINUSE' });
    const { client, log } = scene.client();
    client.connect(name);
    await log.seen('connect');
    t.is(client.remoteAddr, name);
    client.write('hello');
    await log.frames(1);
    t.is(log.text, 'hello');
    server.close();
    await server.end();
    t.like(await scene.refused(name), { code: 'ECONNREFUSED', address: name });
    t.throws(() => scene.server(name, { mode: 0o600 }), { code: 'ERR_INVALID_ARG_VALUE' });
    const long = `\0${'n'.repeat(108)}`;
    t.throws(() => scene.server(long), { code: 'EINVAL' });
    t.like(await scene.refused(long), { code: 'EINVAL' });
  });
}
