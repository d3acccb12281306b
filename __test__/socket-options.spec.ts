// Options as the operating system has them: a process that inherits the socket is asked.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import test, { type ExecutionContext } from 'ava';
import {
  Client,
  Connection,
  type ConnectOptions,
  Datagram,
  Server,
  type ServerOptions,
  type Socket,
  type Stream,
} from 'pants-native';

import { eventually } from './helpers/wait.ts';

type Questions = Record<string, readonly [level: number, name: number]>;

/** What is asked for, in numbers of Linux. */
const STREAM = {
  noDelay: [6, 1],
  keepAlive: [1, 9],
  idle: [6, 4],
  interval: [6, 5],
  count: [6, 6],
  recvBufferSize: [1, 8],
  sendBufferSize: [1, 7],
} as const satisfies Questions;

const DATAGRAM = {
  ttl: [0, 2],
  multicastTtl: [0, 33],
  multicastLoopback: [0, 34],
  broadcast: [1, 6],
} as const satisfies Questions;

type Answers<Q extends Questions = typeof STREAM> = Record<keyof Q, number>;

// Perl is part of every Debian, and of the machines that CI runs on.
const asks = process.platform === 'linux' && spawnSync('perl', ['-e', '']).status === 0;
const linux = asks ? test : test.skip;
const reason = asks ? '' : ' (wants Linux, and perl)';

/** What a program in Perl prints, whose `$socket` is this descriptor. */
function ask(fileno: number | null, program: string): string {
  const { stdout, stderr } = spawnSync(
    'perl',
    ['-e', `open(my $socket, '+<&=', 3) or die $!; ${program}`],
    { stdio: ['ignore', 'pipe', 'pipe', fileno ?? -1], encoding: 'utf8' },
  );
  if (stderr !== '') throw new Error(stderr);
  return stdout;
}

/** Numbers that `getsockopt(2)` gives for a descriptor. */
function optionsOf<Q extends Questions>(fileno: number | null, questions: Q): Answers<Q> {
  const pairs = Object.values(questions).map(([level, name]) => `[${level}, ${name}]`);
  const print = "print join ',', map { unpack 'i', getsockopt($socket, $_->[0], $_->[1]) }";
  const answers = ask(fileno, `${print} ${pairs.join()}`).split(',').map(Number);
  const named = Object.keys(questions).map((key, at) => [key, answers[at]]);
  return Object.fromEntries(named) as Answers<Q>;
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
  return [optionsOf(client.fileno, STREAM), optionsOf(connection?.fileno ?? null, STREAM)];
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

linux(`keepAlive is in whole seconds, and at least one${reason}`, async (t) => {
  const server = { keepAlive: { idle: 1, interval: 999 } };
  const client = { keepAlive: { idle: 1_001, interval: 32_767_000 } };
  const [connecting, accepted] = await ends(t, { client, server });
  t.like(connecting, { keepAlive: 1, idle: 2, interval: 32_767 });
  t.like(accepted, { keepAlive: 1, idle: 1, interval: 1 });
});

linux(`setNoDelay(), setKeepAlive(): on a live channel, and kept before${reason}`, async (t) => {
  const server = new Server(undefined, { noDelay: false }).listen(0, '127.0.0.1');
  const client = new Client();
  t.teardown(() => [client, server].map((channel) => channel.close()));
  client.setKeepAlive(true, 77_000, 7_000, 5).setNoDelay(false);
  client.connect('127.0.0.1', server.localAddr?.port ?? 0, { noDelay: true });
  await eventually('connected', () => client.connected && server.channels.size === 1);
  const [connection] = server.channels.values() as Iterable<Stream>;
  if (connection === undefined) return t.fail();
  const of = (channel: Stream) => optionsOf(channel.fileno, STREAM);
  const kept = { keepAlive: 1, idle: 77, interval: 7, count: 5 };
  t.like(of(client), kept);
  t.true(of(client).noDelay > 0, 'the call’s own comes before');
  client.setNoDelay(false);
  connection.setNoDelay().setKeepAlive(true, 1_500);
  await eventually('sets', () => of(client).noDelay === 0 && of(connection).keepAlive === 1);
  t.like(of(client), kept);
  t.true(of(connection).noDelay > 0);
  t.is(of(connection).idle, 2);
  client.setKeepAlive(false);
  await eventually('takes it back', () => of(client).keepAlive === 0);
  t.is(of(client).noDelay, 0);
});

linux(`userTimeout and typeOfService: both ends, both families${reason}`, async (t) => {
  const options = { userTimeout: 7_000, typeOfService: 0x28 };
  const questions = { userTimeout: [6, 18], tos: [0, 1], trafficClass: [41, 67] } as const;
  for (const [host, name] of [
    ['127.0.0.1', 'tos'],
    ['::1', 'trafficClass'],
  ] as const) {
    const server = new Server(options).listen(0, host);
    const client = new Client(options).connect(host, server.localAddr?.port ?? 0);
    t.teardown(() => [client, server].map((channel) => channel.close()));
    await eventually('connected', () => client.connected && server.channels.size === 1);
    const [connection] = server.channels.values();
    const asked = { userTimeout: questions.userTimeout, [name]: questions[name] };
    for (const fileno of [client.fileno, connection?.fileno ?? null]) {
      t.deepEqual(optionsOf(fileno, asked), { userTimeout: 7_000, [name]: 0x28 });
    }
  }
});

linux(`a connection's own options of its socket${reason}`, async (t) => {
  class Own extends Connection {
    constructor(socket: Socket, server: Server) {
      super(socket, server, { noDelay: false, recvBufferSize: 50_000 });
    }
  }
  const server = new Server(Own, { keepAlive: true }).listen(0, '127.0.0.1');
  const client = new Client().connect('127.0.0.1', server.localAddr?.port ?? 0);
  t.teardown(() => [client, server].map((channel) => channel.close()));
  await eventually('connected', () => server.channels.size === 1);
  const [connection] = server.channels.values();
  const answers = () => optionsOf(connection?.fileno ?? null, STREAM);
  await eventually('set', () => answers().noDelay === 0);
  t.like(answers(), { keepAlive: 1, recvBufferSize: 100_000 });
});

test('keepAlive: what no operating system takes is refused', (t) => {
  for (const name of ['idle', 'interval']) {
    const options = { keepAlive: { [name]: 32_767_001 } };
    const expected = { code: 'ERR_INVALID_ARG_VALUE', message: /32767001/ };
    t.throws(() => new Client(options), expected);
    t.throws(() => new Server(options), expected);
    t.throws(() => new Client().connect('127.0.0.1', 80, options), expected);
  }
});

/** How many connections may wait on a listening socket, as `ss(8)` knows it. */
function backlogOf(fileno: number | null): number {
  // struct tcp_info: of a listening socket, tcpi_sacked is that number; 28 bytes are before it.
  return Number(ask(fileno, "print unpack 'x28 L', getsockopt($socket, 6, 11)"));
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

linux(`TTL and loopback of a datagram channel${reason}`, (t) => {
  const channel = new Datagram({ family: 4, broadcast: true }).listen([null, 0]);
  t.teardown(() => channel.close());
  t.like(optionsOf(channel.fileno, DATAGRAM), { multicastLoopback: 1, broadcast: 1 });
  channel.setTTL(7);
  channel.setMulticastTTL(8);
  channel.setMulticastLoopback(false);
  channel.setBroadcast(false);
  const expected = { ttl: 7, multicastTtl: 8, multicastLoopback: 0, broadcast: 0 };
  t.deepEqual(optionsOf(channel.fileno, DATAGRAM), expected);
});
