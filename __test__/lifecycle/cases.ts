import type { Case } from './case.ts';
import type { Running } from './running.ts';

const HOOKS = [
  'onListen',
  'onAccept',
  'onConnect',
  'onConnectError',
  'onRead',
  'onWrite',
  'onEnd',
  'onOverflowError',
  'onError',
  'onClose',
  "a connection's onConnect",
  "a server's onClose",
];
const CONSTRUCTOR = "a connection's constructor";

/** A way in `ends.mjs`, and what it prints. */
const ENDS: Record<string, string> = {
  'all closed': 'exit 0\n',
  'all ended': 'exit 0\n',
  'server.close() and nothing else': 'exit 0\n',
  'server.end() with a deadline': '0 are left\nexit 0\n',
  'X9 unref() under traffic': 'exit 0\n',
  'X9 only unref() from the start': 'exit 0\n',
  'X9 unref() and ref() and unref()': 'alive\nexit 0\n',
  'at work again before exit': '3 rounds\nexit 0\n',
  'Engine.start() and stop()': 'alive\nexit 0\n',
  'engine.close() under traffic': 'engine closed\nexit 0\n',
  'engine.close() and another engine': '5 rounds\nexit 0\n',
  'engine.close() while connecting': '50 of 50 have closed\nexit 0\n',
  'engine.close() and channels that hold data back': '1 has closed\nexit 0\n',
  'engine.close() and a client that connects again':
    'closed, though it never began\nexit 0\n3 have closed\n',
  'engines that nobody uses': 'exit 0\n',
  'engines that are collected': '5 rounds\nexit 0\n',
};

/** Places in `exit.mjs` that call process.exit(7). */
const EXITS = [
  'at once',
  'before the socket of a connect is there',
  'in a timer',
  'in an interval',
  'in a turn of the loop',
  'in a tick',
  'in a microtask',
  'after an await',
  'with a full queue',
  'with a full queue, in a hook',
  'with writes pending',
  'while the engine closes',
  'before the engine has closed',
  "in a listener of 'exit'",
  "using channels in a listener of 'exit'",
  "the first use is in a listener of 'exit'",
  'and what was written arrives',
  'process.exit in the capture callback',
];

/** Places in `exit.mjs` that throw, and what is printed of it. */
const THROWS: Record<string, RegExp> = {
  'a throw at once': /^Error: boom$/m,
  'a throw in a timer': /^Error: boom$/m,
  'a throw in a tick': /^Error: boom$/m,
  'a throw in a microtask': /^Error: boom$/m,
  'a rejection that nobody handles': /Error: boom$/m,
  'a throw with a full queue': /^Error: boom$/m,
  'a throw of undefined': /^(Uncaught:\n)?undefined$/m,
  'a throw of null': /^(Uncaught:\n)?null$/m,
  'a throw of what cannot be shown': /trace-uncaught/,
};

/** Ways in `worker.mjs`. */
const WORKERS = [
  'P3 ends by itself',
  'P3 ends with unref() channels',
  'P4 process.exit()',
  'P4 process.exit() in a timer',
  'P4 process.exit() with a full queue',
  'P6 a throw in a hook',
  'P6 a throw in a tick',
  'P2 terminate() in a hook',
  'P2 terminate() while connecting',
  'P2 terminate() in a burst of accepts',
  'P2 terminate() with a full queue',
  'P2 terminate() with writes pending',
  'P2 terminate() at the start',
  'P2 terminate() while the engine closes',
  'P10 terminate() with engines',
  'P10 terminate() with a worker of its own',
];

