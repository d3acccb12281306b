// The PROXY protocol, by the bytes that a proxy would send.

import { once } from 'node:events';
import { BlockList, connect, type Socket as NetSocket } from 'node:net';

import test, { type ExecutionContext } from 'ava';
import {
  type Address,
  Connection,
  type HookError,
  type ProxyInfo,
  Server,
  type ServerOptions,
  type Socket,
  UnixConnection,
  UnixServer,
} from 'pants-native';
import { eventually } from './helpers/wait.ts';
import { place } from './peers/place.ts';

// The package has no Unix sockets on Windows.
const unix = process.platform === 'win32' ? test.skip : test;

interface Seen {
  remote: Address | null;
  local: Address | null;
  proxy: ProxyInfo | null;
  accepted: Address | null;
  text: string;
}

class Proxied extends Server<Talking> {
  seen: Seen[] = [];
  errors: HookError[] = [];
  dropped: (Address | null)[] = [];
  #addr: Address | null = null;

  override onAccept(socket: Socket, addr: Address | null): void {
    this.#addr = addr;
    super.onAccept(socket, addr);
  }

  entered({ remoteAddr, localAddr, proxy }: Talking): Seen {
    const accepted = this.#addr;
    const seen = { remote: remoteAddr, local: localAddr, proxy, accepted, text: '' };
    this.seen.push(seen);
    return seen;
  }

  override onDrop(addr: Address | null): void {
    this.dropped.push(addr);
  }

  override onError(error: HookError): void {
    this.errors.push(error);
  }
}

class Talking extends Connection {
  declare readonly server: Proxied;
  #seen: Seen | undefined;

  override onConnect(): void {
    this.#seen = this.server.entered(this);
  }

