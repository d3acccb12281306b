// Of TCP servers, what the conformance suite cannot ask of the reference too.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import test from 'ava';
import { type Address, Connection, Server } from 'pants-native';

import { Peer } from './helpers/peer.ts';
import { eventually } from './helpers/wait.ts';

test('A1: with no descriptor left, onError once, and it goes on by itself', (t) => {
  if (process.platform === 'win32') {
    t.pass('there is no limit to reach');
    return;
  }
  const output = withFewDescriptors('accept-shortage.mjs');
  t.is(output, 'EMFILE accept 127.0.0.1\naccepted, errors: 1, listening: true\n');
});

test('rule 3: after end(), no onError for an accept that failed before', (t) => {
  if (process.platform === 'win32') {
    t.pass('there is no limit to reach');
    return;
  }
  t.is(withFewDescriptors('accept-shortage-ended.mjs'), 'onClose end\n');
});

function withFewDescriptors(fixture: string): string {
  const program = fileURLToPath(new URL(`fixtures/${fixture}`, import.meta.url));
  const command = 'ulimit -n 100 && exec "$0" "$@"';
  const arguments_ = ['-c', command, process.execPath, program];
  return execFileSync('sh', arguments_, { encoding: 'utf8', timeout: 30_000 });
}

test('reusePort: two servers share a port only where both ask for it', async (t) => {
  if (process.platform !== 'linux') {
    t.pass('shared differently elsewhere');
    return;
  }
  const who: number[] = [];
  const listen = (number: number, port: number, reusePort: boolean) => {
    class Telling extends Connection {
      override onConnect(): void {
        who.push(number);
      }
    }
    const server = new Server(Telling);
    t.teardown(() => server.close());
    return server.listen({ host: '127.0.0.1', port, reusePort });
  };
  const { port = 0 } = listen(1, 0, true).localAddr ?? {};
  t.throws(() => listen(2, port, false), { code: 'EADDRINUSE' });
  listen(3, port, true);
  const address = { address: '127.0.0.1', port, family: 'IPv4' } as const;
  for (let count = 1; count <= 100 && new Set(who).size < 2; count += 1) {
    const peer = await Peer.connect(address);
    t.teardown(() => peer.socket.destroy());
    await eventually('accepted', () => who.length === count);
  }
  t.deepEqual([...new Set(who)].sort(), [1, 3]);
});

test('listen({ signal }): aborted before, it throws; after, it closes the server', async (t) => {
  const early = new Server();
  const signal = AbortSignal.abort('why');
  const error = t.throws(() => early.listen({ port: 0, signal }), { code: 'ABORT_ERR' });
  t.is(error?.cause, 'why');
  const controller = new AbortController();
  const server = new Server().listen({ port: 0, host: '127.0.0.1', signal: controller.signal });
  const peer = await Peer.connect(server.localAddr as Address);
  await eventually('a connection', () => server.channels.size === 1);
  controller.abort();
  t.deepEqual(await server.closed, { reason: 'close', unsentBytes: 0 });
  await peer.gone();
});
