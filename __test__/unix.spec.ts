// Of Unix streams, what the conformance suite cannot ask of the reference too.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  readFileSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import test, { type ExecutionContext } from 'ava';
import { Client, Server, UnixClient, UnixConnection, UnixServer } from 'pants-native';

import { addonFile } from './helpers/addon.ts';
import { temporaryDirectory } from './helpers/files.ts';
import { record } from './helpers/log.ts';
import { eventually } from './helpers/wait.ts';

const FIXTURE = fileURLToPath(new URL('./fixtures/unix.mjs', import.meta.url));
const isRoot = process.getuid?.() === 0;

function start(t: ExecutionContext, scenario: string, path = '', cwd?: string) {
  const child = spawn(process.execPath, [FIXTURE, scenario, path], { stdio: 'pipe', cwd });
  t.teardown(() => child.kill('SIGKILL'));
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${scenario}: nothing more; ${errors}`);
    return value as string;
  };
  return { child, line, errors: () => errors };
}

/** A socket file whose server was killed. */
async function stale(t: ExecutionContext, path: string): Promise<void> {
  const { child } = start(t, 'SIGKILL', path);
  const [, signal] = await once(child, 'exit');
  t.is(signal, 'SIGKILL');
  t.true(lstatSync(path).isSocket());
}

class Echo extends UnixConnection {
  override onRead(data: Buffer): void {
    this.write(data);
  }
}

function listen(t: ExecutionContext, path: string): UnixServer {
  const server = new UnixServer(Echo);
  t.teardown(() => server.close());
  return server.listen(path);
}

/** Whether an echo answers there. */
async function answers(t: ExecutionContext, path: string): Promise<void> {
  const client = new UnixClient();
  const log = record(client);
  client.connect(path);
  client.write('hello');
  await log.frames(1);
  t.is(log.text, 'hello');
  client.close();
  await log.closed();
}

test('N1: a file that a killed server has left behind is replaced', async (t) => {
  const path = join(temporaryDirectory(t), 'sock');
  await stale(t, path);
  const server = listen(t, path);
  await answers(t, path);
  server.close();
  await server.end();
  t.false(existsSync(path));
});

test('N2: a file that is not the server’s own any more stays', async (t) => {
  const path = join(temporaryDirectory(t), 'sock');
  const server = listen(t, path);
  unlinkSync(path);
  writeFileSync(path, 'of somebody else');
  server.close();
  await server.end();
  t.is(readFileSync(path, 'utf8'), 'of somebody else');
});

test('N1, N11: symbolic links', async (t) => {
  const directory = temporaryDirectory(t);
  const [real, link] = [join(directory, 'real'), join(directory, 'link')];
  await stale(t, real);
  symlinkSync(real, link);
  t.throws(() => listen(t, link), { code: 'EADDRINUSE' });
  t.true(existsSync(real), 'nothing is removed through a link');
  listen(t, real);
  await answers(t, link);
  const other = join(directory, 'directory');
  symlinkSync(directory, other);
  const server = listen(t, join(other, 'sock'));
  await answers(t, join(directory, 'sock'));
  unlinkSync(other);
  server.close();
  await server.end();
  t.false(existsSync(join(directory, 'sock')), 'found although the way there is gone');
});

for (const scenario of [
  'natural exit',
  'process.exit()',
  'process.exit() in a hook',
  'an uncaught exception',
]) {
  test(`N3: ${scenario}: the file is removed`, async (t) => {
    const path = join(temporaryDirectory(t), 'sock');
    const { child, errors } = start(t, scenario, path);
    const [code] = await once(child, 'exit');
    t.is(code, scenario === 'an uncaught exception' ? 1 : 0, errors());
    t.false(existsSync(path));
  });
}

test('N3: worker.terminate(): the file is removed', async (t) => {
  const path = join(temporaryDirectory(t), 'sock');
  const { line } = start(t, 'worker.terminate()', path);
  t.is(await line(), 'terminated');
  t.false(existsSync(path));
});

test('N11: a relative path is that of the call', async (t) => {
  const directory = temporaryDirectory(t);
  const { child, line } = start(t, 'changed directories', 'sock', directory);
  t.is(await line(), 'hello');
  await once(child, 'exit');
  t.false(existsSync(join(directory, 'sock')));
});

test('N11: of processes that race for a stale path, one wins', async (t) => {
  const path = join(temporaryDirectory(t), 'sock');
  await stale(t, path);
  const racers = Array.from({ length: 4 }, () => start(t, 'racer', path));
  for (const { line } of racers) t.is(await line(), 'ready');
  for (const { child } of racers) child.stdin.write('go\n');
  const results = await Promise.all(racers.map(({ line }) => line()));
  t.deepEqual(results.sort(), ['EADDRINUSE', 'EADDRINUSE', 'EADDRINUSE', 'won']);
  await answers(t, path);
});

test('N8: EACCES', async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'sock');
  const server = new UnixServer(Echo).listen({ path, mode: 0o600 });
  t.teardown(() => server.close());
  if (isRoot) {
    // Root may do anything: somebody else tries.
    chmodSync(directory, 0o755);
    const { line } = start(t, 'forbidden', path);
    t.is(await line(), `EACCES connect ${path}`);
    t.is(await line(), `EACCES listen ${path}-2`);
  } else {
    chmodSync(path, 0);
    const client = new UnixClient();
    const log = record(client);
    client.connect(path);
    await log.closed();
    t.like(log.connectError, { code: 'EACCES', syscall: 'connect', address: path });
    chmodSync(directory, 0o500);
    const again = () => listen(t, `${path}-2`);
    t.like(t.throws(again), { code: 'EACCES', syscall: 'listen', address: `${path}-2` });
    chmodSync(directory, 0o700);
  }
});

test('C18: a full backlog is EAGAIN', async (t) => {
  if (process.platform !== 'linux') {
    t.pass('elsewhere it is ECONNREFUSED');
    return;
  }
  const path = join(temporaryDirectory(t), 'sock');
  const program = `require('net').createServer().listen({ path: ${JSON.stringify(path)}, backlog: 1 },
    () => process.kill(process.pid, 'SIGSTOP'))`;
  const child: ChildProcess = spawn(process.execPath, ['-e', program]);
  t.teardown(() => child.kill('SIGKILL'));
  const stopped = () => /^State:\tT/m.test(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
  await eventually('it listens, and is stopped', stopped);
  let error: NodeJS.ErrnoException | undefined;
  for (let round = 0; round < 10 && error === undefined; round++) {
    const client = new UnixClient();
    t.teardown(() => client.close());
    const log = record(client);
    client.connect(path);
    await log.until('an answer', () => log.hooks.length > 0);
    error = log.connectError;
  }
  t.like(error, { code: 'EAGAIN', syscall: 'connect', address: path });
  // Somebody is there, however busy.
  t.throws(() => listen(t, path), { code: 'EADDRINUSE' });
});

test('peerCredentials: of a process, as the system vouches for it', async (t) => {
  const path = join(temporaryDirectory(t), 'sock');
  const accepted: UnixConnection[] = [];
  class Curious extends UnixConnection {
    said = '';
    override onRead(data: Buffer): void {
      this.said += data;
      accepted.push(this);
    }
  }
  const server = new UnixServer(Curious);
  let early: unknown;
  server.onAccept = (socket) => {
    early = socket.peerCredentials;
    new Curious(socket, server);
  };
  t.teardown(() => server.close());
  server.listen(path);
  const { child } = start(t, 'client', path);
  await eventually('it has said its number', () => accepted.length > 0);
  const [connection] = accepted as Curious[];
  const pid = process.platform === 'linux' ? child.pid : null;
  const expected = { pid, uid: process.getuid?.(), gid: process.getgid?.() };
  t.is(connection?.said, `${child.pid}`);
  t.deepEqual(connection?.peerCredentials as unknown, expected);
  t.deepEqual(early, expected);
  child.kill('SIGKILL');

  const client = new UnixClient();
  t.is(client.peerCredentials, null);
  const log = record(client);
  client.connect(path);
  await log.seen('connect');
  t.is(client.peerCredentials?.uid, process.getuid?.());
  client.close();
});

test('peerCredentials: null for TCP', async (t) => {
  const server = new Server().listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  const client = new Client();
  const log = record(client);
  client.connect('127.0.0.1', server.localAddr?.port ?? 0);
  await log.seen('connect');
  t.is(client.peerCredentials, null);
  client.close();
});

test('P8: no descriptor of a Unix socket is passed to child processes', async (t) => {
  if (process.platform !== 'linux') {
    t.pass('no /proc to look at');
    return;
  }
  const path = join(temporaryDirectory(t), 'sock');
  const server = listen(t, path);
  const client = new UnixClient();
  t.teardown(() => client.close());
  const log = record(client);
  client.connect(path);
  await log.seen('connect');
  await eventually('accepted', () => server.channels.size === 1);
  const open = execFileSync('ls', ['-l', '/proc/self/fd'], { encoding: 'utf8', stdio: 'pipe' });
  t.notRegex(open.replaceAll(/ [012] -> .*/g, ''), /socket:|pants/, open);
});

test('a UnixServer and a Node server share nothing but the path', async (t) => {
  const path = join(temporaryDirectory(t), 'sock');
  const other = createServer((socket) => socket.pipe(socket)).listen(path);
  await once(other, 'listening');
  t.throws(() => listen(t, path), { code: 'EADDRINUSE' });
  other.close();
  await once(other, 'close');
  listen(t, relative(process.cwd(), path));
  await answers(t, path);
});

test('the backlog of a UnixServer', (t) => {
  const program = `
    const binding = require(${JSON.stringify(addonFile)});
    const { listenPath } = binding;
    binding.listenPath = (engine, path, options) => {
      console.log(options.backlog);
      return listenPath(engine, path, options);
    };
    const { UnixServer } = require('pants-native');
    new UnixServer().listen(process.argv[1] + '1').close();
    new UnixServer().listen(process.argv[1] + '2', 7).close();`;
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const path = join(temporaryDirectory(t), 'sock');
  const output = execFileSync(process.execPath, ['-e', program, path], { cwd, encoding: 'utf8' });
  t.is(output, '1024\n7\n');
});

test('a platform without Unix sockets says so, and of descriptors too', async (t) => {
  const program = `
    // As the addon is where there are none.
    require(${JSON.stringify(addonFile)}).hasUnixSockets = () => false;
    const { Stream, UnixClient, UnixServer } = require('pants-native');
    const codeOf = (call) => { try { call(); } catch ({ code }) { return code; } };
    console.log(codeOf(() => new UnixServer().listen('/sock')));
    console.log(codeOf(() => new UnixClient().connect('/sock')));
    console.log(codeOf(() => new Stream({ fd: 3 })));
    console.log(codeOf(() => { new UnixServer(); new UnixClient(); }));`;
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const output = execFileSync(process.execPath, ['-e', program], { cwd, encoding: 'utf8' });
  const unsupported = 'ERR_UNIX_UNSUPPORTED\n';
  t.is(output, `${unsupported}${unsupported}ERR_INVALID_ARG_VALUE\nundefined\n`);
});
