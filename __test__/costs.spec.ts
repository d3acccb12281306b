// What it costs to move messages, in counts: they do not depend on how fast the machine is.
// fixtures/costs.mjs is the server; strace counts its system calls.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { ExecutionContext } from 'ava';

import { temporaryDirectory } from './helpers/files.ts';
import { Program, straceTest } from './helpers/program.ts';

const fixture = fileURLToPath(new URL('fixtures/costs.mjs', import.meta.url));
const CALLS =
  'accept4,getsockname,getpeername,getsockopt,setsockopt,epoll_ctl,recvfrom,sendto,sendmsg,shutdown,epoll_wait,epoll_pwait,futex,write';
/** Those that a connection's beginning and end cost. */
const OF_CONNECTIONS = CALLS.split(',').slice(0, 6);

type Counts = Partial<Record<string, number>>;

interface Costs {
  frames: number;
  reads: number;
  rings: number;
  bytesRead: number;
  /** From one place in memory to another: in JavaScript, and where it meets the reactor. */
  bytesCopied: number;
  /** Calls of the addon, by name. */
  calls: Counts;
  /** System calls, by name. */
  system: Counts;
}

interface Load {
  connections: number;
  /** Messages in flight on each. */
  depth: number;
  rounds: number;
  message: Buffer;
  /** How long the answer to a message is; as long as the message, if not given. */
  answer?: number;
}

/** Each connection sends `depth` messages, waits for as many bytes, and so on. */
async function costs(t: ExecutionContext, mode: string, load: Load): Promise<Costs> {
  const summary = join(temporaryDirectory(t), 'summary');
  const options = ['-f', '-c', '-qq', '--seccomp-bpf', '-e', `trace=${CALLS}`, '-o', summary];
  const server = new Program(t, 'strace', ...options, process.execPath, fixture, mode);
  const [, port] = await server.prints(/^(\d+)\n/);
  const block = Buffer.concat(Array.from({ length: load.depth }, () => load.message));
  const answer = load.depth * (load.answer ?? load.message.length);
  await Promise.all(
    Array.from({ length: load.connections }, async () => {
      const peer = connect(Number(port), '127.0.0.1');
      for (let round = 0; round < load.rounds; round += 1) {
        peer.write(block);
        for (let due = answer; due > 0; ) due -= (await once(peer, 'data'))[0].length;
      }
      peer.end();
      await once(peer, 'close');
    }),
  );
  server.end();
  const { code, stdout, stderr } = await server.ended;
  t.is(code, 0, stderr);
  const told = JSON.parse(`${stdout}`.split('\n')[1] ?? '') as Costs;
  const rows = readFileSync(summary, 'utf8').matchAll(/^.{28}\s*(\d+)\s+\d*\s+(\w+)$/gm);
  const system = Object.fromEntries(Array.from(rows, ([, n, name]) => [name, Number(n)]));
  return { ...told, system };
}

/** All of them, or those of these names. */
function sum(counts: Counts, names: string[] = Object.keys(counts)): number {
  return names.reduce((total, name) => total + (counts[name] ?? 0), 0);
}

for (const mode of ['Lines', 'Frames']) {
  straceTest(`${mode}: calls and rings are for batches, not for messages`, async (t) => {
    const message = Buffer.from(`${'x'.repeat(63)}\n`);
    const load = { connections: 64, depth: 64, rounds: 20, message };
    const { frames, reads, rings, calls, system } = await costs(t, mode, load);
    t.is(frames, 64 * 64 * 20);
    const per1000 = (n: number) => (1000 * n) / frames;
    // Where the peer is slow, each read is a batch: taken, answered, and looked behind.
    t.true(per1000(reads) < 20, `${reads} reads for ${frames} frames`);
    t.true(sum(calls) < 4 * reads, `calls of the addon: ${JSON.stringify(calls)}`);
    t.true(per1000(rings) < 3, `${rings} rings for ${frames} frames`);
    // One recv and one send for the 64 messages of a connection, and few that find nothing.
    const moved = sum(system, ['recvfrom', 'sendto', 'sendmsg']);
    t.true(per1000(moved) < 40, `reads and writes: ${JSON.stringify(system)}`);
    t.true(per1000(sum(system)) < 60, `system calls: ${JSON.stringify(system)}`);
  });
}

straceTest('Answers: large data is sent at once, from the memory that it stands in', async (t) => {
  const load = {
    connections: 4,
    depth: 1,
    rounds: 100,
    message: Buffer.from('?\n'),
    answer: 100_000,
  };
  const { frames, calls } = await costs(t, 'Answers', load);
  t.is(frames, 4 * 100);
  t.true(sum(calls, ['send']) > 0.9 * frames, `sent at once: ${JSON.stringify(calls)}`);
  // What the system did not take is submitted; so are the settings of each connection.
  t.true(sum(calls, ['submit']) < 0.5 * frames, `submitted: ${JSON.stringify(calls)}`);
});

straceTest('a connection: what it costs beside its bytes', async (t) => {
  const load = { connections: 500, depth: 1, rounds: 1, message: Buffer.from('x\n') };
  const { system } = await costs(t, 'Lines', load);
  const shown = JSON.stringify(system);
  // It has the options of its listener, is watched once for all, and its close is its FIN.
  t.true(sum(system, OF_CONNECTIONS) < 4.5 * 500, shown);
  t.true(sum(system, ['shutdown']) < 50, shown);
  t.true(sum(system, ['recvfrom', 'sendto']) < 3.5 * 500, shown);
});

straceTest('Bulk: what is read and sent as it comes is copied less than once', async (t) => {
  const message = Buffer.alloc(64 * 1024, 'x');
  const load = { connections: 4, depth: 16, rounds: 50, message };
  const { bytesRead, bytesCopied, system } = await costs(t, 'Bulk', load);
  t.is(bytesRead, 4 * 16 * 50 * message.length);
  t.true(
    bytesCopied < 0.5 * bytesRead,
    `${bytesCopied} of ${bytesRead}: ${JSON.stringify(system)}`,
  );
});
