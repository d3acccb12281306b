// Sockets that were made elsewhere: `new Stream({ fd })`, `server.listen({ fd })`,
// `new Datagram({ fd })`.

import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, existsSync, fstatSync, openSync, renameSync } from 'node:fs';
import { createServer, type Server as NetServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';

import test, { type ExecutionContext } from 'ava';
import {
  Client,
  Datagram,
  Server,
  Stream,
  StreamServer,
  UnixClient,
  UnixServer,
} from 'pants-native';

import { temporaryDirectory } from './helpers/files.ts';
import { record } from './helpers/log.ts';
import { PeerServer } from './helpers/peer.ts';

const FIXTURE = fileURLToPath(new URL('./fixtures/unix.mjs', import.meta.url));

/** A process whose descriptor 3 is `third`. */
function start(t: ExecutionContext, scenario: string, third: number | 'pipe') {
  const child = spawn(process.execPath, [FIXTURE, scenario], {
    stdio: ['pipe', 'pipe', 'inherit', third],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: (child as ChildProcess).stdout as Duplex });
  const iterator = lines[Symbol.asyncIterator]();
  const line = async () => (await iterator.next()).value as string | undefined;
  return { child, line };
}

/** The descriptor of a socket of Node's, which stays its owner. */
function descriptorOf(owner: unknown): number {
  return (owner as { _handle: { fd: number } })._handle.fd;
}

/** The same of a datagram socket. */
function descriptorOfUdp(owner: Socket): number {
  const state = Object.getOwnPropertySymbols(owner).find(
    ({ description }) => description === 'state symbol',
  );
  return (owner as never as Record<symbol, { handle: { fd: number } }>)[state as never]?.handle
    .fd as number;
}

async function listening(t: ExecutionContext, at: { port?: number; path?: string }) {
  const server: NetServer = createServer().listen(at);
  t.teardown(() => server.close());
  await once(server, 'listening');
  return server;
}

test('a listening TCP socket, as systemd passes it', async (t) => {
  const server = await listening(t, { port: 0 });
  const { port } = server.address() as { port: number };
  const { line } = start(t, 'adopt a listening TCP socket', descriptorOf(server));
  t.is(await line(), `${port} 3`);
  // Only the child has it now.
  server.close();
  await once(server, 'close');
  const client = new Client();
  t.teardown(() => client.close());
  const log = record(client);
  client.connect('127.0.0.1', port);
  client.write('hello');
  await log.frames(1);
  t.is(log.text, 'hello');
});

test('a listening Unix socket: its connections are Unix, its file is left', async (t) => {
  const path = join(temporaryDirectory(t), 'sock');
  const server = await listening(t, { path });
  const { child, line } = start(t, 'adopt a listening Unix socket', descriptorOf(server));
  t.is(await line(), `${path} true UnixConnection`);
  // Only the child shall have it now; but Node removes the file of a server that it closes.
  renameSync(path, `${path}-kept`);
  server.close();
  await once(server, 'close');
  renameSync(`${path}-kept`, path);
  const client = new UnixClient();
  t.teardown(() => client.close());
  const log = record(client);
  client.connect(path);
  client.write('hello');
  await log.frames(1);
  t.is(log.text, 'hello');
  child.stdin?.write('close\n');
  t.is(await line(), 'closed');
  t.true(existsSync(path));
});

test('a connected socket: connected at once, onConnect from the event loop', async (t) => {
  const { child, line } = start(t, 'adopt a connected socket', 'pipe');
  const pipe = child.stdio[3] as Duplex;
  pipe.write('hello\n');
  const [answer] = await once(pipe, 'data');
  t.is(
    `${answer}`,
    'hello open,3,connect true\n'.replace('true', `${process.platform === 'linux'}`),
  );
  pipe.end();
  t.is(await line(), 'end');
});

test('a bound UDP socket: listening at once, onListen from the event loop', async (t) => {
  const bound = createSocket('udp4').bind(0, '127.0.0.1');
  await once(bound, 'listening');
  const localAddr = bound.address();
  const { line } = start(t, 'adopt a datagram socket', descriptorOfUdp(bound));
  const told = { localAddr, remoteAddr: null, readyState: 'listening', fileno: 3 };
  t.deepEqual(JSON.parse((await line()) ?? ''), told);
  // Only the child has it now.
  bound.close();
  const peer = createSocket('udp4').bind(0, '127.0.0.1');
  t.teardown(() => peer.close());
  peer.send('hello', localAddr.port, '127.0.0.1');
  const [answer, from] = await once(peer, 'message');
  t.is(`${answer}`, 'hello listen');
  t.is(from.port, localAddr.port);
  t.is(await line(), 'end');
});

test('a UDP socket with a peer: connected', async (t) => {
  const peer = createSocket('udp4').bind(0, '127.0.0.1');
  t.teardown(() => peer.close());
  await once(peer, 'listening');
  const bound = createSocket('udp4').bind(0, '127.0.0.1');
  await once(bound, 'listening');
  bound.connect(peer.address().port, '127.0.0.1');
  await once(bound, 'connect');
  const { port } = bound.address();
  const { line } = start(t, 'adopt a datagram socket', descriptorOfUdp(bound));
  const told = JSON.parse((await line()) ?? '');
  t.like(told, { remoteAddr: peer.address(), readyState: 'open' });
  bound.close();
  peer.send('hello', port, '127.0.0.1');
  const [answer] = await once(peer, 'message');
  t.is(`${answer}`, 'hello listen,connect');
  t.is(await line(), 'end');
});

// Only Linux has abstract names.
const onLinux = process.platform === 'linux' ? test : test.skip;
onLinux('a bound Unix datagram socket (abstract names are of Linux)', async (t) => {
  const name = `\0pants-adopt-${process.pid}`;
  const bound = new Datagram<string | null>({ family: 'unix' }).listen(name);
  const { line } = start(t, 'adopt a datagram socket', bound.fileno ?? -1);
  const told = { localAddr: name, remoteAddr: null, readyState: 'listening', fileno: 3 };
  t.deepEqual(JSON.parse((await line()) ?? ''), told);
  const closed = new Promise((resolve) => {
    bound.onClose = resolve;
  });
  bound.close();
  await closed;
  const peer = new Datagram<string | null>({ family: 'unix', readEncoding: 'utf8' });
  t.teardown(() => peer.close());
  const answer = new Promise((resolve) => {
    peer.onRead = resolve;
  });
  peer.write('hello', name);
  t.is(await answer, 'hello listen');
  t.is(await line(), 'end');
});

test('what is no descriptor', (t) => {
  for (const fd of [-1, 1.5, Number.NaN, 2 ** 31]) {
    const code = 'ERR_INVALID_ARG_VALUE';
    t.throws(() => new Stream({ fd }), { code, message: /fd must be/ });
    t.throws(() => new StreamServer({ fd }), { code, message: /fd must be/ });
    t.throws(() => new Datagram({ fd }), { code, message: /fd must be/ });
    t.throws(() => new Server().listen({ fd }), { code, message: /fd must be/ });
  }
  for (const fd of ['3', null, {}] as unknown as number[]) {
    const code = 'ERR_INVALID_ARG_TYPE';
    t.throws(() => new Stream({ fd }), { code, message: /fd must be/ });
    t.throws(() => new StreamServer({ fd }), { code, message: /fd must be/ });
  }
  t.throws(() => new Stream({ fd: 987_654 }), { code: 'EBADF', message: /descriptor 987654/ });
  t.throws(() => new StreamServer({ fd: 987_654 }), { code: 'EBADF' });
  t.throws(() => new Datagram({ fd: 987_654 }), { code: 'EBADF' });
});

test('what is no such socket, and stays its owner’s', async (t) => {
  const file = openSync('/dev/null', 'r');
  t.throws(() => new Stream({ fd: file }), { code: 'ENOTSOCK' });
  t.throws(() => new UnixServer().listen({ fd: file }), { code: 'ENOTSOCK' });
  t.true(fstatSync(file).isCharacterDevice());
  closeSync(file);

  const datagram = createSocket('udp4').bind(0);
  t.teardown(() => datagram.close());
  await once(datagram, 'listening');
  const fd = descriptorOfUdp(datagram);
  t.throws(() => new Stream({ fd }), { code: 'ERR_INVALID_ARG_VALUE' });
  t.throws(() => new StreamServer({ fd }), { code: 'ERR_INVALID_ARG_VALUE' });

  t.throws(() => new Datagram({ fd, family: 'unix' }), {
    code: 'ERR_INVALID_ARG_VALUE',
    message: /fd must be a Unix datagram socket/,
  });

  const tcp = descriptorOf(await listening(t, { port: 0 }));
  const unix = descriptorOf(await listening(t, { path: join(temporaryDirectory(t), 'sock') }));
  t.throws(() => new Datagram({ fd: tcp }), {
    code: 'ERR_INVALID_ARG_VALUE',
    message: /fd must be a UDP or Unix datagram socket/,
  });
  t.throws(() => new Stream({ fd: tcp }), { code: 'ENOTCONN' });
  const code = 'ERR_INVALID_ARG_VALUE';
  t.throws(() => new Client({ fd: unix }), { code, message: /fd must be a TCP socket/ });
  t.throws(() => new UnixClient({ fd: tcp }), { code, message: /must be a Unix stream socket/ });
  t.throws(() => new Server({ fd: unix }), { code });
  const server = new UnixServer();
  t.throws(() => server.listen({ fd: tcp }), { code });
  t.is(server.readyState, 'idle');
});

test('a descriptor that a channel has already', async (t) => {
  const server = new Server().listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  const peers = await PeerServer.listen();
  t.teardown(() => peers.close());
  const client = new Client();
  t.teardown(() => client.close());
  const log = record(client);
  client.connect('127.0.0.1', peers.port);
  await log.seen('connect');
  const code = 'ERR_INVALID_ARG_VALUE';
  t.throws(() => new Stream({ fd: client.fileno ?? -1 }), { code, message: /no channel has/ });
  t.throws(() => new StreamServer({ fd: server.fileno ?? -1 }), { code });
  t.true(client.connected);
});

test('listen({ fd }) on an active server, and on a closed one', async (t) => {
  const server = new Server().listen(0, '127.0.0.1');
  t.throws(() => server.listen({ fd: 987_654 }), { code: 'ERR_CHANNEL_ACTIVE' });
  server.close();
  t.throws(() => server.listen({ fd: 987_654 }), { code: 'ERR_CHANNEL_CLOSED' });
  await server.end();
});
