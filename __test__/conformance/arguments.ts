import type { Implementation, StreamLike } from '../helpers/implementation.ts';
import type { Suite } from './suite.ts';

/** What a call must throw: the code, and with it the class of the error. */
type Code = 'ERR_INVALID_ARG_TYPE' | 'ERR_INVALID_ARG_VALUE' | 'ERR_SOCKET_BAD_PORT';

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const PORT = 'ERR_SOCKET_BAD_PORT';

const NO_DELIMITERS: [unknown, Code][] = [
  [-1, VALUE],
  [1.5, VALUE],
  [Number.NaN, VALUE],
  [Number.POSITIVE_INFINITY, VALUE],
  ['', VALUE],
  [Buffer.alloc(0), VALUE],
  [new Uint8Array(0), VALUE],
  [true, TYPE],
  [[], TYPE],
  [['\n'], TYPE],
  [{}, TYPE],
  [{ bytes: 4 }, TYPE],
  [Symbol('x'), TYPE],
  [1n, TYPE],
  [() => '\n', TYPE],
];

const NO_ENCODINGS: [unknown, Code][] = [
  ['', VALUE],
  ['utf9', VALUE],
  [8, TYPE],
  [true, TYPE],
  [{}, TYPE],
];

const NO_SIZES: [unknown, Code][] = [
  [0, VALUE],
  [-1, VALUE],
  [1.5, VALUE],
  [Number.NaN, VALUE],
  [Number.POSITIVE_INFINITY, VALUE],
  [2 ** 53, VALUE],
  ['1', TYPE],
  [null, TYPE],
  [{}, TYPE],
];

const NO_TIMES: [unknown, Code][] = [
  [-1, VALUE],
  [Number.NaN, VALUE],
  [Number.POSITIVE_INFINITY, VALUE],
  ['1', TYPE],
  [{}, TYPE],
];

const NO_BOOLEANS: [unknown, Code][] = [
  [1, TYPE],
  ['true', TYPE],
];

/** Bad values of the options of a stream. */
const STREAM_OPTIONS: Record<string, [unknown, Code][]> = {
  readDelimiter: NO_DELIMITERS,
  readEncoding: NO_ENCODINGS,
  bufferSize: NO_SIZES,
  highWaterMark: NO_SIZES.slice(1),
  maxPendingBytes: NO_SIZES.slice(1).filter(([value]) => value !== Number.POSITIVE_INFINITY),
  idleTimeout: NO_TIMES,
  frameTimeout: NO_TIMES,
  lingerTimeout: NO_TIMES,
  allowHalfOpen: NO_BOOLEANS,
  noDelay: NO_BOOLEANS,
  keepAlive: NO_BOOLEANS,
  recvBufferSize: NO_SIZES,
  sendBufferSize: NO_SIZES,
  userTimeout: NO_TIMES,
  typeOfService: [[256, VALUE], ...NO_SIZES.slice(1)],
};

/** Options of a stream that are properties, too. */
const SETTINGS = [
  ...['highWaterMark', 'maxPendingBytes', 'allowHalfOpen'],
  ...['idleTimeout', 'frameTimeout', 'lingerTimeout'],
];

const CONNECT_OPTIONS: Record<string, [unknown, Code][]> = {
  ...STREAM_OPTIONS,
  connectTimeout: NO_TIMES,
  localAddress: [
    [1, TYPE],
    ['localhost', VALUE],
    ['', VALUE],
  ],
  signal: [
    [{}, TYPE],
    ['now', TYPE],
  ],
  lookup: [['dns', TYPE]],
  family: [[5, VALUE]],
};

const NO_PORTS: [unknown, Code][] = [
  [-1, PORT],
  [65_536, PORT],
  [Number.NaN, PORT],
  [1.5, PORT],
  [Number.POSITIVE_INFINITY, PORT],
  [2 ** 53, PORT],
  ['-1234', TYPE],
  ['http', TYPE],
  [{}, TYPE],
  [true, TYPE],
];

