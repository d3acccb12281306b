import { once } from 'node:events';
import { BlockList, connect } from 'node:net';
import { constants } from 'node:os';

import type {
  ConnectionLike,
  Data,
  ListenOptions,
  ServerLike,
  SocketLike,
} from '../helpers/implementation.ts';
import { record } from '../helpers/log.ts';
import { Peer } from '../helpers/peer.ts';
import { eventually, milliseconds, turn } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

/** SPEC §§1, 4, 5: servers. */
export function servers(suite: Suite): void {
  listens(suite);
  accepts(suite);
  closes(suite);
}

function listens(suite: Suite): void {
  suite.test('listen() on port 0: localAddr is there at once, onListen later', async (scene, t) => {
    const server = new scene.impl.Server();
    const hooks: string[] = [];
    server.onListen = () => hooks.push('listen');
    t.is(server.readyState, 'idle');
    t.is(server.localAddr, null);
    t.is(server.listen(0, '127.0.0.1'), server);
    t.teardown(() => server.close());
    t.is(server.readyState, 'listening');
    t.true(server.listening);
    t.false(server.connected);
    t.is(typeof server.fileno, 'number');
    t.like(server.localAddr, { address: '127.0.0.1', family: 'IPv4' });
    t.true((server.localAddr?.port ?? 0) > 0);
    t.deepEqual(hooks, []);
    await eventually('onListen', () => hooks.length > 0);
    t.deepEqual(hooks, ['listen']);
  });

  suite.test('each form of the arguments', async (scene, t) => {
    const forms: ((server: ServerLike) => ServerLike)[] = [
      (server) => server.listen(0, '127.0.0.1'),
      (server) => server.listen(0, '127.0.0.1', 16),
      (server) => server.listen(['127.0.0.1', 0]),
      (server) => server.listen({ host: '127.0.0.1', port: 0 }),
      (server) => server.listen({ host: '127.0.0.1', port: 0, backlog: 16 }),
      (server) => server.listen({ port: 0, host: '' }),
      (server) => server.listen({ address: '127.0.0.1', port: 0, family: 'IPv4' } as ListenOptions),
      (server) => server.listen(0),
      (server) => server.listen(0, 'localhost'),
    ];
    for (const listen of forms) {
      const server = new scene.impl.Server();
      t.teardown(() => server.close());
      t.is(listen(server), server);
      const port = server.localAddr?.port ?? 0;
      const peer = await Peer.connect({ address: 'localhost', port, family: 'IPv4' });
      peer.socket.destroy();
    }
  });

  suite.test('what is left out of listen(): port 8080, every interface', (scene, t) => {
    const server = new scene.impl.Server();
    t.teardown(() => server.close());
    // An address of nobody's: the port may be in use.
    const error = { code: 'EADDRNOTAVAIL' };
    t.like(
      t.throws(() => server.listen(undefined, '203.0.113.1'), error),
      { port: 8080 },
    );
    server.listen(0);
    t.is(server.localAddr?.address, '::');
  });

  suite.test("A15: '' listens on IPv4 and IPv6 alike", async (scene, t) => {
    const { server, connections } = scene.server({}, undefined, { host: '' });
    const port = server.localAddr?.port ?? 0;
    for (const address of ['127.0.0.1', '::1']) {
      const peer = await Peer.connect({ address, port, family: 'IPv4' });
      t.teardown(() => peer.socket.destroy());
    }
    await eventually('two connections', () => connections.length === 2);
    t.pass();
  });

  suite.test('A15: ipv6Only', async (scene, t) => {
    const { server } = scene.server({}, undefined, { host: '::', ipv6Only: true });
    const port = server.localAddr?.port ?? 0;
    const peer = await Peer.connect({ address: '::1', port, family: 'IPv6' });
    t.teardown(() => peer.socket.destroy());
    await t.throwsAsync(Peer.connect({ address: '127.0.0.1', port, family: 'IPv4' }), {
      code: 'ECONNREFUSED',
    });
  });

  suite.test('A13: EADDRINUSE is thrown, with the fields that Node gives it', async (scene, t) => {
    const { server: taken } = scene.server();
    const port = taken.localAddr?.port ?? 0;
    const server = new scene.impl.Server();
    const hooks: string[] = [];
    server.onListen = () => hooks.push('listen');
    server.onError = () => hooks.push('error');
    server.onClose = () => hooks.push('close');
    const error = t.throws(() => server.listen(port, '127.0.0.1'), { code: 'EADDRINUSE' });
    const errno = -constants.errno.EADDRINUSE;
    const message = `listen EADDRINUSE: address already in use 127.0.0.1:${port}`;
    t.like(error, { errno, syscall: 'listen', address: '127.0.0.1', port, message });
    t.is(server.readyState, 'idle');
    t.is(server.localAddr, null);
    await turn();
    t.deepEqual(hooks, []);
    // Nothing has happened: it can be tried again.
    scene.listening(server);
    await eventually('onListen', () => hooks.length > 0);
    t.deepEqual(hooks, ['listen']);
  });

  suite.test('A13: an address that is not ours', (scene, t) => {
    const server = new scene.impl.Server();
    t.throws(() => server.listen(0, '203.0.113.1'), {
      code: 'EADDRNOTAVAIL',
      message: 'listen EADDRNOTAVAIL: address not available 203.0.113.1',
    });
  });

  suite.test('a port can be listened on again at once (SO_REUSEADDR)', async (scene, t) => {
    const { server, accepted } = scene.server();
    const port = server.localAddr?.port ?? 0;
    const peer = await scene.peer(server);
    const { log } = await accepted(0);
    // This side closes first: its end stays in TIME_WAIT.
    server.close();
    await log.closed();
    await peer.gone();
    const again = new scene.impl.Server();
    t.teardown(() => again.close());
    t.notThrows(() => again.listen(port, '127.0.0.1'));
  });

  suite.test('an address is free again when close() has returned', async (scene, t) => {
    const first = new scene.impl.Server().listen(0, '127.0.0.1');
    t.teardown(() => first.close());
    const port = first.localAddr?.port ?? 0;
    await scene.peer(first);
    let server = first;
    for (let round = 0; round < 20; round += 1) {
      if (round % 2 === 0) server.close();
      else server.end();
      server = new scene.impl.Server();
      const next = server;
      t.teardown(() => next.close());
      t.notThrows(() => next.listen(port, '127.0.0.1'));
    }
    // In use it is refused as ever, and what has the address keeps it.
    const taken = { code: 'EADDRINUSE' };
    t.throws(() => new scene.impl.Server().listen(port, '127.0.0.1'), taken);
    await scene.peer(server);
  });

  suite.test('listen() on an active server, and on a closed one', async (scene, t) => {
    const { server } = scene.server();
    t.throws(() => server.listen(0, '127.0.0.1'), { code: 'ERR_CHANNEL_ACTIVE' });
    server.close();
    t.throws(() => server.listen(0, '127.0.0.1'), { code: 'ERR_CHANNEL_CLOSED' });
    await closedServer(server);
    t.throws(() => server.listen(0, '127.0.0.1'), { code: 'ERR_CHANNEL_CLOSED' });
  });
}

