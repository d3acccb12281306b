import { inspect } from 'node:util';

import { collectGarbage } from '../helpers/garbage.ts';
import type {
  ConnectionConstructor,
  ConnectionLike,
  Data,
  ServerLike,
  SocketLike,
  StreamConnectTarget,
  StreamListenTarget,
} from '../helpers/implementation.ts';
import { record } from '../helpers/log.ts';
import { collectUncaught } from '../helpers/uncaught.ts';
import { eventually, turn } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';
import type { UnixSuite } from './unix.ts';

/** SPEC §1: the classes that others extend, by themselves, and what may wrap a socket. */
export function classes(suite: Suite): void {
  inspected(suite);
  lowLevel(suite);
  wrappers(suite);
  unclaimed(suite);
}

function lowLevel(suite: Suite): void {
  suite.test('a Channel is not constructed', (scene, t) => {
    const { Channel } = scene.impl;
    t.throws(() => new Channel(), { code: 'ERR_ILLEGAL_CONSTRUCTOR' });
    class Own extends Channel {}
    t.throws(() => new Own(), { code: 'ERR_ILLEGAL_CONSTRUCTOR' });
  });

  suite.test('a Stream connects to each form of an address', async (scene, t) => {
    const listening = await scene.peerServer();
    const { port } = listening;
    const targets: StreamConnectTarget[] = [
      ['127.0.0.1', port],
      { host: '127.0.0.1', port },
      { address: '127.0.0.1', port, family: 'IPv4' },
      port,
      ['', port],
    ];
    for (const [at, target] of targets.entries()) {
      const stream = new scene.impl.Stream({ readDelimiter: '\n' });
      t.teardown(() => stream.close());
      const log = record(stream);
      t.is(stream.connect(target), stream);
      t.true(stream.connecting);
      const peer = await listening.peer(at);
      await log.seen('connect');
      t.deepEqual(stream.remoteAddr, { address: '127.0.0.1', port, family: 'IPv4' });
      stream.write('hello');
      await peer.received(5);
      peer.end('a\nb\n');
      await log.closed();
      t.deepEqual(log.order, ['connect', 'read a', 'read b', 'end ', 'close end']);
    }
  });

  suite.test("a Stream's connect() takes options, in either place", async (scene, t) => {
    const listening = await scene.peerServer();
    const { port } = listening;
    const host = '127.0.0.1';
    for (const [at, connect] of [
      (stream: InstanceType<typeof scene.impl.Stream>) =>
        stream.connect([host, port], { readDelimiter: ';' }),
      (stream: InstanceType<typeof scene.impl.Stream>) =>
        stream.connect({ host, port, readDelimiter: ';' }),
    ].entries()) {
      const stream = new scene.impl.Stream();
      t.teardown(() => stream.close());
      const log = record(stream);
      connect(stream);
      const peer = await listening.peer(at);
      peer.end('a;b');
      await log.closed();
      t.deepEqual(log.reads, ['a']);
    }
  });

  suite.test('what a Stream cannot connect to', (scene, t) => {
    const wrong: [unknown, string][] = [
      [undefined, 'ERR_INVALID_ARG_TYPE'],
      [null, 'ERR_INVALID_ARG_TYPE'],
      [true, 'ERR_INVALID_ARG_TYPE'],
      ['', 'ERR_INVALID_ARG_VALUE'],
      [['127.0.0.1'], 'ERR_INVALID_ARG_VALUE'],
      [['127.0.0.1', '80'], 'ERR_INVALID_ARG_TYPE'],
      [{ host: '127.0.0.1' }, 'ERR_INVALID_ARG_TYPE'],
      [{ path: 80 }, 'ERR_INVALID_ARG_TYPE'],
      [65_536, 'ERR_SOCKET_BAD_PORT'],
    ];
    for (const [target, code] of wrong) {
      const stream = new scene.impl.Stream();
      t.throws(() => stream.connect(target as StreamConnectTarget), { code }, `${target}`);
      t.is(stream.readyState, 'idle');
    }
  });

  suite.test('a StreamServer listens on each form of an address', async (scene, t) => {
    const { Connection, StreamServer } = scene.impl;
    class Echo extends Connection {
      override onRead(data: Data): void {
        this.write(data);
      }
    }
    const targets: StreamListenTarget[] = [
      ['', 0],
      ['127.0.0.1', 0],
      { host: '127.0.0.1', port: 0 },
      { host: '127.0.0.1', port: 0, backlog: 16 },
      { address: '127.0.0.1', port: 0, family: 'IPv4' },
      0,
    ];
    for (const target of targets) {
      const server = new StreamServer(Echo);
      t.teardown(() => server.close());
      t.is(server.listen(target, 16), server);
      const { port = 0 } = (server.localAddr ?? {}) as { port?: number };
      t.true(port > 0);
      const peer = await scene.peerTo({ address: '127.0.0.1', port, family: 'IPv4' });
      await peer.write('hello');
      await peer.received(5);
      t.is(server.channels.size, 1);
    }
  });

  suite.test('a StreamServer of nothing wraps in Connection', async (scene, t) => {
    const server = new scene.impl.StreamServer();
    t.teardown(() => server.close());
    server.listen(['127.0.0.1', 0]);
    await scene.peer(server as ServerLike);
    await eventually('connection', () => server.channels.size === 1);
    const [connection] = server.channels.values();
    t.true(connection instanceof scene.impl.Connection);
  });

  suite.test('what a StreamServer cannot listen on', (scene, t) => {
    const wrong: [unknown, string][] = [
      [undefined, 'ERR_INVALID_ARG_TYPE'],
      [null, 'ERR_INVALID_ARG_TYPE'],
      ['', 'ERR_INVALID_ARG_VALUE'],
      [['127.0.0.1'], 'ERR_INVALID_ARG_VALUE'],
      [{ path: 80 }, 'ERR_INVALID_ARG_TYPE'],
      [-1, 'ERR_SOCKET_BAD_PORT'],
    ];
    for (const [target, code] of wrong) {
      const server = new scene.impl.StreamServer();
      t.throws(() => server.listen(target as StreamListenTarget), { code }, `${target}`);
      t.is(server.readyState, 'idle');
    }
  });

  suite.test('listen([host, port], backlog, options)', (scene, t) => {
    const { Server, StreamServer } = scene.impl;
    for (const server of [new Server(), new StreamServer()]) {
      t.throws(() => server.listen(['127.0.0.1', 0], -1), { code: 'ERR_INVALID_ARG_VALUE' });
      t.throws(() => server.listen(['127.0.0.1', 0], 8, { ipv6Only: 'no' as never }), {
        code: 'ERR_INVALID_ARG_TYPE',
      });
      t.throws(() => server.listen({ host: '127.0.0.1', port: 0 }, 'x' as never), {
        code: 'ERR_INVALID_ARG_TYPE',
      });
      t.is(server.readyState, 'idle');
      t.teardown(() => server.close());
      t.is(server.listen(['127.0.0.1', 0], 8), server);
      t.true(server.listening);
    }
  });
}

