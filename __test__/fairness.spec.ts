import { execFile, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import test from 'ava';

import { type CloseInfo, Connection, Datagram, Engine, Server } from 'pants-native';

import { Condition } from './helpers/wait.ts';

// Hooks that take their time: what is left of a batch waits for the next turn of the event loop.

const FRAMES = 100;

/** Two milliseconds of the thread. */
function toil(): void {
  const until = performance.now() + 2;
  while (performance.now() < until);
}

/** A connection whose every frame takes 2 ms, and what has become of it. */
class Slow extends Connection {
  override readDelimiter: string | number | null = '\n';
  override readEncoding = 'latin1' as const;
  static told: string[] = [];
  static changed = new Condition(() => Slow.told);
  static onFrame: (slow: Slow, count: number) => void = () => {};

  #tell(what: string): void {
    Slow.told.push(what);
    Slow.changed.changed();
  }

  override onRead(frame: string): void {
    toil();
    this.#tell(frame);
    Slow.onFrame(this, Slow.told.length);
  }

  override onEnd(): void {
    this.#tell('end');
  }

  override onError(error: NodeJS.ErrnoException): void {
    this.#tell(`${error.code}`);
  }

  override onClose({ reason }: CloseInfo): void {
    this.#tell(`closed: ${reason}`);
  }
}

const LINES = Array.from({ length: FRAMES }, (_, at) => `line ${at}`);
const TEXT = `${LINES.join('\n')}\n`;

/** All of it, sent to a `Slow` at once; what it was told until it had closed. */
async function told(
  text: string,
  onFrame: (slow: Slow, count: number) => void,
  then: (socket: Socket) => void = (socket) => socket.end(),
): Promise<string[]> {
  Slow.told = [];
  Slow.onFrame = onFrame;
  const server = new Server(Slow).listen(0, '127.0.0.1');
  const socket = connect((server.localAddr as { port: number }).port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(text, () => then(socket));
  try {
    const ended = () => Slow.told.some((what) => what.startsWith('closed'));
    await Slow.changed.until('end', ended);
  } finally {
    socket.destroy();
    server.close();
  }
  return Slow.told;
}

test.serial('timers fire in the middle of a batch, and nothing changes its order', async (t) => {
  let fires = 0;
  const timer = setInterval(() => {
    fires += 1;
  }, 1);
  const before: number[] = [];
  const frames = await told(TEXT, () => before.push(fires));
  clearInterval(timer);
  t.deepEqual(frames, [...LINES, 'end', 'closed: end']);
  t.true((before.at(-1) as number) - (before[0] as number) > 5, `${before}`);
});

test.serial('a delimiter that changes with each frame holds in the next turn, too', async (t) => {
  const expected = LINES.flatMap((line) => [`${line.length}`, line]);
  const text = expected.map((piece, at) => (at % 2 === 0 ? `${piece}\n` : piece)).join('');
  const frames = await told(text, (slow, count) => {
    slow.readDelimiter = count % 2 === 1 ? Number(Slow.told.at(-1)) : '\n';
  });
  t.deepEqual(frames, [...expected, 'end', 'closed: end']);
});

test.serial('a channel that is closed by a timer in between hears of nothing else', async (t) => {
  let closedAt = 0;
  const frames = await told(TEXT, (slow, count) => {
    if (count > 1) return;
    setTimeout(() => {
      closedAt = Slow.told.length;
      slow.close();
    }, 1);
  });
  t.true(closedAt < FRAMES, `${closedAt}`);
  t.deepEqual(frames, [...LINES.slice(0, closedAt), 'closed: close']);
});

test.serial('a pause in between holds until resume()', async (t) => {
  let pausedAt = 0;
  let resumedAt = 0;
  const frames = await told(TEXT, (slow, count) => {
    if (count > 1) return;
    setTimeout(() => {
      pausedAt = Slow.told.length;
      slow.pause();
      setTimeout(() => {
        resumedAt = Slow.told.length;
        slow.resume();
      }, 20);
    }, 1);
  });
  t.true(pausedAt < FRAMES && resumedAt === pausedAt, `${pausedAt}, ${resumedAt}`);
  t.deepEqual(frames, [...LINES, 'end', 'closed: end']);
});

test.serial('a reset is told after what came before it', async (t) => {
  const frames = await told(
    TEXT,
    (_slow, count) => {
      if (count === 1) reset();
    },
    (socket) => {
      reset = () => socket.resetAndDestroy();
    },
  );
  t.deepEqual(frames, [...LINES, 'ECONNRESET', 'closed: error']);
});
let reset = () => {};

test.serial('what a hook throws in between changes nothing', async (t) => {
  const thrown: unknown[] = [];
  const handlers = process.rawListeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => thrown.push(error));
  const frames = await told(TEXT, (_slow, count) => {
    if (count <= FRAMES) throw new Error(`${count}`);
  });
  process.removeAllListeners('uncaughtException');
  for (const handler of handlers) process.on('uncaughtException', handler as () => void);
  t.deepEqual(frames, [...LINES, 'end', 'closed: end']);
  t.is(thrown.length, FRAMES);
});

