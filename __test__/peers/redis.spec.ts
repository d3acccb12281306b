import { RespClient } from '../../examples/resp-client.ts';
import { Example } from '../helpers/example.ts';
import { Program, peerTest } from '../helpers/program.ts';
import { RedisServer } from './redis-server.ts';

peerTest('redis-benchmark, 16 requests in flight, against the example', async (t) => {
  const port = await new Example(t, 'redis', 0).port();
  const { code, stdout, stderr } = await Program.run(t, 'redis-benchmark', [
    ...['-p', port, '-n', 20_000, '-c', 20, '-P', 16, '-d', 100, '-r', 500, '--csv'],
    ...['-t', 'ping_inline,ping_mbulk,set,get'],
  ]);
  t.is(code, 0, stderr);
  t.notRegex(`${stdout}${stderr}`, /error/i);
  const [, ...rows] = stdout.toString().trim().split('\n');
  const names = rows.map((row) => row.split(',')[0]);
  t.deepEqual(names, ['"PING_INLINE"', '"PING_MBULK"', '"SET"', '"GET"']);

  // It reads replies, but does not look at them: what it has stored is there, each key under its
  // own name, with the value that it was given.
  const keys = Array.from({ length: 500 }, (_, n) => `key:${String(n).padStart(12, '0')}`);
  const check = await Program.run(
    t,
    'redis-cli',
    ['-p', port],
    ['dbsize', ...keys.map((key) => `get ${key}`)].join('\n'),
  );
  t.is(check.code, 0, check.stderr);
  const [size, ...values] = check.stdout.toString().trimEnd().split('\n');
  t.is(size, '500');
  t.is(values.length, 500);
  t.is(values[0]?.length, 100);
  t.deepEqual([...new Set(values)], [values[0]]);
});

peerTest('redis-cli is answered by the example as by Redis', async (t) => {
  const [redis, example] = await Promise.all([
    RedisServer.start(t).then(({ port }) => port),
    new Example(t, 'redis', 0).port(),
  ]);
  const script = [
    'ping',
    'ping "two words"',
    'echo ""',
    'get nothing',
    'set greeting "hello\\r\\n\\x00\\xff*$"',
    'get greeting',
    'set empty ""',
    'get empty',
    'dbsize',
    'get',
    'set one',
    'set one 1',
    'set "a key" "$-1"',
    'get "a key"',
    'del greeting one nothing greeting',
    'dbsize',
    `set large "${'0123456789abcdef'.repeat(20_000)}"`,
    'get large',
    'get greeting',
  ].join('\n');
  const answers = async (port: number) => {
    const { code, stdout, stderr } = await Program.run(t, 'redis-cli', ['-p', port], script);
    t.is(code, 0, stderr);
    return stdout.toString('latin1').split('\n');
  };
  const expected = await answers(redis);
  t.true(expected.length > 20);
  t.deepEqual(await answers(example), expected);
});

peerTest('redis-cli --pipe: 50,000 commands without waiting for a reply', async (t) => {
  const port = await new Example(t, 'redis', 0).port();
  let commands = '';
  for (let n = 0; n < 50_000; n += 1) {
    const words = n % 10 === 9 ? ['GET', `key${n - 1}`] : ['SET', `key${n}`, 'x'.repeat(n % 40)];
    commands += `*${words.length}\r\n`;
    for (const word of words) commands += `$${word.length}\r\n${word}\r\n`;
  }
  // It ends with an ECHO of random bytes, and has all replies when those have come back.
  const { code, stdout, stderr } = await Program.run(
    t,
    'redis-cli',
    ['-p', port, '--pipe'],
    commands,
  );
  t.is(code, 0, stderr);
  t.regex(stdout.toString(), /^errors: 0, replies: 50000$/m);
  const check = await Program.run(t, 'redis-cli', ['-p', port], 'dbsize\nget key49998\n');
  t.is(check.stdout.toString(), `45000\n${'x'.repeat(49_998 % 40)}\n`);
});

