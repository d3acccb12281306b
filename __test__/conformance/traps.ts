import { runInNewContext } from 'node:vm';

import { LOOPBACK } from '../helpers/datagrams.ts';
import type { Suite } from './suite.ts';

type Call = (...args: unknown[]) => unknown;
type Construct = new (...args: unknown[]) => object;

const TYPE = { code: 'ERR_INVALID_ARG_TYPE' };

/** What means something in another library, and would be ignored here: it is refused (SPEC §4). */
export function traps(suite: Suite): void {
  suite.test('an unknown option of a constructor: the nearest name', (scene, t) => {
    const { Client, Server, lengthPrefix } = scene.impl as unknown as Record<string, Construct>;
    if (Client === undefined || Server === undefined) return t.fail();
    const unknown = (name: string, near: string, make: () => unknown) => {
      const message = `unknown option '${name}'; did you mean '${near}'?`;
      const error = t.throws(make, { code: 'ERR_UNKNOWN_OPTION', instanceOf: TypeError });
      t.is(error?.message, message);
    };
    unknown('noDelya', 'noDelay', () => new Client({ noDelya: true }));
    unknown('nodelay', 'noDelay', () => new Client({ nodelay: true }));
    unknown('readdelimiter', 'readDelimiter', () => new Client({ readdelimiter: '\n' }));
    unknown('keepalive', 'keepAlive', () => new Client({ keepalive: true, noDelay: true }));
    unknown('idel', 'idle', () => new Client({ keepAlive: { idel: 1 } }));
    unknown('backlogs', 'backlog', () => new Server({ backlogs: 1 }));
    unknown('byte', 'bytes', () => (lengthPrefix as unknown as Call)({ bytes: 1, byte: 2 }));
    // Also where it has no value, and where nothing is near.
    const far = { code: 'ERR_UNKNOWN_OPTION', message: /unknown option 'x.*'; known are / };
    t.throws(() => new Client({ xyzzy: undefined }), far);
    t.throws(() => new Client({ ['x'.repeat(100)]: 1 }), far);
    t.notThrows(() => new Client({ [Symbol('mine')]: 1 }));
    // What another place takes.
    t.throws(() => new Client({ backlog: 1 }), { code: 'ERR_UNKNOWN_OPTION' });
    t.throws(() => new Server({ connectTimeout: 1 }), { code: 'ERR_UNKNOWN_OPTION' });
    t.throws(() => new Client([]), TYPE);
  });

  suite.test("connect() in node:net's order", (scene, t) => {
    const { Client, Stream } = scene.impl as unknown as Record<string, Construct>;
    const message = /^options must be an object \(a host stands before its port\), got 'localhost'/;
    for (const Class of [Client, Stream]) {
      if (Class === undefined) return t.fail();
      const channel = new Class() as { connect: Call; readyState: string };
      t.throws(() => channel.connect(4040, 'localhost'), { ...TYPE, message });
      t.is(channel.readyState, 'idle');
    }
  });

  suite.test('an unknown option of connect()', (scene, t) => {
    const { channel } = scene.client();
    const connect = channel.connect.bind(channel) as Call;
    const unknown = { code: 'ERR_UNKNOWN_OPTION', message: /did you mean 'connectTimeout'/ };
    const options = { connecttimeout: 1 };
    t.throws(() => connect('127.0.0.1', 1, options), unknown);
    t.throws(() => connect(['127.0.0.1', 1], options), unknown);
    t.throws(() => connect({ host: '127.0.0.1', port: 1, ...options }), unknown);
    t.throws(() => connect({ host: '127.0.0.1', port: 1 }, options), unknown);
    t.throws(() => connect('127.0.0.1', 1, { engine: scene.impl.Engine.instance() }), {
      code: 'ERR_UNKNOWN_OPTION',
    });
    t.is(channel.readyState, 'idle');
  });

  suite.test('an unknown option of listen()', (scene, t) => {
    const server = new scene.impl.Server();
    const listen = server.listen.bind(server) as Call;
    const unknown = { code: 'ERR_UNKNOWN_OPTION', message: /did you mean 'reusePort'/ };
    t.throws(() => listen(0, '127.0.0.1', 10, { reuseport: true }), unknown);
    t.throws(() => listen({ host: '127.0.0.1', port: 0, reuseport: true }), unknown);
    t.is(server.readyState, 'idle');
    scene.listening(server);
  });

  suite.test('an unknown option of a connection', async (scene, t) => {
    const { Connection } = scene.impl as unknown as { Connection: Construct };
    const server = scene.listening(new scene.impl.Server());
    const refused = new Promise((resolve) => {
      server.onAccept = (socket) => {
        try {
          new Connection(socket, server, { nodelay: true });
        } catch (error) {
          resolve(error);
        }
        socket.close();
      };
    });
    await scene.peer(server);
    t.like(await refused, { code: 'ERR_UNKNOWN_OPTION' });
    t.is(server.channels.size, 0);
  });

  suite.test('options of listen() are those of its connections, too', async (scene, t) => {
    const server = new scene.impl.Server({ readDelimiter: '\n', readEncoding: 'latin1' });
    scene.listening(server, { readDelimiter: ';' } as object);
    const frames: unknown[] = [];
    const seen = new Promise<void>((resolve) => {
      server.ConnectionClass.prototype.onRead = () => {};
      server.onAccept = (socket) => {
        const connection = new server.ConnectionClass(socket, server);
        connection.onRead = (data) => frames.push(data);
        connection.onEnd = () => resolve();
      };
    });
    (await scene.peer(server)).end('a;b;');
    await seen;
    t.deepEqual(frames, ['a', 'b']);
  });

  suite.both('a flush that is no boolean', async (scene, t, side) => {
    const { channel, peer } = await scene.open(side);
    const write = channel.write.bind(channel) as Call;
    const writeFile = channel.writeFile.bind(channel) as Call;
    t.throws(() => write('6869', 'hex'), { ...TYPE, message: /flush must be a boolean.*'hex'/ });
    t.throws(() => write('x', () => {}), { ...TYPE, message: /wait for onWrite/ });
    for (const flush of [null, 0, 1, {}, Symbol('x')]) t.throws(() => write('x', flush), TYPE);
    t.throws(() => writeFile('/dev/null', 0, 0, () => {}), TYPE);
    t.is(channel.pendingBytes, 0);
    t.is(channel.bytesWritten, 0);
    write('good', undefined);
    channel.end();
    await peer.finished();
    t.is(peer.text, 'good');
  });

  suite.both('data and delimiters of another realm', async (scene, t, side) => {
    const bytes = (code: string) => runInNewContext(code) as Uint8Array;
    const readDelimiter = bytes('Uint8Array.of(59)');
    const { channel, peer, log } = await scene.open(side, { readDelimiter });
    channel.write(bytes('Uint8Array.of(97, 98)'));
    channel.write(bytes('Uint8Array.of(99, 100).buffer'));
    channel.write(bytes('new DataView(Uint8Array.of(48, 101, 102).buffer, 1)'));
    channel.write(
      bytes('const s = new Uint8Array(new SharedArrayBuffer(1)); s[0] = 103; s.buffer'),
    );
    peer.write('1;2');
    await log.frames(1);
    channel.readDelimiter = bytes('Uint8Array.of(44).buffer');
    peer.write(',3,');
    await log.frames(3);
    t.deepEqual(log.reads, ['1', '2', '3']);
    channel.end();
    await peer.finished();
    t.is(peer.text, 'abcdefg');
  });

  suite.both('memory that was detached', async (scene, t, side) => {
    const { channel, peer } = await scene.open(side);
    const bytes = Uint8Array.of(1, 2);
    const { buffer } = bytes;
    const view = new DataView(buffer);
    structuredClone(null, { transfer: [buffer] });
    for (const data of [bytes, buffer, view]) {
      t.throws(() => channel.write(data), { code: 'ERR_BUFFER_DETACHED', message: /data/ });
      t.throws(() => Object.assign(channel, { readDelimiter: data }), {
        code: 'ERR_BUFFER_DETACHED',
      });
    }
    t.is(channel.readDelimiter, null);
    t.is(channel.bytesWritten, 0);
    channel.write(new Uint8Array(0));
    channel.write('good');
    channel.end();
    await peer.finished();
    t.is(peer.text, 'good');
  });

  suite.test('Proxies: of options read as they are, of others refused', async (scene, t) => {
    const { Client } = scene.impl as unknown as { Client: Construct };
    const options = new Proxy({ readDelimiter: '\n' }, {});
    t.is((new Client(options) as { readDelimiter?: unknown }).readDelimiter, '\n');
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    t.throws(() => new Client(proxy), TYPE);
    t.throws(() => new Client({ keepAlive: proxy }), TYPE);
    t.throws(() => new Client({ readDelimiter: proxy }), TYPE);
    const signal = new Proxy(new AbortController().signal, {});
    t.throws(() => new Client({ signal }), TYPE);
    t.throws(() => new Client({ signal: proxy }), TYPE);
    const { channel } = await scene.openClient();
    const other = scene.client().channel;
    t.throws(() => (other.connect as Call)(proxy), TYPE);
    t.throws(() => (other.connect as Call)('127.0.0.1', 1, proxy), TYPE);
    t.is(other.readyState, 'idle');
    for (const data of [proxy, new Proxy(Uint8Array.of(1), {})]) {
      t.throws(() => channel.write(data as Uint8Array), TYPE);
      t.throws(() => Object.assign(channel, { readDelimiter: data }), TYPE);
      t.throws(() => channel.writeFile(data as never), TYPE);
    }
    t.is(channel.bytesWritten, 0);
  });

  suite.test(
    'a getter of the options that throws: its error, and nothing has happened',
    (scene, t) => {
      const own = new Error('own');
      const options = {
        readDelimiter: '\n',
        get bufferSize(): number {
          throw own;
        },
      };
      const { Client, Server } = scene.impl;
      t.is(
        t.throws(() => new Client(options)),
        own,
      );
      t.is(
        t.throws(() => new Server(options)),
        own,
      );
      const { channel } = scene.client();
      t.is(
        t.throws(() => channel.connect('127.0.0.1', 1, options)),
        own,
      );
      t.is(
        t.throws(() =>
          (channel.connect as Call)({
            port: 1,
            ...{},
            get host() {
              throw own;
            },
          }),
        ),
        own,
      );
      t.is(channel.readyState, 'idle');
      t.is(channel.readDelimiter, null);
      const server = new Server();
      const at = Object.defineProperties({ port: 0 }, Object.getOwnPropertyDescriptors(options));
      t.is(
        t.throws(() => server.listen(at)),
        own,
      );
      t.is(server.readyState, 'idle');
      t.throws(() =>
        (channel.connect as Call)('127.0.0.1', 1, { readDelimiter: '\n', bufferSize: 0 }),
      );
      t.is(channel.readDelimiter, null);
    },
  );
}