test.serial('others are served between a slow channel and itself', async (t) => {
  let other: Socket | undefined;
  let answeredAt = 0;
  class Quick extends Connection {
    override onRead(): void {
      answeredAt = Slow.told.length;
    }
  }
  const quick = new Server(Quick).listen(0, '127.0.0.1');
  other = connect((quick.localAddr as { port: number }).port, '127.0.0.1');
  await new Promise((resolve) => other?.once('connect', resolve));
  await told(TEXT.repeat(4), (_slow, count) => {
    if (count === 1) other?.write('now');
  });
  other.destroy();
  quick.close();
  t.true(answeredAt > 0 && answeredAt < 3 * FRAMES, `${answeredAt}`);
});

test.serial('engine.close() in between: each channel hears of its end, and no more', async (t) => {
  const engine = Engine.instance();
  let closing: Promise<void> | undefined;
  let closedAt = 0;
  const frames = await told(TEXT, (_slow, count) => {
    if (count > 1) return;
    setTimeout(() => {
      closedAt = Slow.told.length;
      closing = engine.close();
    }, 1);
  });
  await closing;
  t.true(closedAt < FRAMES, `${closedAt}`);
  t.deepEqual(frames, [...LINES.slice(0, closedAt), 'closed: close']);
});

test.serial('datagrams wait for the next turn, too, and stay in order', async (t) => {
  const received: string[] = [];
  const changed = new Condition(() => received);
  let fires = 0;
  const before: number[] = [];
  class Receiver extends Datagram {
    override onRead(data: Buffer): void {
      toil();
      before.push(fires);
      received.push(data.toString());
      changed.changed();
    }
  }
  const receiver = new Receiver().listen(['127.0.0.1', 0]);
  const socket = createSocket('udp4');
  const timer = setInterval(() => {
    fires += 1;
  }, 1);
  const port = (receiver.localAddr as { port: number }).port;
  for (const line of LINES) socket.send(line, port, '127.0.0.1');
  await changed.until('all', () => received.length === FRAMES);
  clearInterval(timer);
  socket.close();
  receiver.close();
  t.deepEqual(received, LINES);
  t.true((before.at(-1) as number) - (before[0] as number) > 5, `${before}`);
});

test('a flood of channels that are unref()ed keeps no process alive', async (t) => {
  const program = fileURLToPath(new URL('fixtures/unref-flood.mjs', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 20_000 });
  t.is(stdout, 'exit\n');
});

test('an answer does not wait for the hooks that follow it, in the same batch', async (t) => {
  const fixture = fileURLToPath(new URL('fixtures/slow-hooks.mjs', import.meta.url));
  const server = spawn(process.execPath, [fixture], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(() => server.kill('SIGKILL'));
  const [port] = await once(server.stdout, 'data');
  const socket = connect(Number(port), '127.0.0.1');
  t.teardown(() => socket.destroy());
  let answers = '';
  const changed = new Condition(() => answers);
  socket.on('data', (data) => {
    answers += data;
    changed.changed();
  });
  // One chunk: the reactor reads it at once.
  socket.write('1\n2\n3\n4\nlast\n');
  await changed.until('first answer', () => answers.startsWith('1\n'));
  t.false(answers.includes('last'));
  // Only now the hook of the last ends.
  server.stdin.write('x');
  await changed.until('last answer', () => answers.endsWith('last\n'));
  t.is(answers, '1\n2\n3\n4\nlast\n');
});
