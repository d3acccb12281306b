import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import test from 'ava';
import * as imported from 'pants-native';

import { Peer } from './helpers/peer.ts';

const require = createRequire(import.meta.url);

/** Each class, and what it extends. */
const CLASSES = {
  Channel: null,
  Stream: 'Channel',
  Client: 'Stream',
  Connection: 'Stream',
  UnixClient: 'Stream',
  UnixConnection: 'Stream',
  StreamServer: 'Channel',
  Server: 'StreamServer',
  UnixServer: 'StreamServer',
  Datagram: 'Channel',
  Engine: null,
} as const;

test('every class is a named export, and extends what it should', (t) => {
  for (const [name, base] of Object.entries(CLASSES)) {
    const made: unknown = Reflect.get(imported, name);
    if (typeof made !== 'function') return t.fail(name);
    t.is(made.name, name);
    const parent: unknown = base === null ? Function.prototype : Reflect.get(imported, base);
    t.is(Object.getPrototypeOf(made), parent, name);
  }
  t.is(typeof imported.lengthPrefix, 'function');
});

test('require() gives the same module as import', (t) => {
  const required: typeof imported = require('pants-native');
  t.deepEqual(Object.keys(required).sort(), Object.keys(imported).sort());
  for (const [name, value] of Object.entries(imported)) {
    t.is(Reflect.get(required, name), value, name);
  }
});

test('require() loads CommonJS: it works where ES modules cannot be required (Jest)', (t) => {
  const flag = '--no-experimental-require-module';
  const flags = process.allowedNodeEnvironmentFlags.has(flag) ? [flag] : [];
  const program = "console.log(typeof require('pants-native').Server)";
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  t.is(
    execFileSync(process.execPath, [...flags, '-e', program], { cwd, encoding: 'utf8' }),
    'function\n',
  );
});

test('channels belong to the engine of their thread', (t) => {
  const { Client, Datagram, Engine, Server, UnixClient, UnixServer } = imported;
  const engine = Engine.instance();
  type Constructor = new (options?: { engine: imported.Engine }) => imported.Channel;
  for (const Class of [Client, Datagram, Server, UnixClient, UnixServer] as Constructor[]) {
    t.is(new Class().engine, engine);
    const own = new Engine();
    t.is(new Class({ engine: own }).engine, own);
  }
  t.is(Engine.instance(), engine);
});

for (const [kind, begin] of Object.entries({
  module: "import { Connection, Server } from 'pants-native';",
  commonjs: "const { Connection, Server } = require('pants-native');",
})) {
  test(`a whole program, ${kind}`, async (t) => {
    const program = `${begin}
      class Echo extends Connection { onRead(data) { this.write(data); } }
      const server = new Server(Echo).listen(0);
      console.log(server.localAddr.port);`;
    const child = spawn(process.execPath, [`--input-type=${kind}`, '-e', program], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.teardown(() => child.kill('SIGKILL'));
    const [port] = await once(createInterface({ input: child.stdout }), 'line');
    const peer = await Peer.connect({ address: '127.0.0.1', port: Number(port), family: 'IPv4' });
    t.teardown(() => peer.socket.destroy());
    await peer.write('hello');
    await peer.received(5);
    t.is(peer.text, 'hello');
    t.is(child.exitCode, null);
  });
}
