// What channels tell to who looks on from outside: node:diagnostics_channel, NODE_DEBUG=pants.

import { execFileSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';

import test from 'ava';
import { Client, Connection, Datagram, Server } from 'pants-native';

import { eventually } from './helpers/wait.ts';

interface Told {
  event: string;
  channel: object;
  error?: NodeJS.ErrnoException;
  info?: object;
}

const EVENTS = ['open', 'close', 'error', 'overflow'];

test.serial('diagnostics_channel: open, close, error, overflow', async (t) => {
  const told: Told[] = [];
  const all = EVENTS.map((event) => {
    const name = `pants:channel:${event}`;
    const hear = (message: unknown) => told.push({ event, ...(message as Omit<Told, 'event'>) });
    subscribe(name, hear);
    return () => unsubscribe(name, hear);
  });
  t.teardown(() => {
    for (const stop of all) stop();
  });

  class Lines extends Connection {
    override readDelimiter = '\n';
    override bufferSize = 4;
  }
  const server = new Server(Lines).listen(0, '127.0.0.1');
  await server.opened;
  const client = new Client().connect('127.0.0.1', server.localAddr?.port ?? 0);
  await client.opened;
  client.write('too long for it');
  const info = await client.closed;
  const refused = new Client().connect('127.0.0.1', 1);
  const { error } = await refused.closed;
  const datagram = new Datagram().listen(0, '127.0.0.1');
  const failed = new Promise<void>((resolve) => {
    datagram.onError = () => resolve();
  });
  datagram.write(Buffer.alloc(70_000), [`127.0.0.1`, 9]);
  await failed;
  await datagram[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();

  const connection = told.find(({ channel }) => channel instanceof Lines)?.channel;
  const of = (channel: object | undefined) =>
    told
      .filter((one) => one.channel === channel)
      .map((one) => `${one.event} ${one.error?.code ?? ''}`.trim());
  t.deepEqual(of(server), ['open', 'close']);
  t.deepEqual(of(connection), ['open', 'overflow ERR_FRAME_OVERFLOW', 'close']);
  t.deepEqual(of(client), ['open', 'close']);
  t.deepEqual(of(refused), ['error ECONNREFUSED', 'close']);
  t.deepEqual(of(datagram), ['open', 'error EMSGSIZE', 'close']);
  const last = (channel: object) => told.filter((one) => one.channel === channel).at(-1)?.info;
  t.is(last(client), info);
  t.deepEqual(last(refused), { reason: 'error', error, unsentBytes: 0 });
});

test.serial('diagnostics_channel: a subscriber that throws stops nobody', async (t) => {
  const failed: unknown[] = [];
  const heard = (error: unknown) => failed.push(error);
  const fail = () => {
    throw new Error('thrown by a subscriber');
  };
  const before = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', heard);
  subscribe('pants:channel:open', fail);
  t.teardown(() => {
    unsubscribe('pants:channel:open', fail);
    process.off('uncaughtException', heard);
    for (const listener of before) process.on('uncaughtException', listener);
  });
  const server = new Server().listen(0, '127.0.0.1');
  await server.opened;
  const socket = connect(server.localAddr?.port ?? 0, '127.0.0.1');
  await eventually('a connection', () => server.channels.size === 1);
  socket.destroy();
  await server[Symbol.asyncDispose]();
  await eventually('both', () => failed.length === 2);
  t.regex(String(failed[0]), /thrown by a subscriber/);
});

test('NODE_DEBUG=pants: a line an event', (t) => {
  const program = fileURLToPath(new URL('fixtures/trace.mjs', import.meta.url));
  const node = process.env['NODE_BINARY'] ?? process.execPath;
  const run = (env: Record<string, string>) =>
    execFileSync(node, [program], {
      encoding: 'utf8',
      env: { ...process.env, ...env },
      timeout: 30_000,
    });
  t.is(run({ NODE_DEBUG: '' }), '');
  const lines = run({ NODE_DEBUG: 'pants' }).trimEnd().split('\n');
  t.true(
    lines.every((line) => /^PANTS \d+: /.test(line)),
    lines.join('\n'),
  );
  const events = lines.map((line) => line.replace(/^PANTS \d+: /, ''));
  const has = (pattern: RegExp) =>
    t.true(
      events.some((line) => pattern.test(line)),
      `${pattern} in\n${lines.join('\n')}`,
    );
  has(/^open Server \{ readyState: 'listening', .* \}$/);
  has(/^open Client \{ readyState: 'open', .* \}$/);
  has(/^open Connection \{ /);
  has(/^close Client \{ .* \} end$/);
  has(/^error a channel that cannot be shown connect ECONNREFUSED 127\.0\.0\.1:1$/);
  has(/^close a channel that cannot be shown error connect ECONNREFUSED/);
});