const NO_HOSTS: [unknown, Code][] = [
  ['127.0.0.1\0.example.com', VALUE],
  [1, TYPE],
  [{}, TYPE],
];

/** SPEC, bad input (C19, V9, V10): thrown with a code, quoting what was given; nothing has happened. */
export function badArguments(suite: Suite): void {
  const { impl } = suite;

  table(suite, 'readDelimiter =', NO_DELIMITERS, (channel, value) => {
    Object.assign(channel, { readDelimiter: value });
  });
  table(suite, 'readEncoding =', NO_ENCODINGS, (channel, value) => {
    Object.assign(channel, { readEncoding: value });
  });
  for (const name of SETTINGS) {
    table(
      suite,
      `${name} =`,
      [...(STREAM_OPTIONS[name] ?? []), [undefined, TYPE]],
      (channel, value) => {
        Object.assign(channel, { [name]: value });
      },
    );
  }

  table(suite, 'bufferSize =', NO_SIZES, (channel, value) => {
    Object.assign(channel, { bufferSize: value });
  });

  suite.test('C19: bad ports and hosts of connect()', async (scene, t) => {
    const { channel, log } = scene.client();
    const connect = channel.connect.bind(channel) as (...args: unknown[]) => unknown;
    for (const [port, code] of NO_PORTS) {
      throws(t, code, port, () => connect('127.0.0.1', port));
      throws(t, code, port, () => connect(['127.0.0.1', port]));
      throws(t, code, port, () => connect({ host: '127.0.0.1', port }));
    }
    for (const [host, code] of NO_HOSTS) {
      throws(t, code, host, () => connect([host, 80]));
      throws(t, code, host, () => connect({ host, port: 80 }));
    }
    throws(t, TYPE, undefined, () => connect());
    throws(t, TYPE, null, () => connect(null));
    await worksStill(scene, channel, log);
  });

  suite.test('bad options of connect()', async (scene, t) => {
    const { channel, log } = scene.client();
    const connect = channel.connect.bind(channel) as (...args: unknown[]) => unknown;
    for (const [option, value, code] of each(CONNECT_OPTIONS)) {
      const options = { [option]: value };
      throws(t, code, value, () => connect('127.0.0.1', 80, options), option);
      throws(t, code, value, () => connect({ host: '127.0.0.1', port: 80, ...options }), option);
    }
    throws(t, TYPE, 'options', () => connect('127.0.0.1', 80, 'options'));
    await worksStill(scene, channel, log);
  });

  suite.test('bad options of constructors', (scene, t) => {
    const { Client, Server } = scene.impl as unknown as Record<
      string,
      new (
        ...a: unknown[]
      ) => object
    >;
    if (Client === undefined || Server === undefined) return t.fail();
    for (const [option, value, code] of each(CONNECT_OPTIONS)) {
      throws(t, code, value, () => new Client({ [option]: value }), option);
    }
    for (const [option, value, code] of each(STREAM_OPTIONS)) {
      throws(t, code, value, () => new Server({ [option]: value }), option);
    }
    throws(t, TYPE, 42, () => new Client(42));
    throws(t, TYPE, 42, () => new Server(42));
    throws(t, TYPE, 'Echo', () => new Server('Echo'));
  });

  suite.test('bad arguments of listen()', (scene, t) => {
    const server = new scene.impl.Server();
    const listen = server.listen.bind(server) as (...args: unknown[]) => unknown;
    for (const [port, code] of NO_PORTS.filter(([value]) => typeof value !== 'object')) {
      throws(t, code, port, () => listen(port, '127.0.0.1'));
      throws(t, code, port, () => listen({ host: '127.0.0.1', port }));
    }
    for (const [host, code] of NO_HOSTS) {
      throws(t, code, host, () => listen(0, host));
      throws(t, code, host, () => listen({ port: 0, host }));
    }
    for (const [backlog, code] of NO_SIZES.slice(1).filter(([value]) => value !== null)) {
      throws(t, code, backlog, () => listen(0, '127.0.0.1', backlog));
    }
    for (const value of ['yes', 1]) {
      throws(t, TYPE, value, () => listen({ host: '127.0.0.1', port: 0, ipv6Only: value }));
      throws(t, TYPE, value, () => listen({ host: '127.0.0.1', port: 0, reusePort: value }));
    }
    for (const [value, code] of NO_SIZES.slice(1).filter(([value]) => value !== null)) {
      const options = { host: '127.0.0.1', port: 0, maxConnections: value };
      throws(t, code, value, () => listen(options));
    }
    t.is(server.readyState, 'idle');
    t.is(server.localAddr, null);
    scene.listening(server);
    t.is(server.readyState, 'listening');
  });

  suite.both('bad data of write()', async (scene, t, side) => {
    const { channel, peer } = await scene.open(side);
    const write = channel.write.bind(channel) as (data?: unknown) => boolean;
    for (const data of [undefined, null, 42, true, {}, [1, 2], Symbol('x'), 1n, () => {}]) {
      throws(t, TYPE, data, () => write(data));
    }
    t.is(channel.pendingBytes, 0);
    channel.write('good');
    channel.end();
    await peer.finished();
    t.is(peer.text, 'good');
  });

  suite.test('bad arguments of lengthPrefix()', (_scene, t) => {
    const lengthPrefix = impl.lengthPrefix as unknown as (options?: unknown) => object;
    const cases: [unknown, Code, unknown][] = [
      [undefined, TYPE, undefined],
      [null, TYPE, null],
      [4, TYPE, 4],
      [{}, TYPE, undefined],
      [{ bytes: '4' }, TYPE, '4'],
      [{ bytes: 3 }, VALUE, 3],
      [{ bytes: 0 }, VALUE, 0],
      [{ bytes: 16 }, VALUE, 16],
      [{ bytes: 'varying' }, TYPE, 'varying'],
      [{ bytes: 4, endian: 'middle' }, VALUE, 'middle'],
      [{ bytes: 'varint', endian: 'big' }, VALUE, 'big'],
      [{ bytes: 4, adjust: '1' }, TYPE, '1'],
      [{ bytes: 4, adjust: 0.5 }, VALUE, 0.5],
      [{ bytes: 4, adjust: Number.NaN }, VALUE, Number.NaN],
      [{ bytes: 4, adjust: 2 ** 53 }, VALUE, 2 ** 53],
    ];
    for (const [options, code, value] of cases) throws(t, code, value, () => lengthPrefix(options));
  });

  suite.test('bad arguments of a Connection', async (scene, t) => {
    const { server } = scene.server();
    const Connection = scene.impl.Connection as unknown as new (...args: unknown[]) => object;
    for (const socket of [undefined, null, 7, {}, { fileno: 7 }]) {
      throws(t, TYPE, socket, () => new Connection(socket, server));
    }
    t.is(server.channels.size, 0);
  });

  suite.test('bad arguments of server.end()', async (scene, t) => {
    const { server } = scene.server();
    const end = server.end.bind(server) as (timeout: unknown) => Promise<void>;
    for (const [value, code] of NO_TIMES.filter(([value]) => value !== Number.POSITIVE_INFINITY)) {
      await t.throwsAsync(async () => end(value), { code });
    }
    t.is(server.readyState, 'listening');
  });

  suite.test('bad arguments of the timers', (scene, t) => {
    const engine = scene.impl.Engine.instance() as unknown as Record<
      string,
      (...args: unknown[]) => unknown
    >;
    for (const name of ['callback', 'loop']) {
      for (const task of [undefined, null, 'task', 1]) {
        throws(t, TYPE, task, () => engine[name]?.call(engine, task));
      }
    }
    for (const name of ['defer', 'cycle']) {
      throws(t, TYPE, 'task', () => engine[name]?.call(engine, 1, 'task'));
      for (const [seconds, code] of NO_TIMES.filter(([value]) => value !== 2 ** 53)) {
        throws(t, code, seconds, () => engine[name]?.call(engine, seconds, () => {}));
      }
    }
  });

  suite.test(
    'an invalid class field: connect() throws, and nothing has happened',
    async (scene, t) => {
      const Base = scene.impl.Client as unknown as new () => { connect(...a: unknown[]): void };
      class Wrong extends Base {
        readDelimiter = -1;
      }
      const wrong = new Wrong() as unknown as InstanceType<typeof scene.impl.Client>;
      throws(t, VALUE, -1, () => wrong.connect('127.0.0.1', 1));
      t.is(wrong.readyState, 'idle');
      throws(t, VALUE, -1, () => wrong.connect('127.0.0.1', 1));
    },
  );

  suite.test(
    'V10: options of no prototype, of a strange one, and undefined ones',
    async (scene, t) => {
      const plain = Object.assign(Object.create(null), { readDelimiter: '\n' });
      const inherited = Object.create({ readDelimiter: -1 });
      const nothing = { readDelimiter: undefined, bufferSize: undefined };
      const parsed = JSON.parse('{ "__proto__": { "bufferSize": "x" }, "readDelimiter": "\\n" }');
      t.throws(() => scene.client(parsed), { code: 'ERR_UNKNOWN_OPTION' });
      for (const [options, delimiter] of [
        [plain, '\n'],
        [nothing, null],
      ]) {
        const { channel } = scene.client(options);
        t.is(channel.readDelimiter, delimiter);
        t.is(channel.bufferSize, 65_536);
      }
      // Whether inherited options count is open; but they are checked if they do.
      t.notThrows(() => {
        try {
          scene.client(inherited);
        } catch (error) {
          t.like(error, { code: VALUE });
        }
      });
    },
  );
}

