// Of streams, what the conformance suite cannot ask of the reference too.

import test, { type ExecutionContext } from 'ava';
import {
  type Address,
  Client,
  Connection,
  Engine,
  type ReadDelimiter,
  Server,
  Stream,
} from 'pants-native';

import { temporaryFile } from './helpers/files.ts';
import { type Log, record } from './helpers/log.ts';
import { Peer, PeerServer } from './helpers/peer.ts';
import { collectUncaught } from './helpers/uncaught.ts';
import { eventually, turn } from './helpers/wait.ts';

interface Pair<C extends Client> {
  channel: C;
  peer: Peer;
  engine: Engine;
}

/** A connected client with an engine of its own, whose counters are its alone; and its peer. */
async function connected<C extends Client>(
  t: ExecutionContext,
  make: (engine: Engine) => C,
  engine = new Engine(),
): Promise<Pair<C>> {
  const listening = await PeerServer.listen();
  t.teardown(() => listening.close());
  t.teardown(() => engine.close());
  const channel = make(engine);
  channel.connect('127.0.0.1', listening.port);
  return { channel, peer: await listening.peer(), engine };
}

/** As above, and recorded: every hook is overridden. */
async function recorded(
  t: ExecutionContext,
  readDelimiter: ReadDelimiter = null,
  engine = new Engine(),
) {
  let log: Log | undefined;
  const make = () => {
    const client = new Client({ engine, readDelimiter });
    log = record(client);
    return client;
  };
  const pair = await connected(t, make, engine);
  const { channel } = pair;
  const known = log as Log;
  await known.seen('connect');
  return { ...pair, channel, log: known };
}

test('the writes of one turn leave together', async (t) => {
  const { channel, peer, engine } = await recorded(t);
  const before = engine.stats().writes;
  for (let at = 0; at < 50; at += 1) channel.write(`${at},`);
  // A turn that takes long: what had been submitted would have left.
  for (const until = performance.now() + 20; performance.now() < until; );
  t.is(engine.stats().writes, before, 'not before the turn ends');
  for (let at = 50; at < 100; at += 1) channel.write(`${at},`);
  await peer.received(290);
  t.is(engine.stats().writes, before + 1);
});

for (const [how, send] of Object.entries<(channel: Client, path: string) => void>({
  'flush()': (channel) => {
    channel.write('now');
    channel.flush();
  },
  'flush = true': (channel) => channel.write('now', true),
  'writeFile(…, flush = true)': (channel, path) => channel.writeFile(path, 0, 0, true),
})) {
  test(`${how} sends before the turn of the event loop ends`, async (t) => {
    const { channel, peer, engine } = await recorded(t);
    const path = temporaryFile(t, 'now');
    const before = engine.stats().bytesWritten;
    send(channel, path);
    const deadline = performance.now() + 10_000;
    while (engine.stats().bytesWritten === before && performance.now() < deadline);
    t.is(engine.stats().bytesWritten, before + 3);
    await peer.received(3);
  });
}

// Before the others: they should not see its prototype.
test.serial('rule 6: a hook that nobody overrides is never called', async (t) => {
  const called = new Set<string>();
  class Plain extends Client {
    override readDelimiter = '\n';
    override onClose(): void {
      called.add('onClose');
      closed();
    }
  }
  let closed = () => {};
  const over = new Promise<void>((resolve) => {
    closed = resolve;
  });
  for (const name of ['onConnect', 'onRead', 'onWrite', 'onEnd'] as const) {
    const before = Stream.prototype[name];
    Reflect.set(Stream.prototype, name, () => called.add(name));
    t.teardown(() => Reflect.set(Stream.prototype, name, before));
  }
  const { channel, peer } = await connected(t, (engine) => new Plain({ engine }));
  await peer.write('1\n2\n3\n');
  channel.write('hello');
  await peer.received(5);
  peer.end('rest');
  await over;
  t.deepEqual([...called], ['onClose']);
});

test('rule 6: without onWrite the reactor does not tell of drains', async (t) => {
  const write = async (channel: Client, peer: Peer) => {
    for (let at = 1; at <= 50; at += 1) {
      channel.write('x');
      await peer.received(at);
    }
    await turn();
  };
  class Silent extends Client {}
  // Nobody is rung where the event loop drives.
  const engine = new Engine({ driver: 'thread' });
  const { channel, peer } = await connected(t, () => new Silent({ engine }), engine);
  while (!channel.connected) await turn();
  const before = engine.stats().rings;
  await write(channel, peer);
  t.is(engine.stats().rings, before);
  const told = await recorded(t, null, new Engine({ driver: 'thread' }));
  const rings = told.engine.stats().rings;
  await write(told.channel, told.peer);
  t.true(told.engine.stats().rings > rings);
});