peerTest('a client reads every kind of reply from Redis', async (t) => {
  const { port } = await RedisServer.start(t);
  const client = new RespClient().connect('127.0.0.1', port);
  t.teardown(() => client.close());
  const bytes = Buffer.from(Array.from({ length: 512 }, (_, n) => n % 256));

  t.is(await client.command('PING'), 'PONG');
  t.is(await client.command('SET', 'bytes', bytes), 'OK');
  t.deepEqual(await client.command('GET', 'bytes'), bytes);
  t.is(await client.command('STRLEN', 'bytes'), 512);
  t.is(await client.command('GET', 'nothing'), null);
  t.is(await client.command('SET', 'empty', ''), 'OK');
  t.deepEqual(await client.command('GET', 'empty'), Buffer.of());
  t.is(await client.command('SET', 'lines', '\r\n$5\r\n\r\n'), 'OK');
  t.deepEqual(await client.command('MGET', 'lines', 'nothing', 'empty'), [
    Buffer.from('\r\n$5\r\n\r\n'),
    null,
    Buffer.of(),
  ]);
  t.deepEqual(await client.command('LRANGE', 'nothing', 0, -1), []);
  const error = await client.command('INCR', 'bytes');
  t.regex(String(error), /^Error: ERR value is not an integer/);

  // An array of arrays.
  t.is(await client.command('MULTI'), 'OK');
  t.is(await client.command('RPUSH', 'list', 'a', 'b', ''), 'QUEUED');
  t.is(await client.command('LRANGE', 'list', 0, -1), 'QUEUED');
  t.is(await client.command('LRANGE', 'nothing', 0, -1), 'QUEUED');
  const list = [Buffer.from('a'), Buffer.from('b'), Buffer.of()];
  t.deepEqual(await client.command('EXEC'), [3, list, []]);
});

peerTest('a client and Redis: 20,000 commands in flight, and large values', async (t) => {
  const { port } = await RedisServer.start(t);
  const client = new RespClient().connect('127.0.0.1', port);
  t.teardown(() => client.close());

  const value = (n: number) => Buffer.alloc(n % 300, `${n}\r\n`);
  const replies = Array.from({ length: 10_000 }, (_, n) => [
    client.command('SET', `key${n}`, value(n)),
    client.command('GET', `key${n}`),
  ]);
  const wrong = (await Promise.all(replies.flat())).filter((reply, index) => {
    const n = index >> 1;
    return index % 2 === 0 ? reply !== 'OK' : Buffer.compare(value(n), reply as Buffer) !== 0;
  });
  t.deepEqual(wrong, []);

  const large = Buffer.alloc(5_000_000, 'large\r\n');
  t.is(await client.command('SET', 'large', large), 'OK');
  t.is(Buffer.compare((await client.command('GET', 'large')) as Buffer, large), 0);
});

peerTest('a client hears what Redis says by itself, and of its end', async (t) => {
  const { port, program } = await RedisServer.start(t);
  const listener = new RespClient().connect('127.0.0.1', port);
  const client = new RespClient().connect('127.0.0.1', port);
  t.teardown(() => listener.close());
  t.teardown(() => client.close());

  const subscribed = [Buffer.from('subscribe'), Buffer.from('news'), 1];
  t.deepEqual(await listener.command('SUBSCRIBE', 'news'), subscribed);
  t.is(await client.command('PUBLISH', 'news', 'one\r\n'), 1);
  t.is(await client.command('PUBLISH', 'news', ''), 1);
  // What was published is there before the reply to this.
  t.deepEqual(await listener.command('PING'), [Buffer.from('pong'), Buffer.of()]);
  t.deepEqual(listener.messages, [
    [Buffer.from('message'), Buffer.from('news'), Buffer.from('one\r\n')],
    [Buffer.from('message'), Buffer.from('news'), Buffer.of()],
  ]);

  await t.throwsAsync(client.command('SHUTDOWN', 'NOSAVE'), { message: 'end' });
  t.is((await program.ended).code, 0);
  t.deepEqual(await listener.closed, { reason: 'end', unsentBytes: 0 });

  const late = new RespClient().connect('127.0.0.1', port);
  const { reason, error } = await late.closed;
  t.is(reason, 'error');
  t.is((error as NodeJS.ErrnoException | undefined)?.code, 'ECONNREFUSED');
});
