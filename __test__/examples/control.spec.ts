import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, renameSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

import test, { type ExecutionContext } from 'ava';

import { Example, exampleCommand } from '../helpers/example.ts';
import { temporaryDirectory } from '../helpers/files.ts';

/** The answer to a command, and the client's exit code. */
async function ask(t: ExecutionContext, path: string, ...command: string[]) {
  const client = new Example(t, 'control-client', path, ...command);
  return [await client.line(), await client.end()];
}

test('control: commands from its own user, and a tidy end', async (t) => {
  const path = join(temporaryDirectory(t), 'control.sock');
  const control = new Example(t, 'control', path);
  t.is(await control.line(), `control: listening on ${path}`);
  t.is(statSync(path).mode & 0o777, 0o600);
  t.deepEqual(await ask(t, path, 'level'), ['ok normal', 0]);
  t.deepEqual(await ask(t, path, 'level', 'debug'), ['ok', 0]);
  t.deepEqual(await ask(t, path, 'status'), ['ok level debug, 3 commands', 0]);
  t.deepEqual(await ask(t, path, 'level', 'loud'), ['error no level "loud"', 1]);
  const [help, code] = await ask(t, path, 'what?');
  t.is(code, 1);
  t.regex(`${help}`, /^error status, /);
  t.deepEqual(await ask(t, path, 'stop'), ['ok', 0]);
  t.is(await control.line(), 'control: stopped');
  t.is(await control.end(), 0);
  t.false(existsSync(path));
  const late = new Example(t, 'control-client', path, 'status');
  t.is(await late.end(), 1);
  t.is(late.errors, `is it running? connect ENOENT ${path}\n`);
});

test('control: after it was killed it can be started again', async (t) => {
  const path = join(temporaryDirectory(t), 'control.sock');
  const killed = new Example(t, 'control', path);
  await killed.line();
  killed.process.kill('SIGKILL');
  await once(killed.process, 'exit');
  t.true(existsSync(path));
  const control = new Example(t, 'control', path);
  t.is(await control.line(), `control: listening on ${path}`);
  t.deepEqual(await ask(t, path, 'status'), ['ok level normal, 1 commands', 0]);
  control.process.kill('SIGINT');
  t.is(await control.line(), 'control: stopped');
  t.false(existsSync(path));
});

test('control: on a socket that a supervisor has opened', async (t) => {
  const path = join(temporaryDirectory(t), 'control.sock');
  const supervisor = createServer().listen(path);
  await once(supervisor, 'listening');
  const { fd } = (supervisor as unknown as { _handle: { fd: number } })._handle;
  // The number of the process is part of what it is passed; so a shell becomes it.
  const become = 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"';
  const child = spawn('sh', ['-c', become, 'sh', ...exampleCommand('control')], {
    stdio: ['ignore', 'pipe', 'inherit', fd],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  const [line] = await once(child.stdout as Readable, 'data');
  t.is(`${line}`, `control: listening on ${path}\n`);
  // Only the daemon shall answer; but Node removes the file of a server that it closes.
  renameSync(path, `${path}-kept`);
  supervisor.close();
  await once(supervisor, 'close');
  renameSync(`${path}-kept`, path);
  t.deepEqual(await ask(t, path, 'stop'), ['ok', 0]);
  await exited;
  t.true(existsSync(path), 'it is the supervisor’s file');
});