function accepts(suite: Suite): void {
  suite.test('ConnectionClass: by constructor, as a class field, by default', async (scene, t) => {
    const { Connection, Server } = scene.impl;
    class Hello extends Connection {
      override onConnect(): void {
        this.write('hello');
      }
    }
    class HelloServer extends Server {
      override ConnectionClass = Hello;
    }
    for (const server of [new Server(Hello), new HelloServer(), new Server(Hello, {})]) {
      const peer = await scene.peer(scene.listening(server));
      await peer.received(5);
      t.is(peer.text, 'hello');
    }
    const plain = scene.listening(new Server({ readDelimiter: '\n' }));
    await scene.peer(plain);
    await eventually('connection', () => plain.channels.size === 1);
    const [connection] = plain.channels.values();
    t.true(connection instanceof Connection);
    t.is(connection?.readDelimiter, '\n');
  });

  suite.test("a server's stream options are defaults; a class field wins", async (scene, t) => {
    const { Connection, Server } = scene.impl;
    class Lines extends Connection {
      override readDelimiter = '\n';
    }
    const server = new Server(Lines, { readDelimiter: ';', readEncoding: 'hex', bufferSize: 7 });
    await scene.peer(scene.listening(server));
    await eventually('connection', () => [...server.channels.values()].some((c) => c.connected));
    const [connection] = server.channels.values();
    t.is(connection?.readDelimiter, '\n');
    t.is(connection?.readEncoding, 'hex');
    t.is(connection?.bufferSize, 7);
  });

  suite.test('channels holds the live connections by descriptor', async (scene, t) => {
    const { server, accepted } = scene.server();
    t.is(server.channels.size, 0);
    await scene.peer(server);
    const second = await scene.peer(server);
    const connections = [await accepted(0), await accepted(1)] as const;
    for (const { channel, log } of connections) {
      await log.seen('connect');
      t.is(server.channels.get(channel.fileno ?? -1), channel as ConnectionLike);
      t.is((channel as ConnectionLike).server, server);
    }
    t.is(server.channels.size, 2);
    second.end();
    await connections[1].log.closed();
    await turn();
    t.deepEqual([...server.channels.values()], [connections[0].channel as ConnectionLike]);
  });

  suite.test('both ends know their addresses', async (scene, t) => {
    const { channel, peer, server } = await scene.openConnection();
    const { localAddress: address = '', localPort: port = 0 } = peer.socket;
    t.deepEqual(channel.remoteAddr, { address, port, family: 'IPv4' });
    t.deepEqual(channel.localAddr, server?.localAddr);
  });

  suite.test('onAccept gets a socket and an address, and may wrap it', async (scene, t) => {
    const server = new scene.impl.Server();
    const made: ConnectionLike[] = [];
    server.onAccept = (socket, addr) => {
      t.is(typeof socket.fileno, 'number');
      t.deepEqual(socket.remoteAddr, addr);
      t.deepEqual(socket.localAddr, server.localAddr);
      const connection = new scene.impl.Connection(socket, server, { readDelimiter: '\n' });
      connection.onRead = (data) => connection.write(`${data}!`);
      made.push(connection);
    };
    const peer = await scene.peer(scene.listening(server));
    await peer.write('hello\n');
    await peer.received(6);
    t.is(peer.text, 'hello!');
    t.is(made.length, 1);
    t.is(server.channels.size, 1);
    t.deepEqual(made[0]?.remoteAddr?.port, peer.socket.localPort);
  });

  suite.test('onAccept may wrap it later: nothing is lost', async (scene, t) => {
    const server = new scene.impl.Server();
    const sockets: SocketLike[] = [];
    server.onAccept = (socket) => sockets.push(socket);
    const peer = await scene.peer(scene.listening(server));
    peer.end('a\nb');
    await eventually('accepted', () => sockets.length === 1);
    await milliseconds(10);
    const [socket] = sockets;
    if (socket === undefined) return t.fail();
    const connection = new scene.impl.Connection(socket, server);
    const log = record(connection);
    connection.readDelimiter = '\n';
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read a', 'end b', 'close end']);
  });

  suite.test('what is wrapped after server.close() is closed', async (scene, t) => {
    const server = new scene.impl.Server();
    const sockets: SocketLike[] = [];
    server.onAccept = (socket) => sockets.push(socket);
    const peer = await scene.peer(scene.listening(server));
    await eventually('accepted', () => sockets.length === 1);
    server.close();
    await milliseconds(10);
    const [socket] = sockets;
    if (socket === undefined) return t.fail();
    const log = record(new scene.impl.Connection(socket, server));
    await peer.gone();
    await log.closed();
    t.deepEqual(log.order, ['close close']);
    t.is(server.channels.size, 0);
  });

  suite.test('onAccept may close it', async (scene, t) => {
    const server = new scene.impl.Server();
    server.onAccept = (socket) => {
      socket.close();
      socket.close();
    };
    const peer = await scene.peer(scene.listening(server));
    await peer.gone();
    t.is(server.channels.size, 0);
  });

  suite.test('a connection may write and pause in its constructor', async (scene, t) => {
    const { Connection, Server } = scene.impl;
    const seen: string[] = [];
    class Early extends Connection {
      constructor(socket: SocketLike, server: ServerLike) {
        super(socket, server);
        this.write('early ');
        this.pause();
      }
      override onConnect(): void {
        this.write('late');
      }
      override onRead(data: Data): void {
        seen.push(`${data}`);
      }
    }
    const server = scene.listening(new Server(Early));
    const peer = await scene.peer(server);
    await peer.write('hello');
    await peer.received(10);
    t.is(peer.text, 'early late');
    t.deepEqual(seen, []);
    for (const connection of server.channels.values()) connection.resume();
    await eventually('hello', () => seen.join('') === 'hello');
  });

  suite.test('A4: a peer that resets at once', async (scene, t) => {
    const { server, connections } = scene.server();
    const { address, port } = server.localAddr ?? { address: '', port: 0 };
    for (let round = 0; round < 20; round++) {
      await new Promise<void>((resolve) => {
        const socket = connect(port, address, () => socket.resetAndDestroy());
        socket.on('close', () => resolve());
      });
    }
    const { log } = (await (async () => {
      const peer = await scene.peer(server);
      await eventually('the last one', () =>
        connections.some(({ channel }) => channel.remoteAddr?.port === peer.socket.localPort),
      );
      return connections.at(-1) ?? t.fail();
    })()) as (typeof connections)[number];
    await log.seen('connect');
    for (const connection of connections.slice(0, -1)) {
      await connection.log.closed();
      t.deepEqual(connection.log.order, ['connect', 'error ECONNRESET', 'close error']);
    }
  });

  suite.test('A5: 200 connects at once', async (scene, t) => {
    const { server, connections } = scene.server({}, (channel) => ({
      onRead: (data) => channel.write(data),
    }));
    const peers = await Promise.all(Array.from({ length: 200 }, () => scene.peer(server)));
    await Promise.all(
      peers.map(async (peer, at) => {
        await peer.write(`${at}`);
        await peer.received(`${at}`.length);
      }),
    );
    t.deepEqual(
      peers.map(({ text }) => text),
      peers.map((_, at) => `${at}`),
    );
    t.is(connections.length, 200);
    t.is(server.channels.size, 200);
  });

  suite.test('options of listen(), given to the constructor', async (scene, t) => {
    const options = { maxConnections: 1, ipv6Only: true };
    const server = scene.listening(new scene.impl.Server(options), { host: '::' });
    const port = server.localAddr?.port ?? 0;
    await t.throwsAsync(Peer.connect({ address: '127.0.0.1', port, family: 'IPv4' }), {
      code: 'ECONNREFUSED',
    });
    const peers = [0, 1].map(() => Peer.connect({ address: '::1', port, family: 'IPv6' }));
    const [first, excess] = (await Promise.all(peers)) as [Peer, Peer];
    t.teardown(() => first.socket.destroy());
    t.teardown(() => excess.socket.destroy());
    // Whichever of the two was accepted second.
    await Promise.race([first.gone(), excess.gone()]);
    await eventually('one connection', () => server.channels.size === 1);
  });

  suite.test('A8: maxConnections: the excess is closed, a slot returns', async (scene, t) => {
    const { server, connections } = scene.server({}, undefined, { maxConnections: 2 });
    const first = await scene.peer(server);
    await scene.peer(server);
    await eventually('two connections', () => connections.length === 2);
    const excess = await scene.peer(server);
    await excess.gone();
    t.is(connections.length, 2);
    first.end();
    await connections[0]?.log.closed();
    // The slot is free when the server knows of it, so more than one attempt may be needed.
    let peer = await scene.peer(server);
    while (connections.length < 3) {
      if (peer.ended || peer.closed) peer = await scene.peer(server);
      await turn();
    }
    t.is(connections.length, 3);
  });

  suite.test('onDrop: who was refused by maxConnections', async (scene, t) => {
    const dropped: unknown[] = [];
    const { server, accepted } = scene.server({}, undefined, { maxConnections: 1 });
    server.onDrop = (addr) => dropped.push(addr);
    await scene.peer(server);
    await accepted(0);
    const excess = [await scene.peer(server), await scene.peer(server)];
    const ports = excess.map(({ socket }) => socket.localPort ?? 0);
    for (const peer of excess) await peer.gone();
    await eventually('both are told', () => dropped.length === 2);
    t.deepEqual(
      dropped,
      ports.map((port) => ({ address: '127.0.0.1', port, family: 'IPv4' })),
    );
    t.is(server.channels.size, 1);
  });

  suite.test('blockList: who may not connect', async (scene, t) => {
    const dropped: unknown[] = [];
    const blockList = new BlockList();
    blockList.addAddress('127.0.0.1');
    const { server, connections } = scene.server({}, undefined, { host: '', blockList });
    server.onDrop = (addr) => dropped.push(addr);
    const { port = 0 } = server.localAddr ?? {};
    const blocked = await scene.peerTo({ address: '127.0.0.1', port, family: 'IPv4' });
    await blocked.gone();
    const free = await scene.peerTo({ address: '::1', port, family: 'IPv6' });
    await eventually('the other is accepted', () => connections.length === 1);
    free.end();
    await connections[0]?.log.closed();
    t.like(dropped, [{ address: '127.0.0.1', family: 'IPv4' }]);
    t.is(dropped.length, 1);
    for (const value of [[], '127.0.0.1', { rules: [] }]) {
      const options = { port: 0, blockList: value as never };
      const { Server } = scene.impl;
      t.throws(() => new Server().listen(options), { code: 'ERR_INVALID_ARG_TYPE' });
    }
  });

  suite.test('setBlockList(): on a live server; what is open goes on', async (scene, t) => {
    const dropped: unknown[] = [];
    const { server, connections } = scene.server({}, undefined, { host: '' });
    server.onDrop = (addr) => dropped.push(addr?.address);
    const { port = 0 } = server.localAddr ?? {};
    const four = () => scene.peerTo({ address: '127.0.0.1', port, family: 'IPv4' });
    const six = () => scene.peerTo({ address: '::1', port, family: 'IPv6' });
    const first = await four();
    await eventually('it is accepted', () => connections.length === 1);
    const list = new BlockList();
    list.addAddress('127.0.0.1');
    t.is(server.setBlockList(list), server);
    await (await four()).gone();
    await six();
    await eventually('others are accepted', () => connections.length === 2);
    // What is added later is read when it is set again.
    list.addAddress('::1', 'ipv6');
    server.setBlockList(list);
    await (await six()).gone();
    server.setBlockList(null);
    await four();
    await eventually('nobody is blocked', () => connections.length === 3);
    t.deepEqual(dropped, ['127.0.0.1', '::1']);
    await first.write('x');
    await connections[0]?.log.seen('read x');
    for (const value of [[], '127.0.0.1', undefined]) {
      t.throws(() => server.setBlockList(value as never), { code: 'ERR_INVALID_ARG_TYPE' });
    }
  });
}

