import { once } from 'node:events';

import test from 'ava';

import { Example } from '../helpers/example.ts';

test('echo sends lines back, and the client prints them', async (t) => {
  const echo = new Example(t, 'echo', 0);
  const client = new Example(t, 'client', await echo.port());
  client.type('one');
  client.type('two');
  t.is(await client.line(), 'one');
  t.is(await client.line(), 'two');
  t.is(await client.end(), 0);
});

test('the client says why it cannot connect', async (t) => {
  const echo = new Example(t, 'echo', 0);
  const port = await echo.port();
  echo.process.kill('SIGKILL');
  await once(echo.process, 'exit');
  const client = new Example(t, 'client', port);
  t.is(await client.end(), 1);
  t.regex(client.errors, new RegExp(`^cannot connect: .*ECONNREFUSED.*127\\.0\\.0\\.1:${port}\n$`));
});
