// What class fields leave of a channel: V8 keeps its properties where it finds them fast.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import test from 'ava';
import { Client, type ReadDelimiter } from 'pants-native';

import { PeerServer } from './helpers/peer.ts';

test('a channel with class fields has fast properties', (t) => {
  const program = fileURLToPath(new URL('fixtures/class-fields.mjs', import.meta.url));
  const flags = ['--allow-natives-syntax', program];
  const output = execFileSync(process.execPath, flags, { encoding: 'utf8', timeout: 30_000 });
  t.deepEqual(output.trimEnd().split('\n'), [
    'Before true true ["\\n","utf8",65536]',
    'onClose',
    'After true true ["\\n","utf8",1024]',
    'onRead count',
    'Both true true [";","utf8",1024]',
    'onRead count name onClose',
    'ByOptions true true ["\\n","utf8",1024]',
    'onRead count onClose',
    'ByConstructor true true [";","utf8",1]',
    'name',
  ]);
});

test('what follows a class field stays as it was', async (t) => {
  const listening = await PeerServer.listen();
  t.teardown(() => listening.close());
  const symbol = Symbol('own');
  class Own extends Client {
    override readDelimiter: ReadDelimiter = '\n';
    #hidden = 1;
    [symbol] = 2;
    7 = 3;
    shown = 4;
    get hidden(): number {
      return this.#hidden;
    }
  }
  const channels = [new Own(), new Own(), new Own(), new Own()] as const;
  const [plain, defined, fixed, frozen] = channels;
  Object.defineProperty(defined, 'computed', {
    get: () => 5,
    enumerable: false,
    configurable: true,
  });
  Object.defineProperty(fixed, 'constant', { value: 6 });
  Object.freeze(frozen);
  const before = channels.map((channel) => Object.getOwnPropertyDescriptors(channel));
  for (const channel of channels) {
    t.teardown(() => channel.close());
    channel.connect('127.0.0.1', listening.port);
    t.is(channel.readDelimiter, '\n');
    t.is(channel.hidden, 1);
  }
  for (const [at, channel] of channels.entries()) {
    const { readDelimiter, ...rest } = before[at] as Record<string, PropertyDescriptor>;
    const after = Object.getOwnPropertyDescriptors(channel);
    t.deepEqual(after, channel === frozen ? { readDelimiter, ...rest } : rest);
  }
  plain.readDelimiter = 5;
  t.is(plain.readDelimiter, 5);
  t.throws(() => Object.assign(plain, { readDelimiter: -1 }), { code: 'ERR_INVALID_ARG_VALUE' });
  t.is(plain.readDelimiter, 5);
});