export const cases: Case[] = [
  ...Object.entries(ENDS).map(([name, stdout]) => ({
    name: /^X9/.test(name) ? name : `P3 ${name}`,
    fixture: 'ends.mjs',
    nodeArguments: ['--expose-gc'],
    args: (seed: number) => [name.replace('X9 ', ''), String(seed)],
    expect: () => ({ stdout }),
  })),

  ...[...HOOKS, CONSTRUCTOR].flatMap((hook) => [
    {
      name: `P4 process.exit in ${hook}`,
      fixture: 'hooks.mjs',
      share: 0.25,
      args: (seed: number) => [hook, 'exit', String(seed)],
      expect: () => ({ code: 7, stdout: `process.exit in ${hook}\n` }),
    },
    {
      name: `P6 a throw in ${hook}`,
      fixture: 'hooks.mjs',
      share: 0.25,
      long: hook !== 'onRead' && hook !== CONSTRUCTOR,
      args: (seed: number) => [hook, 'throw', String(seed)],
      expect: () => ({ code: 1, stderr: new RegExp(`^Error: boom in ${hook}$`, 'm') }),
    },
  ]),
  ...HOOKS.map((hook) => ({
    name: `P7 a rejection in ${hook}`,
    fixture: 'hooks.mjs',
    share: 0.25,
    long: hook !== 'onRead',
    args: (seed: number) => [hook, 'reject', String(seed)],
    expect: () => ({ code: 1, stderr: new RegExp(`Error: boom in ${hook}$`, 'm') }),
  })),
  {
    name: 'P6 a throw in every hook, handled',
    fixture: 'hooks.mjs',
    args: (seed) => ['every', 'throw and handle', String(seed)],
    expect: () => ({ stdout: `${HOOKS.length + 1} handled\n` }),
  },
  {
    name: 'P7 a rejection in every hook, handled',
    fixture: 'hooks.mjs',
    args: (seed) => ['every', 'reject and handle', String(seed)],
    expect: () => ({ stdout: `${HOOKS.length} handled\n` }),
  },

  ...EXITS.map((place) => ({
    name: `P4 process.exit: ${place}`,
    fixture: 'exit.mjs',
    args: (seed: number) => [place, String(seed)],
    expect: () => ({ code: 7, stdout: 'exiting\n' }),
  })),
  ...Object.entries(THROWS).map(([place, stderr]) => ({
    name: `P6 ${place}`,
    fixture: 'exit.mjs',
    args: (seed: number) => [place, String(seed)],
    expect: () => ({ code: 1, stderr }),
  })),
  {
    name: "P6 a throw in the handler of 'uncaughtException'",
    fixture: 'exit.mjs',
    args: (seed) => ["a throw in the handler of 'uncaughtException'", String(seed)],
    // 7 is Node's code for that, too.
    expect: () => ({ code: 7, stderr: /^Error: boom again$/m }),
  },

  ...(['SIGTERM', 'SIGINT'] as const).flatMap((signal) => [
    {
      name: `P5 ${signal} that nobody handles`,
      fixture: 'signals.mjs',
      args: (seed: number) => ['none', signal, String(seed)],
      expect: () => ({ signal, stdout: 'ready\n' }),
      steps: send(signal),
    },
    {
      name: `P5 ${signal} and process.exit`,
      fixture: 'signals.mjs',
      args: (seed: number) => ['exit', signal, String(seed)],
      expect: () => ({
        code: { SIGTERM: 143, SIGINT: 130 }[signal],
        stdout: 'ready\n',
      }),
      steps: send(signal),
    },
    {
      name: `P5 ${signal} and close()`,
      fixture: 'signals.mjs',
      args: (seed: number) => ['close', signal, String(seed)],
      expect: () => ({ stdout: 'ready\nover: true\n' }),
      steps: send(signal),
    },
    {
      name: `P5 ${signal} sent in a hook`,
      fixture: 'signals.mjs',
      args: (seed: number) => ['self', signal, String(seed)],
      expect: () => ({ signal }),
    },
  ]),
  {
    name: 'P15 stopped and continued',
    fixture: 'signals.mjs',
    args: (seed) => ['stop', 'SIGCONT', String(seed)],
    expect: () => ({ stdout: 'ready\nover: true\n' }),
    async steps(running) {
      await running.line('ready');
      running.signal('SIGSTOP');
      await running.stopped();
      running.signal('SIGCONT');
    },
  },

  {
    name: 'P8 children inherit nothing',
    fixture: 'children.mjs',
    args: (seed) => [String(seed)],
    expect: () => ({ stdout: '5 children\n' }),
  },
  {
    name: 'P9 one of two processes on a port is killed',
    fixture: 'cluster.mjs',
    args: () => [],
    expect: () => ({ stdout: 'served on\n' }),
  },
  {
    name: 'P10 64 engines end one by one',
    fixture: 'engines.mjs',
    args: (seed) => ['64', String(seed)],
    expect: () => ({ stdout: '64 engines\n' }),
  },
  ...['js', 'addon'].map((what) => ({
    name: `P11 two instances of the ${what}`,
    fixture: 'instances.mjs',
    args: (seed: number) => [what, String(seed)],
    expect: () => ({ stdout: 'both\n' }),
  })),
  {
    name: 'P13 JavaScript is blocked while a peer floods',
    fixture: 'flood.mjs',
    args: () => ['blocked', '2'],
    expect: () => ({ stdout: '400000 lines\n' }),
    share: 0.1,
  },
  {
    name: 'P14 timers run while a peer floods',
    fixture: 'flood.mjs',
    args: () => ['timers'],
    expect: () => ({ stdout: '400000 lines\n' }),
    share: 0.25,
  },
  {
    name: 'P16 no descriptors for an engine',
    fixture: 'descriptors.mjs',
    args: () => [],
    expect: () => ({ stdout: 'failed in order\nand then it works\n' }),
    descriptors: 64,
  },
  {
    name: 'S6 an idle engine sleeps',
    fixture: 'idle.mjs',
    args: () => ['1'],
    expect: () => ({ stdout: 'idle\n' }),
    share: 0.25,
  },

  workers('P1 terminate() under traffic', 1, 'served', 'most'),
  workers('P1 terminate() under traffic', 4, 'served', 'some'),
  workers('P11 terminate() under traffic', 2, 'alone', 'some'),
  workers('P11 ends by itself', 2, 'alone', 'some'),
  ...WORKERS.map((way) => workers(way, 1, 'served', 'some')),
];

function workers(
  name: string,
  atOnce: number,
  main: 'served' | 'alone',
  share: 'most' | 'some',
): Case {
  const way = name.replace(/^P\d+ /, '');
  const more = atOnce > 1 ? `, ${atOnce} at once` : '';
  return {
    name: `${name.replace(way, `workers: ${way}`)}${more}${main === 'alone' ? ', alone' : ''}`,
    fixture: 'workers.mjs',
    args: (_seed, size) => [way, String(size), String(atOnce), main],
    expect: () => ({ stdout: /^\d+ workers, \d+ MiB\n$/ }),
    workers: share,
  };
}

function send(signal: NodeJS.Signals) {
  return async (running: Running): Promise<void> => {
    await running.line('ready');
    running.signal(signal);
  };
}