test('R7: a paused channel hears of a reset, behind what it had been given', async (t) => {
  const { channel, log, peer, engine } = await recorded(t, '\n');
  channel.pause();
  await turn();
  await peer.write('a\nb\n');
  peer.reset();
  // node:net would not look before resume(), and keep the descriptor until then.
  await eventually('its socket is closed', () => engine.stats().channels === 0);
  await eventually('fileno', () => channel.fileno === null);
  t.deepEqual(log.order, ['connect']);
  channel.resume();
  await log.closed();
  t.deepEqual(log.order, ['connect', 'read a', 'read b', 'error ECONNRESET', 'close error']);
});

test('R7: a paused channel with nothing left hears of a reset at once', async (t) => {
  const { channel, log, peer } = await recorded(t, '\n');
  channel.pause();
  await turn();
  peer.reset();
  await log.closed();
  t.deepEqual(log.order, ['connect', 'error ECONNRESET', 'close error']);
});

test('R31: the memory of a frame cannot be transferred away', async (t) => {
  const { log, peer } = await recorded(t, '\n');
  await peer.write('one\ntwo\n');
  await log.frames(2);
  const [one, two] = log.data as [Buffer, Buffer];
  // Newer versions of Node refuse; older ones copy.
  try {
    structuredClone(one.buffer, { transfer: [one.buffer as ArrayBuffer] });
  } catch (error) {
    t.is((error as Error).name, 'DataCloneError');
  }
  t.is(one.toString(), 'one');
  t.is(two.toString(), 'two');
});

test('R31: memory that is detached all the same harms nothing read later', async (t) => {
  const { channel, log, peer } = await recorded(t, '\n');
  const frames: string[] = [];
  let detached = false;
  channel.onRead = (data) => {
    frames.push(String(data));
    const { buffer } = data as Buffer;
    // Not in every version of Node.
    const { transfer } = buffer as ArrayBuffer & { transfer?: () => void };
    if (frames.length === 2 && transfer !== undefined) {
      try {
        transfer.call(buffer);
        detached = (data as Buffer).length === 0;
      } catch (error) {
        t.true(error instanceof TypeError);
      }
    }
    log.add('frame');
  };
  await peer.write('1\n');
  await log.until('1', () => frames.length === 1);
  // Nothing else is in the batch of the frame whose memory goes.
  await peer.write('2\n');
  await log.until('2', () => frames.length === 2);
  for (let at = 3; at <= 100; at += 1) {
    await peer.write(`${at}\n`);
    await log.until(`${at}`, () => frames.length === at);
  }
  t.deepEqual(
    frames,
    Array.from({ length: 100 }, (_, at) => `${at + 1}`),
  );
  t.is(channel.readyState, 'open');
  t.log(detached ? 'detached' : 'this version of Node detaches nothing');
});

test('onWrite that is assigned after the write is called, once for the drain', async (t) => {
  const { channel, peer } = await connected(t, (engine) => new Client({ engine }));
  await eventually('connected', () => channel.connected);
  let drained = 0;
  const size = 8 * 1024 * 1024;
  t.false(channel.write(Buffer.alloc(size)));
  channel.onWrite = () => {
    drained += 1;
  };
  await peer.received(size);
  await eventually('it has drained', () => drained > 0);
  t.is(drained, 1);
  t.is(channel.pendingBytes, 0);
  // From now on every drain is told.
  channel.write('x');
  await eventually('it has drained again', () => drained === 2);
});

test('onWrite that is assigned later, while bytes are pending', async (t) => {
  const { channel, peer } = await connected(t, (engine) => new Client({ engine }));
  await eventually('connected', () => channel.connected);
  let drained = 0;
  const size = 32 * 1024 * 1024;
  peer.socket.pause();
  channel.write(Buffer.alloc(size));
  await eventually('some of it leaves', () => channel.pendingBytes < size);
  t.true(channel.pendingBytes > 0);
  channel.onWrite = () => {
    drained += 1;
  };
  peer.socket.resume();
  await eventually('it has drained', () => drained > 0);
  t.is(drained, 1);
  t.is(channel.pendingBytes, 0);
});