function wrappers(suite: Suite): void {
  suite.test('a ConnectionClass that extends Stream itself', async (scene, t) => {
    const { Server, Stream, StreamServer } = scene.impl;
    const made: unknown[] = [];
    class Lines extends Stream {
      override readDelimiter = '\n';
      declare readonly server: ServerLike;

      override onConnect(): void {
        made.push(this.server);
      }

      override onRead(line: Data): void {
        this.write(`${line}!`);
      }
    }
    const Wrapper = Lines as unknown as ConnectionConstructor;
    const servers = [new Server(Wrapper), new StreamServer(Wrapper)];
    for (const server of servers) {
      server.listen(['127.0.0.1', 0]);
      t.teardown(() => server.close());
      const peer = await scene.peer(server as ServerLike);
      await peer.write('hello\n');
      await peer.received(6);
      t.is(peer.text, 'hello!');
      const [connection] = server.channels.values();
      t.true(connection instanceof Lines);
      t.is(
        connection?.localAddr && JSON.stringify(connection.localAddr),
        JSON.stringify(server.localAddr),
      );
    }
    t.deepEqual(made, servers);
  });

  suite.test('ConnectionClass must extend Stream', (scene, t) => {
    const { Channel, Connection, Datagram, Server, Stream, StreamServer } = scene.impl;
    class Plain {}
    const wrong: unknown[] = [
      Date,
      Plain,
      Channel,
      Datagram,
      Server,
      () => {},
      function factory() {},
    ];
    const code = 'ERR_INVALID_ARG_TYPE';
    for (const C of wrong) {
      t.throws(() => new Server(C as never), { code });
      t.throws(() => new StreamServer(C as never, {}), { code });
      t.throws(() => new StreamServer({ ConnectionClass: C } as never), { code });
      class Fielded extends Server {
        override ConnectionClass = C as never;
      }
      class FieldedToo extends StreamServer {
        override ConnectionClass = C as never;
      }
      for (const server of [new Fielded(), new FieldedToo()]) {
        t.throws(() => server.listen(['127.0.0.1', 0]), { code });
        t.is(server.readyState, 'idle');
      }
    }
    for (const C of [{}, 'Connection', 1, true, new Date(), Object.create(Connection)]) {
      t.throws(() => new Server(C as never, {}), { code });
      t.throws(() => new Server({ ConnectionClass: C } as never), { code });
    }
    t.notThrows(() => new Server(Stream as never));
  });
}

