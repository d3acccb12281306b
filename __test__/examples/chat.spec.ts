import { once } from 'node:events';

import test from 'ava';

import { Example } from '../helpers/example.ts';

test('chat: names, messages, leaving', async (t) => {
  const chat = new Example(t, 'chat', 0);
  const port = await chat.port();

  const ann = new Example(t, 'client', port);
  t.is(await ann.line(), 'What is your name?');
  ann.type('ann');
  t.is(await ann.line(), 'Welcome, ann. Here: nobody else.');

  const bob = new Example(t, 'client', port);
  t.is(await bob.line(), 'What is your name?');
  bob.type('ann');
  t.is(await bob.line(), 'ann is taken. Another name?');
  bob.type('not a name');
  t.is(await bob.line(), 'One to twenty letters or digits, please.');
  bob.type('bob');
  t.is(await bob.line(), 'Welcome, bob. Here: ann.');
  t.is(await ann.line(), 'bob has joined.');

  ann.type('hello');
  t.is(await bob.line(), 'ann: hello');
  bob.type('/quit');
  t.is(await ann.line(), 'bob has left.');
  t.is(await bob.end(), 0);
});

test('chat: Ctrl-C ends it, and the port is free at once', async (t) => {
  const chat = new Example(t, 'chat', 0);
  const port = await chat.port();
  const guest = new Example(t, 'client', port);
  t.is(await guest.line(), 'What is your name?');

  chat.process.kill('SIGINT');
  const [, signal] = await once(chat.process, 'exit');
  t.is(signal, 'SIGINT');

  const again = new Example(t, 'chat', port);
  t.is(await again.port(), port);
});

test('chat: a port in use is said in a sentence', async (t) => {
  const chat = new Example(t, 'chat', 0);
  const port = await chat.port();
  const second = new Example(t, 'chat', port);
  t.is(await second.end(), 1);
  t.is(second.errors, `Port ${port} is in use. Another one:  npm start -- ${port + 1}\n`);
});
