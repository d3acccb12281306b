// One port, many processes or threads; and one that takes another's place.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';

import test, { type ExecutionContext } from 'ava';

import { freePort } from './peers/place.ts';

const FIXTURE = fileURLToPath(new URL('fixtures/one-port.mjs', import.meta.url));

// Elsewhere the kernel does not spread the connections of a port.
const linux = process.platform === 'linux' ? test : test.skip;

/** Resolves when it listens. */
async function start(t: ExecutionContext, how: string, port: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, [FIXTURE, how, String(port)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const [line] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  t.is(String(line), 'listening\n');
  return child;
}

/** Whose answer it is; or the code of what went wrong. */
function ask(port: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (data) => {
      text += data;
    });
    socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(`${code}`));
    socket.on('end', () => resolve(text === '' ? 'cut off' : text));
  });
}

for (const how of ['cluster', 'workers']) {
  linux(`reusePort with ${how}: each has its share of the connections`, async (t) => {
    const port = await freePort();
    const child = await start(t, how, port);
    const answers = await Promise.all(Array.from({ length: 600 }, () => ask(port)));
    const shares = new Map<string, number>();
    for (const answer of answers) shares.set(answer, (shares.get(answer) ?? 0) + 1);
    t.is(shares.size, 3, JSON.stringify([...shares]));
    t.log(`of 600: ${[...shares.values()].join(', ')}`);
    // 200 each, give or take 12.
    for (const [answer, share] of shares) {
      t.regex(answer, /^\d+\.\d+$/);
      t.true(share > 100 && share < 300, `${answer}: ${share}`);
    }
    child.stdin?.end();
    const [code] = await once(child, 'exit');
    t.is(code, 0);
  });
}

linux('a rolling restart: no connection is refused or cut', async (t) => {
  const port = await freePort();
  let old = await start(t, 'process', port);
  const answers: string[] = [];
  let restarting = true;
  const load = Array.from({ length: 200 }, async () => {
    while (restarting) answers.push(await ask(port));
  });
  for (let round = 0; round < 4; round += 1) {
    const next = await start(t, 'process', port);
    const [before] = [answers.length];
    old.stdin?.end();
    const [code] = await once(old, 'exit');
    t.is(code, 0);
    while (answers.length < before + 200) await new Promise((resolve) => setImmediate(resolve));
    old = next;
  }
  restarting = false;
  await Promise.all(load);
  const names = new Set(answers);
  t.log(`${answers.length} connections`);
  t.deepEqual(
    [...names].filter((name) => !/^\d+\.\d+$/.test(name)),
    [],
  );
  t.is(names.size, 5);
});

linux('socket activation: a socket that a supervisor has opened, by its protocol', async (t) => {
  // As systemd does it: the descriptors begin at 3, and LISTEN_PID is the process that they are for.
  const program = `
    import { Connection, Server } from 'pants-native';
    class Hello extends Connection { onConnect() { this.end('hello'); } }
    const isGiven = process.env.LISTEN_PID === String(process.pid);
    const server = new Server(Hello).listen(isGiven ? { fd: 3 } : { port: 1 });
    process.stdin.resume().once('end', () => server.end());
  `;
  const supervisor = `
    use Socket; $^F = 9;
    socket(my $s, PF_INET, SOCK_STREAM, 0) or die; bind($s, sockaddr_in(0, INADDR_LOOPBACK)) or die;
    listen($s, 16) or die; my ($port) = sockaddr_in(getsockname($s));
    $| = 1; print "$port\\n";
    use POSIX; POSIX::dup2(fileno($s), 3); $ENV{LISTEN_FDS} = 1; $ENV{LISTEN_PID} = $$;
    exec @ARGV or die;
  `;
  if (spawnSync('perl', ['-e', '']).status !== 0) {
    t.log('left out: there is no perl');
    t.pass();
    return;
  }
  const args = [process.execPath, '--input-type=module', '-e', program];
  const cwd = fileURLToPath(new URL('../', import.meta.url));
  const child = spawn('perl', ['-e', supervisor, ...args], {
    cwd,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const [port] = await once(child.stdout, 'data');
  // Whoever connects before it runs waits in the queue.
  t.is(await ask(Number(String(port))), 'hello');
  t.is(await ask(Number(String(port))), 'hello');
  child.stdin?.end();
  const [code] = await once(child, 'exit');
  t.is(code, 0);
});