/** What `console.log()` shows. */
function inspected(suite: Suite): void {
  suite.test('console.log(channel): a line, and no internals', async (scene, t) => {
    const { Client, Connection, Datagram, Server } = scene.impl;
    class Chat extends Connection {
      override readDelimiter = '\n';
      nick = 'bob';
      override onRead = (): void => {};
    }
    t.is(inspect(new Client()), "Client { readyState: 'idle' }");
    t.is(inspect(new Datagram()), "Datagram { readyState: 'idle' }");
    t.is(inspect(new (class extends Client {})()), "Client { readyState: 'idle' }");
    const server = scene.listening(new Server(Chat));
    const peer = await scene.peer(server);
    await peer.write('hello');
    const { port = 0 } = server.localAddr ?? {};
    await eventually('read', () => [...server.channels.values()][0]?.bytesRead === 5);
    const [connection] = server.channels.values() as Iterable<ConnectionLike>;
    const from = `127.0.0.1:${peer.socket.localPort}`;
    const at = `localAddr: '127.0.0.1:${port}'`;
    t.is(
      inspect(connection),
      `Chat { readyState: 'open', fileno: ${connection?.fileno}, ${at}, remoteAddr: '${from}', ` +
        "bytesRead: 5, nick: 'bob' }",
    );
    t.is(
      inspect(server),
      `Server { readyState: 'listening', fileno: ${server.fileno}, ${at}, channels: 1 }`,
    );
    t.is(inspect({ a: { b: { c: server } } }, { depth: 2 }), '{ a: { b: { c: [Server] } } }');
    t.is(inspect([connection], { depth: 0 }), '[ [Chat] ]');
    t.true(inspect(connection, { colors: true }).includes('\u001b['));
    for (const Class of [Client, Connection, Datagram, Server]) {
      t.is(typeof inspect(Class.prototype), 'string');
      t.is(typeof inspect(Object.create(Class.prototype)), 'string');
    }
  });

  suite.test('console.log() of a socket, and of the engine', async (scene, t) => {
    const server = new scene.impl.Server();
    const shown: string[] = [];
    server.onAccept = (socket) => {
      shown.push(inspect(socket));
      socket.close();
    };
    await (await scene.peer(scene.listening(server))).gone();
    const [text = ''] = shown;
    t.regex(text, /^\w+ \{ fileno: \d+, localAddr: '127.0.0.1:\d+', remoteAddr: '127.0.0.1:\d+'/);
    t.false(text.includes('\n'));
    const engine = inspect(scene.impl.Engine.instance());
    t.regex(engine, /^Engine \{.* channels: \d+ \}$/);
  });
}

/** A socket that nobody takes is closed. */
function unclaimed(suite: Suite): void {
  suite.test(
    'a ConnectionClass that does not take its socket: closed at once',
    async (scene, t) => {
      const { Server, Stream } = scene.impl;
      class Forgetful extends Stream {
        constructor() {
          super({});
        }
      }
      const server = scene.listening(new Server(Forgetful as unknown as ConnectionConstructor));
      await (await scene.peer(server)).gone();
      t.is(server.channels.size, 0);
      const late = scene.listening(new scene.impl.Server());
      late.ConnectionClass = Date as never;
      const peer = await scene.peer(late);
      await peer.gone();
      t.is(late.channels.size, 0);
    },
  );

  suite.test('a ConnectionClass that throws, in an onAccept that catches', async (scene, t) => {
    const { Connection, Server } = scene.impl;
    class Early extends Connection {
      constructor(socket: SocketLike, server: ServerLike) {
        if (server.listening) throw new Error('early');
        super(socket, server);
      }
    }
    class Late extends Connection {
      constructor(socket: SocketLike, server: ServerLike) {
        super(socket, server);
        throw new Error('late');
      }
    }
    for (const C of [Early, Late]) {
      const errors: unknown[] = [];
      class Catching extends Server {
        override onAccept(socket: SocketLike, addr: never): void {
          try {
            super.onAccept(socket, addr);
          } catch (error) {
            errors.push((error as Error).message);
          }
        }
      }
      const server = scene.listening(new Catching(C));
      const peer = await scene.peer(server);
      await peer.gone();
      t.deepEqual(errors, [C.name.toLowerCase()]);
    }
  });

  suite.test('an onAccept that drops its socket: closed when it is collected', async (scene, t) => {
    const server = new scene.impl.Server();
    let accepted = 0;
    server.onAccept = () => {
      accepted += 1;
    };
    scene.listening(server);
    const first = await scene.peer(server);
    const second = await scene.peer(server);
    await eventually('accepted', () => accepted === 2);
    t.false(first.ended);
    await turn();
    collectGarbage();
    await first.gone();
    await second.gone();
    t.is(server.channels.size, 0);
  });

  suite.test('… also after server.close()', async (scene, t) => {
    const server = new scene.impl.Server();
    const kept: SocketLike[] = [];
    server.onAccept = (socket) => kept.push(socket);
    const peer = await scene.peer(scene.listening(server));
    await eventually('accepted', () => kept.length === 1);
    server.close();
    await turn();
    collectGarbage();
    await turn();
    t.false(peer.ended, 'it is kept');
    kept.length = 0;
    await turn();
    collectGarbage();
    await peer.gone();
  });

  suite.test('a socket that was kept, and taken later, is not closed', async (scene, t) => {
    const server = new scene.impl.Server();
    const kept: SocketLike[] = [];
    server.onAccept = (socket) => kept.push(socket);
    const peer = await scene.peer(scene.listening(server));
    await eventually('accepted', () => kept.length === 1);
    const connections: ConnectionLike[] = [];
    connections.push(new scene.impl.Connection(kept.pop() as SocketLike, server));
    const log = record(connections[0] as ConnectionLike);
    await log.seen('connect');
    collectGarbage();
    await turn();
    collectGarbage();
    await peer.write('hello');
    await log.frames(1);
    t.is(log.text, 'hello');
  });

  suite.test('new Connection() of what is no socket', async (scene, t) => {
    const uncaught = collectUncaught(t);
    const { Connection, Server } = scene.impl;
    const code = 'ERR_INVALID_ARG_TYPE';
    const server = new Server();
    for (const wrong of [undefined, null, {}, { fd: 1 }, server]) {
      t.throws(() => new Connection(wrong as never, server), { code });
    }
    const kept: SocketLike[] = [];
    server.onAccept = (socket) => kept.push(socket);
    const peer = await scene.peer(scene.listening(server));
    await eventually('accepted', () => kept.length === 1);
    for (const wrong of [undefined, null, {}, Server]) {
      t.throws(() => new Connection(kept[0] as SocketLike, wrong as never), { code });
    }
    kept[0]?.close();
    await peer.gone();
    t.deepEqual(uncaught, []);
  });
}

/** The same of Unix sockets. */
export function unixClasses(suite: UnixSuite): void {
  suite.test('a Stream and a StreamServer, by path', async (scene, t) => {
    const { Stream, StreamServer, UnixConnection } = scene.impl;
    for (const [at, form] of [(path: string) => path, (path: string) => ({ path })].entries()) {
      const path = scene.path(`${at}`);
      const server = new StreamServer();
      t.teardown(() => server.close());
      t.is(server.listen(form(path), 16), server);
      t.is(server.localAddr, path);
      const stream = new Stream();
      t.teardown(() => stream.close());
      const log = record(stream);
      t.is(stream.connect(form(path)), stream);
      await log.seen('connect');
      t.is(stream.remoteAddr, path);
      await eventually('connection', () => server.channels.size === 1);
      const [connection] = server.channels.values();
      t.true(connection instanceof UnixConnection);
    }
  });

  suite.test('one class serves both', async (scene, t) => {
    const { Stream, StreamServer, UnixServer } = scene.impl;
    class Echo extends Stream {
      override onRead(data: Data): void {
        this.write(data);
      }
    }
    const Wrapper = Echo as never;
    const servers = [
      new UnixServer(Wrapper).listen(scene.path('unix')),
      new StreamServer(Wrapper).listen(scene.path('any')),
      new StreamServer(Wrapper).listen(['127.0.0.1', 0]),
    ];
    for (const server of servers) {
      t.teardown(() => server.close());
      const stream = new Stream();
      t.teardown(() => stream.close());
      const log = record(stream);
      stream.connect(server.localAddr as StreamConnectTarget);
      stream.write('hello');
      await log.until('an answer', () => log.text === 'hello');
      const [connection] = server.channels.values();
      t.true(connection instanceof Echo);
    }
  });

  suite.test('a Connection class that was asked for stays it', async (scene, t) => {
    const { Connection, StreamServer } = scene.impl;
    const path = scene.path();
    const server = new StreamServer(Connection);
    t.teardown(() => server.close());
    server.listen(path);
    await scene.peer(path);
    await eventually('connection', () => server.channels.size === 1);
    const [connection] = server.channels.values();
    t.true(connection instanceof Connection);
  });

  suite.test('a UnixServer: an onAccept that drops its socket', async (scene, t) => {
    const { UnixServer } = scene.impl;
    let accepted = 0;
    const server = new UnixServer();
    server.onAccept = () => {
      accepted += 1;
    };
    t.teardown(() => server.close());
    server.listen(scene.path());
    const peer = await scene.peer(scene.path());
    await eventually('accepted', () => accepted === 1);
    await turn();
    collectGarbage();
    await peer.gone();
    t.pass();
  });
}