  override onRead(data: Buffer): void {
    if (this.#seen !== undefined) this.#seen.text += data;
    this.write(data);
  }
}

function listen(t: ExecutionContext, options: ServerOptions<Talking>) {
  const server = new Proxied(Talking, { proxyProtocol: true, ...options });
  server.listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  const { port = 0 } = server.localAddr ?? {};
  const proxy = async (...pieces: (string | Buffer)[]): Promise<NetSocket> => {
    const socket = connect(port, '127.0.0.1');
    t.teardown(() => socket.destroy());
    socket.on('error', () => {});
    await once(socket, 'connect');
    for (const piece of pieces) socket.write(piece);
    return socket;
  };
  return { server, proxy };
}

/** By a reset, too; or it is already. */
function gone(socket: NetSocket): Promise<void> {
  if (socket.closed) return Promise.resolve();
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

const LINE = 'PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n';
const REMOTE = { address: '192.0.2.1', port: 56324, family: 'IPv4' } as const;
const LOCAL = { address: '198.51.100.7', port: 443, family: 'IPv4' } as const;

function v2(command: number, family: number, body: Buffer): Buffer {
  const front = Buffer.from('0d0a0d0a000d0a515549540a00000000', 'hex');
  front[12] = 0x20 | command;
  front[13] = family;
  front.writeUInt16BE(body.length, 14);
  return Buffer.concat([front, body]);
}

const ENDS = Buffer.from('c0000201c6336407dc0401bb', 'hex');

test('version 1: the connection is the one behind the proxy', async (t) => {
  const { server, proxy } = listen(t, {});
  const socket = await proxy(`${LINE}hello`);
  const [answer] = await once(socket, 'data');
  t.is(String(answer), 'hello');
  const [seen] = server.seen;
  t.deepEqual(seen, {
    remote: REMOTE,
    local: LOCAL,
    accepted: REMOTE,
    text: 'hello',
    proxy: {
      version: 1,
      command: 'PROXY',
      tlvs: [],
      address: '127.0.0.1',
      port: socket.localPort ?? 0,
    },
  });
  const [connection] = server.channels.values();
  t.is(connection?.bytesRead, 5);
});

test('version 2, with TLVs, byte by byte', async (t) => {
  const { server, proxy } = listen(t, {});
  const tlvs = Buffer.from('01000268320 4000105e1000 0'.replaceAll(' ', ''), 'hex');
  const header = v2(1, 0x11, Buffer.concat([ENDS, tlvs]));
  const socket = await proxy();
  for (const byte of header) {
    socket.write(Buffer.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.write('x');
  await once(socket, 'data');
  const [seen] = server.seen;
  t.like(seen, { remote: REMOTE, local: LOCAL, text: 'x' });
  t.like(seen?.proxy, { version: 2, command: 'PROXY' });
  t.deepEqual(seen?.proxy?.tlvs, [
    { type: 1, value: Buffer.from('h2') },
    { type: 4, value: Buffer.of(5) },
    { type: 0xe1, value: Buffer.alloc(0) },
  ]);
});

test('IPv6, paths, and what tells no ends', async (t) => {
  const { server, proxy } = listen(t, {});
  const path = (text: string) => Buffer.concat([Buffer.from(text), Buffer.alloc(108)], 108);
  await proxy('PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n');
  await eventually('it is there', () => server.seen.length === 1);
  await proxy(v2(1, 0x31, Buffer.concat([path('/run/one'), path('\0two')])));
  await eventually('it is there', () => server.seen.length === 2);
  const plain = [
    await proxy('PROXY UNKNOWN\r\n'),
    await proxy(v2(0, 0, Buffer.alloc(0))),
    await proxy(v2(1, 0, Buffer.from('040000', 'hex'))),
  ];
  await eventually('they are there', () => server.seen.length === 5);
  const [six, paths, ...others] = server.seen;
  t.like(six?.remote, { address: '2001:db8::1', port: 1, family: 'IPv6' });
  t.like(six?.local, { address: '2001:db8::2', port: 2, family: 'IPv6' });
  t.deepEqual([paths?.remote, paths?.local] as unknown[], ['/run/one', '\0two']);
  const ports = plain.map((socket) => socket.localPort).sort();
  t.deepEqual(others.map(({ remote }) => remote?.port).sort(), ports);
  t.deepEqual(others.map(({ proxy }) => proxy?.port).sort(), ports);
  t.deepEqual(others.map(({ proxy }) => `${proxy?.version} ${proxy?.command}`).sort(), [
    '1 PROXY',
    '2 LOCAL',
    '2 PROXY',
  ]);
});

test('a header of 4,096 bytes, and what was sent right behind it', async (t) => {
  const { server, proxy } = listen(t, {});
  const tlv = Buffer.alloc(4096 - 16 - ENDS.length, 7);
  tlv.writeUInt16BE(tlv.length - 3, 1);
  const header = v2(1, 0x11, Buffer.concat([ENDS, tlv]));
  t.is(header.length, 4096);
  const socket = await proxy(Buffer.concat([header, Buffer.alloc(100_000, 'x')]));
  socket.resume();
  await eventually('all is there', () => server.seen[0]?.text.length === 100_000);
  t.is(server.seen[0]?.proxy?.tlvs[0]?.value.length, tlv.length - 3);
  const more = await proxy(v2(1, 0x11, Buffer.concat([ENDS, tlv, Buffer.alloc(1)])));
  await gone(more);
  t.is(server.stats().badProxyHeaders, 1);
});

test('missing, malformed, late: closed, counted and told', async (t) => {
  const { server, proxy } = listen(t, { frameTimeout: 150 });
  const all = await Promise.all([
    proxy('GET / HTTP/1.1\r\n\r\n'),
    proxy('PROXY TCP4 192.0.2.1 198.51.100.7 99999 443\r\n'),
    proxy(v2(1, 0x11, ENDS.subarray(1))),
    proxy(LINE.slice(0, 20)),
    proxy(),
  ]);
  const ports = all.map((socket) => socket.localPort);
  await Promise.all(all.map(gone));
  await eventually('all are told', () => server.errors.length === 5);
  t.is(server.stats().badProxyHeaders, 5);
  t.is(server.stats().accepted, 0);
  t.deepEqual(server.seen, []);
  t.deepEqual([...new Set(server.errors.map(({ code }) => code))], ['ERR_PROXY_HEADER']);
  t.deepEqual(server.errors.map(({ port }) => port).sort(), ports.sort());
  const messages = server.errors.map(({ message }) => message.split(' on a ')[0]);
  t.deepEqual(messages.sort(), [
    'the PROXY header is late',
    'the PROXY header is late',
    'the PROXY header is malformed',
    'the PROXY header is malformed',
    'there is no PROXY header',
  ]);
  // The server goes on.
  await proxy(LINE);
  await eventually('it is there', () => server.seen.length === 1);
});

test('optional: what begins otherwise, or says nothing, is served', async (t) => {
  const { server, proxy } = listen(t, { proxyProtocol: 'optional', frameTimeout: 150 });
  const plain = await proxy('GET /');
  await once(plain, 'data');
  t.like(server.seen[0], { proxy: null, text: 'GET /', remote: { port: plain.localPort } });
  const silent = await proxy();
  await eventually('it is served', () => server.seen.length === 2);
  silent.write('late');
  await once(silent, 'data');
  t.like(server.seen[1], { proxy: null, text: 'late', remote: { port: silent.localPort } });
  const begun = await proxy(LINE.slice(0, 8));
  await gone(begun);
  t.is(server.stats().badProxyHeaders, 1);
  await proxy(LINE);
  await eventually('it is there', () => server.seen.length === 3);
  t.deepEqual(server.seen[2]?.remote, REMOTE);
});

test('blockList judges the one behind the proxy', async (t) => {
  const blockList = new BlockList();
  blockList.addAddress(REMOTE.address);
  const { server, proxy } = listen(t, { blockList });
  await gone((await proxy(LINE)).resume());
  await proxy(LINE.replace(REMOTE.address, '192.0.2.2'));
  await eventually('the other is there', () => server.seen.length === 1);
  t.deepEqual(server.dropped, [REMOTE]);
  t.like(server.stats(), { refused: 1, accepted: 1, badProxyHeaders: 0 });
});

test('maxConnections counts those whose header has not come; close() closes them', async (t) => {
  const { server, proxy } = listen(t, { maxConnections: 1 });
  const first = await proxy();
  await gone((await proxy(LINE)).resume());
  t.is(server.stats().refused, 1);
  const closed = new Promise((resolve) => {
    server.onClose = resolve;
  });
  const firstGone = gone(first.resume());
  server.close();
  await closed;
  await firstGone;
  t.is(server.stats().badProxyHeaders, 0);
});

test('end() waits for headers that are on their way', async (t) => {
  const { server, proxy } = listen(t, {});
  const socket = await proxy(LINE.slice(0, 20));
  await eventually('it is accepted', () => server.engine.stats().channels >= 2);
  const ended = server.end();
  socket.write(`${LINE.slice(20)}hello`);
  const [answer] = await once(socket, 'data');
  t.is(String(answer), 'hello');
  socket.end();
  await ended;
});

unix('on a Unix socket: whose it is, and who the proxy is', async (t) => {
  const seen: unknown[] = [];
  class Local extends UnixConnection {
    override onConnect(): void {
      seen.push(this.remoteAddr, this.proxy?.address, this.proxy?.port, this.peerCredentials?.pid);
    }
  }
  const { path } = place(t, 'FILE');
  const server = new UnixServer(Local, { proxyProtocol: true }).listen(path);
  const socket = connect(path);
  t.teardown(() => [socket.destroy(), server.close()]);
  socket.write(LINE);
  await eventually('it is there', () => seen.length > 0);
  t.deepEqual(seen, [REMOTE, null, null, process.pid]);
});

test('bad values of proxyProtocol', (t) => {
  const type = { code: 'ERR_INVALID_ARG_TYPE' };
  t.throws(() => new Server({ proxyProtocol: 1 as never }), type);
  t.throws(() => new Server({ proxyProtocol: 'yes' as never }), { code: 'ERR_INVALID_ARG_VALUE' });
  t.throws(() => new Server().listen({ port: 0, proxyProtocol: null as never }), type);
});
