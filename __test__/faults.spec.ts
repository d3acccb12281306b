import { fileURLToPath } from 'node:url';

import type { ExecutionContext } from 'ava';

import { Program, straceTest } from './helpers/program.ts';

// System calls that fail, or do not do what they were asked for, where real ones do so too rarely
// to wait for: strace makes them. Five clients say twenty lines each to a server, and look whether
// each line comes back; see fixtures/faulty.mjs.

interface Told {
  /** Clients that got all their answers. */
  done: number;
  wrong: number;
  /** Connections that have closed. */
  closed: number;
  /** What hooks were told, and how often. */
  errors: Record<string, number>;
}

const fixture = fileURLToPath(new URL('fixtures/faulty.mjs', import.meta.url));

async function injected(
  t: ExecutionContext,
  mode: 'tcp' | 'unix' | 'files' | 'udp',
  call: string,
  fault: string,
): Promise<Told> {
  const { code, stdout, stderr } = await Program.run(t, 'strace', [
    ...['-f', '--seccomp-bpf', '-qq', '-o', '/dev/null'],
    ...['-e', `trace=${call}`, '-e', `inject=${call}:${fault}`],
    ...[process.execPath, fixture, mode],
  ]);
  t.is(code, 0, `${stdout}${stderr}`);
  return JSON.parse(`${stdout}`) as Told;
}

/** Nobody notices. */
const HARMLESS = [
  ['A3', 'tcp', 'accept4', 'error=ECONNABORTED:when=1..3'],
  ['A3', 'tcp', 'accept4', 'error=EINTR:when=1..3'],
  ['A3', 'tcp', 'accept4', 'error=EPROTO:when=1..3'],
  ['A3', 'tcp', 'accept4', 'error=EPERM:when=1..3'],
  ['R9', 'tcp', 'recvfrom', 'error=EINTR:when=1+2'],
  ['R9', 'unix', 'recvfrom', 'error=EINTR:when=1+2'],
  ['R9', 'tcp', 'sendto', 'error=EINTR:when=1+2'],
  ['R9', 'tcp', 'epoll_wait', 'error=EINTR:when=1+2'],
  ['R9', 'files', 'sendfile', 'error=EINTR:when=1+2'],
  ['R9', 'udp', 'recvmmsg', 'error=EINTR:when=1+2'],
  ['R9', 'udp', 'sendmmsg', 'error=EINTR:when=1+2'],
  // Where the file, or the system, has no sendfile(2).
  ['F', 'files', 'sendfile', 'error=EINVAL:when=1+1'],
  ['F', 'files', 'sendfile', 'error=ENOSYS:when=1+1'],
  ['U11', 'udp', 'sendmmsg', 'error=ENOSYS:when=1+1'],
  ['U11', 'udp', 'recvmmsg', 'error=ENOSYS:when=1+1'],
  // No segmentation: one by one.
  ['U11', 'udp', 'sendmmsg', 'error=EIO:when=1'],
  // No room in the device's queue: tried again. None in the socket's: when there is.
  ['U9', 'udp', 'sendmmsg', 'error=ENOBUFS:when=1+2'],
  ['U9', 'udp', 'sendmmsg', 'error=EAGAIN:when=1+2'],
] as const;

/** One connection ends with an error that says so, and the others know nothing of it. */
const FOR_ONE = [
  ['W3', 'tcp', 'sendto', 'retval=0:when=50', /^(client|connection) EIO$/],
  ['W15', 'tcp', 'sendto', 'error=ENOBUFS:when=50', /^(client|connection) ENOBUFS$/],
  ['W15', 'tcp', 'sendto', 'error=EPROTOTYPE:when=50', /^(client|connection) EPROTOTYPE$/],
  ['R9', 'tcp', 'recvfrom', 'error=ENOMEM:when=50', /^(client|connection) ENOMEM$/],
  ['F', 'files', 'sendfile', 'error=EIO:when=30', /^connection EIO$/],
  ['F', 'files', 'sendfile', 'retval=0:when=30', /^connection ERR_FILE_TRUNCATED$/],
] as const;

for (const [id, mode, call, fault] of HARMLESS) {
  straceTest(`${id}: ${mode}, ${call} with ${fault}`, async (t) => {
    const { done, wrong, errors } = await injected(t, mode, call, fault);
    t.deepEqual({ done, wrong, errors }, { done: 5, wrong: 0, errors: {} });
  });
}

for (const code of ['ENOBUFS', 'ENOMEM', 'EMFILE', 'ENFILE']) {
  straceTest(`A1, A2: accept with ${code} is told once, and all are served`, async (t) => {
    const { done, wrong, errors } = await injected(t, 'tcp', 'accept4', `error=${code}:when=1..3`);
    t.deepEqual({ done, wrong, errors }, { done: 5, wrong: 0, errors: { [`server ${code}`]: 1 } });
  });
}

for (const code of ['ECONNABORTED', 'EPROTO', 'EPERM']) {
  straceTest(
    `A3: accept with ${code} again and again is told once, and all are served`,
    async (t) => {
      // After the sixteenth there is a wait before each.
      const fault = `error=${code}:when=1..20`;
      const { done, wrong, errors } = await injected(t, 'tcp', 'accept4', fault);
      t.deepEqual(
        { done, wrong, errors },
        { done: 5, wrong: 0, errors: { [`server ${code}`]: 1 } },
      );
    },
  );
}

for (const code of ['EINVAL', 'EIO', 'EBADF']) {
  straceTest(`A14: accept with ${code} closes nobody, and goes on`, async (t) => {
    const fault = `error=${code}:when=2`;
    const { done, wrong, errors } = await injected(t, 'tcp', 'accept4', fault);
    t.deepEqual({ done, wrong, errors }, { done: 5, wrong: 0, errors: { [`server ${code}`]: 1 } });
  });
}

for (const [id, mode, call, fault, expected] of FOR_ONE) {
  straceTest(`${id}: ${mode}, ${call} with ${fault}, ends one connection`, async (t) => {
    const { done, wrong, errors } = await injected(t, mode, call, fault);
    // One of each thread that makes the call.
    const failed = Object.keys(errors).filter((error) => expected.test(error));
    const count = failed.reduce((sum, error) => sum + (errors[error] ?? 0), 0);
    t.true(count === 1 || count === 2, JSON.stringify(errors));
    t.deepEqual({ done, wrong }, { done: 5 - count, wrong: 0 });
  });
}

straceTest('P12: a reactor that dies ends its channels, and nothing else', async (t) => {
  const told = await injected(t, 'tcp', 'epoll_wait', 'error=EBADF:when=20');
  t.is(told.done, 0);
  // Each is told once, however far it is by then. The server is the last; the fixture has ended it
  // when the last client closed.
  const {
    connection = 0,
    client = 0,
    connect = 0,
    ...others
  } = Object.fromEntries(
    Object.entries(told.errors).map(([name, times]) => [
      name.replace(' ERR_ENGINE_FAILED', ''),
      times,
    ]),
  );
  t.deepEqual(others, {});
  t.is(client + connect, 5);
  t.true(told.closed > 0);
  t.is(connection, told.closed);
});

straceTest('U: a datagram socket that has failed goes on', async (t) => {
  const told = await injected(t, 'udp', 'recvmmsg', 'error=ENOMEM:when=3');
  t.is(told.done, 5);
  t.is(told.wrong, 0);
  t.is(Object.values(told.errors)[0], 1);
});