type Test = Parameters<Parameters<Suite['test']>[1]>[1];

function throws(t: Test, code: Code, value: unknown, call: () => unknown, name = ''): void {
  const what = `${name} ${String(typeof value === 'object' ? JSON.stringify(value) : String(value))}`;
  const error = t.throws(call, { code }, what);
  if (error === undefined) return;
  t.true(error instanceof (code === TYPE ? TypeError : RangeError), what);
  // The message quotes what was given, where that is something short to quote.
  if (typeof value === 'string' || typeof value === 'number') {
    const quoted = String(value).replace('\0', '');
    t.true(error.message.replace('\\x00', '').includes(quoted), `${error.message}: ${what}`);
  }
}

/** Values that must be refused by an assignment: on an idle channel, and on an open one. */
function table(
  suite: Suite,
  title: string,
  values: [unknown, Code][],
  assign: (channel: StreamLike, value: unknown) => void,
): void {
  suite.test(`bad values of ${title}`, async (scene, t) => {
    const options = { readDelimiter: '\n', readEncoding: 'latin1', bufferSize: 10 } as const;
    const idle = scene.client(options).channel;
    const { channel, log, peer } = await scene.openClient(options);
    for (const [value, code] of values) {
      for (const target of [idle, channel])
        throws(t, code, value, () => assign(target, value), title);
    }
    for (const { readDelimiter, readEncoding, bufferSize } of [idle, channel]) {
      t.deepEqual({ readDelimiter, readEncoding, bufferSize }, { ...options });
    }
    peer.end('a\nb');
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read a', 'end b', 'close end']);
  });
}

function* each(
  options: Record<string, [unknown, Code][]>,
): Generator<[option: string, value: unknown, code: Code]> {
  for (const [option, values] of Object.entries(options)) {
    for (const [value, code] of values) yield [option, value, code];
  }
}

async function worksStill(
  scene: Parameters<Parameters<Suite['test']>[1]>[0],
  channel: InstanceType<Implementation['Client']>,
  log: ReturnType<typeof scene.client>['log'],
): Promise<void> {
  scene.t.is(channel.readyState, 'idle');
  const listening = await scene.peerServer();
  channel.connect('127.0.0.1', listening.port);
  (await listening.peer()).end('x');
  await log.closed();
  scene.t.deepEqual(log.order, ['connect', 'read x', 'end ', 'close end']);
}