function closes(suite: Suite): void {
  suite.test('X4: close() closes the listener and every connection', async (scene, t) => {
    const hooks: string[] = [];
    const { server, connections, accepted } = scene.server({}, () => ({
      onClose: ({ reason }) => hooks.push(`connection ${reason}`),
    }));
    server.onClose = (info) => hooks.push(`server ${info.reason} ${info.unsentBytes}`);
    const port = server.localAddr?.port ?? 0;
    const peers = [await scene.peer(server), await scene.peer(server)];
    await accepted(1);
    for (const { log } of connections) await log.seen('connect');
    server.close();
    server.close();
    t.is(server.readyState, 'closed');
    t.false(server.listening);
    t.deepEqual(hooks, [], 'no hook inside close()');
    for (const peer of peers) await peer.gone();
    await eventually('closed', () => hooks.length === 3);
    t.deepEqual(hooks, ['connection close', 'connection close', 'server close 0']);
    t.is(server.channels.size, 0);
    t.is(server.fileno, null);
    await refused(port);
    await turn();
    t.is(hooks.length, 3);
  });

  suite.test('X5: close() before onListen, and on an idle server', async (scene, t) => {
    const hooks: string[] = [];
    for (const listen of [true, false]) {
      hooks.length = 0;
      const server = new scene.impl.Server();
      server.onListen = () => hooks.push('listen');
      server.onClose = ({ reason }) => hooks.push(`close ${reason}`);
      if (listen) server.listen(0, '127.0.0.1');
      server.close();
      await eventually('closed', () => hooks.length > 0);
      await turn();
      t.deepEqual(hooks, ['close close']);
    }
  });

  suite.test('X4: close() inside hooks of a connection', async (scene, t) => {
    const { server, accepted } = scene.server({ readDelimiter: '\n' }, (channel) => ({
      onRead: () => (channel as ConnectionLike).server.close(),
    }));
    const peer = await scene.peer(server);
    await peer.write('a\nb\n');
    const { log } = await accepted(0);
    await log.closed();
    await closedServer(server);
    t.deepEqual(log.order, ['connect', 'read a', 'close close']);
  });

  suite.test('A10: close() in onAccept', async (scene, t) => {
    const server = new scene.impl.Server();
    let closed = false;
    server.onAccept = (socket) => {
      socket.close();
      server.close();
    };
    server.onClose = () => {
      closed = true;
    };
    const peer = await scene.peer(scene.listening(server));
    await peer.gone();
    await eventually('closed', () => closed);
    t.pass();
  });

  suite.test('A11: peers that were not accepted yet see the end', async (scene, t) => {
    const { server } = scene.server();
    const peers = await Promise.all(Array.from({ length: 10 }, () => scene.peer(server)));
    server.close();
    for (const peer of peers) await peer.gone();
    t.pass();
  });

  suite.test('X4: end() stops accepting, and waits for the connections', async (scene, t) => {
    const hooks: string[] = [];
    const { server, connections, accepted } = scene.server();
    server.onClose = ({ reason }) => hooks.push(`server ${reason}`);
    const port = server.localAddr?.port ?? 0;
    const peer = await scene.peer(server);
    const { channel, log } = await accepted(0);
    await log.seen('connect');
    const ended = server.end().then(() => hooks.push('end() resolved'));
    t.is(server.readyState, 'closed');
    await refused(port);
    const { length } = connections;
    await milliseconds(20);
    t.deepEqual(hooks, []);
    t.is(connections.length, length);
    // What is open works on.
    channel.write('still here');
    await peer.received(10);
    await peer.write('so am I');
    await log.frames(1);
    peer.end();
    await ended;
    t.deepEqual(hooks, ['server end', 'end() resolved']);
    t.is(log.order.at(-1), 'close end');
  });

  suite.test('X4: end(timeoutMs) closes what is left', async (scene, t) => {
    const { server, connections, accepted } = scene.server();
    await scene.peer(server);
    await scene.peer(server);
    await accepted(1);
    for (const { log } of connections) await log.seen('connect');
    const before = performance.now();
    const again = server.end();
    await server.end(50);
    const took = performance.now() - before;
    t.true(took >= 45 && took < 2_000, `${took} ms`);
    await again;
    for (const { log } of connections) t.deepEqual(log.order, ['connect', 'close close']);
    t.is(server.channels.size, 0);
    await server.end();
  });

  suite.test('end() without connections, and on an idle server', async (scene, t) => {
    const { server } = scene.server();
    await server.end();
    await new scene.impl.Server().end(1_000);
    t.is(server.readyState, 'closed');
  });

  suite.test('close() after end() closes at once', async (scene, t) => {
    const { server, accepted } = scene.server();
    const peer = await scene.peer(server);
    const { log } = await accepted(0);
    await log.seen('connect');
    const ended = server.end();
    server.close();
    await ended;
    await peer.gone();
    t.deepEqual(log.order, ['connect', 'close close']);
  });

  suite.test('a paused connection is gone, its descriptor in use again', async (scene, t) => {
    const order: string[] = [];
    const options = { readDelimiter: '\n', idleTimeout: 50 };
    const { server, accepted } = scene.server(options, (channel) => ({
      onRead: () => channel.pause(),
      onClose: () => order.push('connection'),
    }));
    server.onClose = () => order.push('server');
    const lost = await scene.peer(server);
    await lost.write('a\nb\nc\n');
    const { log } = await accepted(0);
    await lost.gone();
    // Its descriptor is free too now; the next peer takes it, and what accepts that the other one.
    const free = once(lost.socket, 'close');
    lost.socket.destroy();
    await free;
    for (let count = 1; count <= 3; count += 1) {
      await scene.peer(server);
      const { log } = await accepted(count);
      await log.seen('connect');
    }
    server.close();
    await log.closed();
    await closedServer(server);
    t.deepEqual(order, ['connection', 'connection', 'connection', 'connection', 'server']);
    t.is(server.channels.size, 0);
  });

  suite.test('end() after close() does not change why it closes', async (scene, t) => {
    const { server } = scene.server();
    const reasons: string[] = [];
    server.onClose = ({ reason }) => reasons.push(reason);
    server.close();
    await server.end();
    t.deepEqual(reasons, ['close']);
  });

  suite.test('a connection of a closing server closes by itself', async (scene, t) => {
    const { server, accepted } = scene.server();
    const peer = await scene.peer(server);
    const { channel, log } = await accepted(0);
    await log.seen('connect');
    channel.close();
    server.close();
    await peer.gone();
    await closedServer(server);
    t.deepEqual(log.order, ['connect', 'close close']);
  });
}

/** Until the listener is closed, the kernel may still take a connection, only to drop it. */
async function refused(port: number): Promise<void> {
  for (;;) {
    try {
      const peer = await Peer.connect({ address: '127.0.0.1', port, family: 'IPv4' });
      // It was in the queue before the end, or is closed by now.
      peer.socket.destroy();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return;
      if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
    }
  }
}

async function closedServer(server: ServerLike): Promise<void> {
  await server.end();
}
