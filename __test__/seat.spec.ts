import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import test from 'ava';

import {
  type Address,
  Client,
  Connection,
  Datagram,
  Engine,
  type EngineStats,
  Server,
} from 'pants-native';

// Who drives the reactor. Everything else that the package does is the same whoever does it: the
// other tests run with the event loop in the seat by PANTS_DRIVER=loop, see CONTRIBUTING.md.

// There the thread drives, always.
const driven = process.platform === 'win32' ? test.serial.skip : test.serial;

// Elsewhere nobody counts how often a thread wakes up.
const counted = process.platform === 'linux' ? test.serial : test.serial.skip;

/** Engines of this process begin with this instead of what they say. */
function forced(driver: string): Engine {
  const before = process.env['PANTS_DRIVER'];
  process.env['PANTS_DRIVER'] = driver;
  const engine = new Engine();
  // It begins with its first channel.
  new Server(Connection, { engine }).listen(0, '127.0.0.1').close();
  if (before === undefined) delete process.env['PANTS_DRIVER'];
  else process.env['PANTS_DRIVER'] = before;
  return engine;
}

/** A lone connection sends some lines to and fro, one if no other number is given, until that is enough. */
async function converse(
  engine: Engine,
  isEnough: (stats: EngineStats, lines: number) => boolean,
  atOnce = 1,
) {
  class Echo extends Connection {
    override readDelimiter = '\n';
    override onRead(line: Buffer): void {
      this.write(`${line}\n`);
    }
  }
  const server = new Server(Echo, { engine }).listen(0, '127.0.0.1');
  await new Promise<void>((resolve) => {
    let lines = 0;
    class Asks extends Client {
      override readDelimiter = '\n';
      override onConnect(): void {
        this.write('again\n'.repeat(atOnce));
      }
      override onRead(): void {
        lines += 1;
        if (lines % atOnce > 0) return;
        if (isEnough(engine.stats(), lines)) resolve();
        else this.write('again\n'.repeat(atOnce));
      }
    }
    new Asks({ engine }).connect('127.0.0.1', server.localAddr?.port ?? 0);
  });
}

test.serial(
  'a lone conversation is driven by the event loop; by the thread where it is to',
  async (t) => {
    const auto = forced('auto');
    await converse(auto, ({ driver }) => driver === 'loop');
    t.true(auto.stats().handOvers > 0);
    const thread = forced('thread');
    await converse(thread, (_, lines) => lines === 500);
    t.like(thread.stats(), { driver: 'thread', handOvers: 0 });
    await Promise.all([auto.close(), thread.close()]);
  },
);

driven('so is one that has many lines on their way', async (t) => {
  const engine = forced('auto');
  const isEnough = ({ driver }: EngineStats, lines: number) => driver === 'loop' || lines > 50_000;
  await converse(engine, isEnough, 64);
  t.is(engine.stats().driver, 'loop');
  await engine.close();
});

driven('who writes to many at once gives the seat back', async (t) => {
  const engine = forced('auto');
  const server = new Server(Connection, { engine }).listen(0, '127.0.0.1');
  const port = server.localAddr?.port ?? 0;
  const members = Array.from({ length: 20 }, () =>
    new Client({ engine }).connect('127.0.0.1', port),
  );
  await Promise.all(members.map((member) => member.opened));
  let sent = false;
  await converse(engine, ({ driver }) => {
    if (sent) return driver === 'thread';
    if (driver === 'loop') for (const member of members) sent = member.write('to all');
    return false;
  });
  t.true(sent);
  await engine.close();
});

driven('datagrams by the dozen are driven by the event loop', async (t) => {
  const engine = forced('auto');
  class Echo extends Datagram {
    override onRead(data: Buffer, from: Address): void {
      this.write(data, from);
    }
  }
  const server = new Echo({ engine }).listen(0, '127.0.0.1');
  let datagrams = 0;
  await new Promise<void>((resolve) => {
    class Asks extends Datagram {
      override onRead(data: Buffer): void {
        datagrams += 1;
        if (engine.stats().driver === 'loop' || datagrams === 20_000) resolve();
        this.write(data, server.localAddr);
      }
    }
    const asks = new Asks({ engine });
    for (let index = 0; index < 32; index += 1) asks.write('x'.repeat(1_000), server.localAddr);
  });
  t.true(datagrams < 20_000);
  await engine.close();
});

for (const [what, sends] of [
  ['a timeout holds', false],
  ['what was flushed leaves', true],
] as const) {
  driven(`while a hook blocks the event loop, which drives, ${what}`, async (t) => {
    const engine = forced('loop');
    t.teardown(() => engine.close());
    const flag = new SharedArrayBuffer(4);
    const blocked = new Promise<string>((resolve) => {
      class Blocks extends Connection {
        override readDelimiter = '\n';
        // Of the other one; this one is never idle so long.
        override idleTimeout = sends ? 60_000 : 300;
        override onRead(line: Buffer): void {
          if (engine.stats().driver !== 'loop') {
            this.write(`${line}\n`);
            return;
          }
          for (const other of server.channels.values()) {
            if (sends && other !== this) other.write('now', true);
          }
          resolve(Atomics.wait(new Int32Array(flag), 0, 0, 10_000));
        }
      }
      const server = new Server(Blocks, { engine }).listen(0, '127.0.0.1');
      const peer = new Worker(new URL('fixtures/closes-meanwhile.mjs', import.meta.url), {
        workerData: { port: server.localAddr?.port, flag, sends },
      });
      t.teardown(() => peer.terminate());
    });
    t.not(await blocked, 'timed-out');
  });
}

counted('a process in which nothing happens does not wake up', (t) => {
  const program = fileURLToPath(new URL('fixtures/idle.mjs', import.meta.url));
  const env = { ...process.env, PANTS_DRIVER: 'auto' };
  const output = execFileSync(process.execPath, [program], {
    encoding: 'utf8',
    env,
    timeout: 60_000,
  });
  const { main, reactor } = JSON.parse(output);
  t.is(reactor, 0);
  // Its own timer, and what Node does by itself.
  t.true(main <= 5, `${main}`);
});

test('what is no driver', (t) => {
  for (const driver of ['loop', 'Thread', '']) {
    t.throws(() => new Engine({ driver } as never), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /'auto' or 'thread'/,
    });
  }
  for (const driver of [null, 1, true, {}]) {
    t.throws(() => new Engine({ driver } as never), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  t.throws(() => new Engine({ drivers: 'auto' } as never), {
    code: 'ERR_UNKNOWN_OPTION',
    message: /driver/,
  });
  t.notThrows(() => [
    new Engine({}),
    new Engine({ driver: 'auto' }),
    new Engine({ driver: 'thread' }),
  ]);
});
