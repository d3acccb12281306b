import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import test from 'ava';
import { Engine } from 'pants-native';

import { temporaryDirectory } from './helpers/files.ts';
import { Noting } from './helpers/noting.ts';
import { eventually, milliseconds } from './helpers/wait.ts';

// Windows has no Unix datagrams.
const unix = process.platform === 'win32' ? test.skip : test;

unix('Unix: there and back, by path', async (t) => {
  const path = join(temporaryDirectory(t), 'sock');
  const server = Noting.make<string | null>(t, { family: 'unix' });
  server.listen(path);
  t.is(server.localAddr, path);
  t.true(statSync(path).isSocket());
  const client = Noting.make<string | null>(t, { family: 'unix' });
  client.listen(`${path}-client`);
  for (const data of ['one', '', 'x'.repeat(65_536)]) client.write(data, path);
  await server.received(3);
  t.deepEqual(server.reads, ['one', '', 'x'.repeat(65_536)]);
  t.deepEqual(server.from, Array(3).fill(`${path}-client`));
  server.write('back', server.from[0]);
  await client.received(1);
  t.deepEqual(client.from, [path]);
  server.close();
  client.close();
  await server.until('onClose', () => server.info !== undefined);
  t.false(existsSync(path), 'removed by who has made it');
});

unix('Unix: a channel with a peer; frames per sender', async (t) => {
  const path = join(temporaryDirectory(t), 'sock');
  const server = Noting.make<string | null>(t, { family: 'unix', readDelimiter: '\n' });
  server.listen({ path } as never);
  const client = Noting.make<string | null>(t, { family: 'unix' });
  client.connect(path);
  client.write('hel');
  client.write('lo\n');
  await server.received(1);
  t.deepEqual(server.reads, ['hello']);
  t.is(client.remoteAddr, path);
});

unix('Unix: one that is longer than the buffer is never given as a whole', async (t) => {
  const path = join(temporaryDirectory(t), 'sock');
  const server = Noting.make<string | null>(t, { family: 'unix' });
  server.listen(path);
  const client = Noting.make<string | null>(t, { family: 'unix' });
  client.write('x'.repeat(65_537), path);
  client.write('next', path);
  await server.received(1);
  t.deepEqual(server.reads, ['next']);
  t.is(server.errors[0]?.code, 'ERR_DATAGRAM_TRUNCATED');
  t.regex(server.errors[0]?.message ?? '', /65537 bytes/);
  t.is(server.drops, 1);
});

unix('U9: a receiver that is full is waited for, and nothing is lost', async (t) => {
  const path = join(temporaryDirectory(t), 'sock');
  const server = Noting.make<string | null>(t, { family: 'unix' });
  server.listen(path);
  server.pause();
  const client = Noting.make<string | null>(t, { family: 'unix' });
  const all = Array.from({ length: 2000 }, (_, at) => `${at}`.padEnd(200, '.'));
  for (const data of all) client.write(data, path);
  const bytes = 200 * all.length;
  await eventually('full', () => client.pendingBytes < bytes);
  t.true(client.pendingBytes > 0);
  server.resume();
  await server.received(all.length);
  t.deepEqual(server.reads, all);
  t.deepEqual(client.errors, []);
});

unix('Unix: errors of one datagram have its path', async (t) => {
  const directory = temporaryDirectory(t);
  const nowhere = join(directory, 'nowhere');
  const long = join(directory, 'x'.repeat(200));
  const client = Noting.make<string | null>(t, { family: 'unix' });
  client.write('x', nowhere);
  client.write('x', long);
  await client.until('two errors', () => client.errors.length === 2);
  t.like(client.errors[0], { code: 'ENOENT', syscall: 'send', address: nowhere });
  t.like(client.errors[1], { code: 'EINVAL', address: long });
});

unix('Unix: what stands in the way', async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'sock');
  const file = join(directory, 'file');
  writeFileSync(file, 'precious');
  const listen = (at: string, options = {}) =>
    Noting.make<string | null>(t, { family: 'unix', ...options }).listen(at);
  const first = listen(path);
  t.throws(() => listen(path), { code: 'EADDRINUSE' });
  t.throws(() => listen(file), { code: 'EADDRINUSE' });
  t.throws(() => listen(join(directory, 'none', 'sock')), { code: 'ENOENT' });
  t.throws(() => listen(join(directory, 'x'.repeat(200))), { code: 'EINVAL' });
  t.throws(() => listen(''), { code: 'ERR_INVALID_ARG_VALUE' });
  t.throws(() => listen(9 as never), { code: 'ERR_INVALID_ARG_TYPE' });
  first.close();
  const secret = listen(join(directory, 'secret'), { mode: 0o600 });
  t.is(statSync(secret.localAddr ?? '').mode & 0o777, 0o600);
  chmodSync(secret.localAddr ?? '', 0o666);
});

unix('Unix: a receiver that does not read is waited for without spinning', async (t) => {
  const folder = temporaryDirectory(t);
  const [own, other] = [new Engine(), new Engine()];
  t.teardown(() => Promise.all([own.close(), other.close()]));
  const receiver = Noting.make<string | null>(t, { engine: other, family: 'unix' });
  receiver.listen(join(folder, 'receiver')).pause();
  const sender = Noting.make<string | null>(t, { engine: own, family: 'unix' });
  const count = 100;
  for (let n = 0; n < count; n += 1) sender.write(`${n}`, join(folder, 'receiver'));
  await eventually('the queue is full', () => own.stats().writes > 0);
  const { turns } = own.stats();
  await milliseconds(300);
  t.true(sender.pendingBytes > 0);
  t.true(own.stats().turns - turns < 60, `${own.stats().turns - turns} turns`);
  receiver.resume();
  await receiver.received(count);
  t.deepEqual(
    receiver.reads,
    Array.from({ length: count }, (_, n) => `${n}`),
  );
  await sender.until('it has drained', () => sender.drains === 1);
  t.is(sender.pendingBytes, 0);
});

// Only Linux has abstract names.
const linux = process.platform === 'linux' ? test : test.skip;

linux('Unix: abstract names; a sender without a path gets one, and its replies', async (t) => {
  const name = `\0pants-${process.pid}-datagram`;
  const server = Noting.make<string | null>(t, { family: 'unix' });
  server.listen(name);
  t.is(server.localAddr, name);
  const client = Noting.make<string | null>(t, { family: 'unix' });
  client.write('hello', name);
  t.true(client.localAddr?.startsWith('\0'));
  await server.received(1);
  t.is(server.from[0], client.localAddr);
  server.write('welcome', server.from[0]);
  await client.received(1);
});
