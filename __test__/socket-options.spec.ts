// Options as the operating system has them: a process that inherits the socket is asked.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import test, { type ExecutionContext } from 'ava';
import { Client, type ConnectOptions, Server, type ServerOptions, type Stream } from 'pants-native';

import { eventually } from './helpers/wait.ts';

/** What is asked for: level and name, of Linux. */
const QUESTIONS = {
  noDelay: [6, 1],
  keepAlive: [1, 9],
  idle: [6, 4],
  interval: [6, 5],
  count: [6, 6],
  recvBufferSize: [1, 8],
  sendBufferSize: [1, 7],
} as const;

type Answers = Record<keyof typeof QUESTIONS, number>;

// Perl is part of every Debian, and of the machines that CI runs on.
const asks = process.platform === 'linux' && spawnSync('perl', ['-e', '']).status === 0;
const linux = asks ? test : test.skip;
const reason = asks ? '' : ' (wants Linux, and perl)';

/** Numbers that `getsockopt(2)` gives for a descriptor. */
function optionsOf(fileno: number | null): Answers {
  const questions = Object.values(QUESTIONS).map(([level, name]) => `[${level}, ${name}]`);
  const program = `open(my $socket, '+<&=', 3) or die $!;
    print join ',', map { unpack 'i', getsockopt($socket, $_->[0], $_->[1]) } ${questions.join()}`;
  const { stdout, stderr } = spawnSync('perl', ['-e', program], {
    stdio: ['ignore', 'pipe', 'pipe', fileno ?? -1],
    encoding: 'utf8',
  });
  if (stderr !== '') throw new Error(stderr);
  const answers = stdout.split(',').map(Number);
  return Object.fromEntries(Object.keys(QUESTIONS).map((key, at) => [key, answers[at]])) as Answers;
}

/** Both ends: a client with these options, the options of its connect, and a server's connection. */
async function ends(
  t: ExecutionContext,
  given: { client?: ConnectOptions; connect?: ConnectOptions; server?: ServerOptions },
): Promise<[client: Answers, connection: Answers]> {
  const server = new Server(given.server).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  const client = new Client(given.client);
  t.teardown(() => client.close());
  client.connect('127.0.0.1', server.localAddr?.port ?? 0, given.connect);
  await eventually('connected', () => client.connected && server.channels.size === 1);
  const [connection] = server.channels.values() as Iterable<Stream>;
  return [optionsOf(client.fileno), optionsOf(connection?.fileno ?? null)];
}

linux(`noDelay is the default, keepAlive is not${reason}`, async (t) => {
  for (const answers of await ends(t, {})) {
    t.like({ ...answers, noDelay: answers.noDelay > 0 }, { noDelay: true, keepAlive: 0 });
  }
});

const KEEP_ALIVE = { idle: 77_000, interval: 7_000, count: 5 };

linux(`options by constructor: both ends${reason}`, async (t) => {
  const options = {
    noDelay: false,
    keepAlive: KEEP_ALIVE,
    recvBufferSize: 50_000,
    sendBufferSize: 60_000,
  };
  for (const answers of await ends(t, { client: options, server: options })) {
    t.like(answers, { noDelay: 0, keepAlive: 1, idle: 77, interval: 7, count: 5 });
    // Linux doubles them.
    t.like(answers, { recvBufferSize: 100_000, sendBufferSize: 120_000 });
  }
});

linux(`options by call come before those of the constructor${reason}`, async (t) => {
  const client = { noDelay: false, keepAlive: KEEP_ALIVE };
  const connect = { noDelay: true, sendBufferSize: 70_000 };
  const [answers] = await ends(t, { client, connect });
  t.like(answers, { keepAlive: 1, idle: 77, sendBufferSize: 140_000 });
  t.true(answers.noDelay > 0);
  const [plain] = await ends(t, { client: { keepAlive: true } });
  t.is(plain.keepAlive, 1);
});

/** How many connections may wait on a listening socket, as `ss(8)` knows it. */
function backlogOf(fileno: number | null): number {
  // struct tcp_info: of a listening socket, tcpi_sacked is that number; 28 bytes are before it.
  const program = `open(my $socket, '+<&=', 3) or die $!;
    print unpack 'x28 L', getsockopt($socket, 6, 11)`;
  const { stdout, stderr } = spawnSync('perl', ['-e', program], {
    stdio: ['ignore', 'pipe', 'pipe', fileno ?? -1],
    encoding: 'utf8',
  });
  if (stderr !== '') throw new Error(stderr);
  return Number(stdout);
}

linux(`backlog: 1,024, or what is asked for${reason}`, (t) => {
  const listen = (backlog?: number) => {
    const server = new Server().listen(0, '127.0.0.1', backlog);
    t.teardown(() => server.close());
    return backlogOf(server.fileno);
  };
  t.is(listen(7), 7);
  // The system has a limit of its own.
  const most = Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'));
  t.is(listen(undefined), Math.min(1024, most));
});