/** The same of datagrams (SPEC §6). */
export function datagramTraps(suite: Suite): void {
  suite.datagrams('an unknown option: the nearest name', (scene, t) => {
    const { Datagram } = scene.impl as unknown as { Datagram: Construct };
    const unknown = { code: 'ERR_UNKNOWN_OPTION', message: /did you mean 'reuseAddr'/ };
    t.throws(() => new Datagram({ reuseaddr: true }), unknown);
    t.throws(() => new Datagram({ connectTimeout: 1 }), { code: 'ERR_UNKNOWN_OPTION' });
    const { channel } = scene.channel();
    const listen = channel.listen.bind(channel) as Call;
    t.throws(() => listen({ host: LOOPBACK, port: 0, reuseaddr: true }), unknown);
    t.throws(() => listen([LOOPBACK, 0], { reuseaddr: true }), unknown);
    t.is(channel.readyState, 'idle');
  });

  suite.datagrams(
    "write() in node:dgram's order, and with no boolean for flush",
    async (scene, t) => {
      const { channel, log, peer } = await scene.open();
      const write = channel.write.bind(channel) as Call;
      const { port } = peer.address;
      t.throws(() => write('x', port, LOOPBACK), {
        ...TYPE,
        message: /flush must be a boolean \(an address is one argument: \[host, port\]/,
      });
      t.throws(() => write('x', LOOPBACK, port), {
        ...TYPE,
        message: /flush must be a boolean \(an address is one argument: \[host, port\]/,
      });
      t.throws(() => write('x', 0, 1, port, LOOPBACK), TYPE);
      t.throws(() => write('x', port, () => {}), TYPE);
      t.throws(() => write('x', [LOOPBACK, port], null), TYPE);
      t.is(channel.bytesWritten, 0);
      channel.write('good', [LOOPBACK, port], true);
      await peer.datagrams(1);
      t.deepEqual(peer.texts, ['good']);
      t.deepEqual(log.errors, []);
    },
  );

  suite.datagrams('V8: port 0 is no destination', (scene, t) => {
    const { channel } = scene.channel();
    const bad = { code: 'ERR_SOCKET_BAD_PORT', message: /from 1 to 65535, got 0/ };
    t.throws(() => channel.write('x', 0), bad);
    t.throws(() => channel.write('x', [LOOPBACK, 0]), bad);
    t.throws(() => channel.write('x', { host: 'localhost', port: 0 }), bad);
    t.throws(() => channel.connect([LOOPBACK, 0]), bad);
    t.is(channel.readyState, 'idle');
    t.is(channel.bytesWritten, 0);
  });

  suite.datagrams('data of another realm, detached, and Proxies', async (scene, t) => {
    const { channel, peer } = await scene.open();
    const to: [string, number] = [LOOPBACK, peer.address.port];
    const detached = Uint8Array.of(1);
    structuredClone(null, { transfer: [detached.buffer] });
    t.throws(() => channel.write(detached, to), { code: 'ERR_BUFFER_DETACHED' });
    t.throws(() => channel.write(new Proxy(Uint8Array.of(1), {}), to), TYPE);
    channel.write(runInNewContext('Uint8Array.of(97)') as Uint8Array, to);
    await peer.datagrams(1);
    t.deepEqual(peer.texts, ['a']);
  });
}