test('with nothing pending, assigning onWrite calls nobody', async (t) => {
  const { channel, peer } = await connected(t, (engine) => new Client({ engine }));
  await eventually('connected', () => channel.connected);
  channel.write('x');
  await peer.received(1);
  await turn();
  let drained = 0;
  channel.onWrite = () => {
    drained += 1;
  };
  await turn();
  await turn();
  t.is(drained, 0);
  t.true(Object.hasOwn(channel, 'onWrite'));
});

test('pause() and resume() from onWrite let no more in than goes out', async (t) => {
  class Echo extends Connection {
    override readDelimiter = '\n';
    most = 0;
    override onRead(line: Buffer): void {
      this.write(line);
      if (!this.write('\n')) this.pause();
    }
    override onWrite(): void {
      this.most = Math.max(this.most, this.stats().waitingBytes);
      this.resume();
    }
  }
  const engine = new Engine();
  t.teardown(() => engine.close());
  const server = new Server(Echo, { engine }).listen(0, '127.0.0.1');
  const peer = await Peer.connect(server.localAddr as Address);
  const lines = Buffer.alloc(24_000_000, `${'x'.repeat(99)}\n`);
  void peer.write(lines);
  await peer.received(lines.length);
  const [connection] = server.channels.values();
  const { most } = connection as Echo;
  t.true(most > 0, 'it was paused with more to read');
  t.true(most < 1024 * 1024, `${most} bytes waited`);
});

test.serial('a frame whose text is longer than a string may be: onError, and closed', async (t) => {
  noHexOf(t, 'too long');
  for (const [how, readDelimiter] of Object.entries({ cut: '\n', uncut: null, rest: '\t' })) {
    const { channel, log, peer } = await recorded(t, readDelimiter);
    const other = await recorded(t, readDelimiter);
    channel.readEncoding = 'hex';
    peer.end('too long\nok\n');
    await log.closed();
    t.deepEqual(log.order, ['connect', 'error ERR_STRING_TOO_LONG', 'close error'], how);
    t.is(log.info?.error, log.error);
    other.peer.end('ok\n');
    await other.log.closed();
    t.is(other.log.text + (other.log.rest ?? ''), readDelimiter === '\n' ? 'ok' : 'ok\n');
  }
});

test.serial('what throws for one channel leaves the rest of a batch to the others', async (t) => {
  const uncaught = collectUncaught(t);
  const engine = new Engine();
  t.teardown(() => engine.close());
  const listening = await PeerServer.listen();
  t.teardown(() => listening.close());
  const clients = Array.from({ length: 3 }, () => new Client({ engine, readDelimiter: '\n' }));
  const logs = clients.map((client) => record(client));
  for (const client of clients) client.connect('127.0.0.1', listening.port);
  for (const log of logs) await log.seen('connect');
  for (const name of ['data', 'finished']) {
    for (const client of clients.slice(0, 2)) {
      // Nothing there is known to throw: it is made to.
      const fail = () => {
        throw new Error(name);
      };
      Object.assign(linkOf(client), { [name]: fail });
    }
  }
  await listening.peer(2);
  for (const { socket } of listening.peers) socket.write('a\n');
  // All of it is to be in one batch, so nothing is dispatched meanwhile.
  const deadline = performance.now() + 10_000;
  while (engine.stats().reads < 3 && performance.now() < deadline);
  for (const peer of listening.peers) peer.end('b');
  await logs[2]?.closed();
  t.deepEqual(logs[2]?.order, ['connect', 'read a', 'end b', 'close end']);
  await eventually('four errors', () => uncaught.length >= 4);
  const [data, finished] = ['Error: data', 'Error: finished'];
  t.deepEqual(uncaught.map(String).sort(), [data, data, finished, finished]);
});

/** The JS half of the native channel, under a symbol that the package does not export. */
function linkOf(channel: Client): object {
  const symbols = Object.getOwnPropertySymbols(channel);
  const link = symbols.find(({ description }) => description === 'pants.link');
  return Reflect.get(channel, link ?? '');
}

/** As for a text that is too long for a string; a real one takes half a gigabyte. */
function noHexOf(t: ExecutionContext, text: string): void {
  const before = Buffer.prototype.toString;
  Buffer.prototype.toString = function (this: Buffer, ...args: Parameters<typeof before>): string {
    if (args[0] === 'hex' && this.includes(text)) {
      throw Object.assign(new Error(`too long: ${text}`), { code: 'ERR_STRING_TOO_LONG' });
    }
    return before.apply(this, args);
  };
  t.teardown(() => {
    Buffer.prototype.toString = before;
  });
}
