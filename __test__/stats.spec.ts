import test, { type ExecutionContext } from 'ava';
import {
  type Address,
  Client,
  Connection,
  Datagram,
  Engine,
  Server,
  type StreamStats,
} from 'pants-native';

import { eventually } from './helpers/wait.ts';

const LOOPBACK = '127.0.0.1';

class Lines extends Connection {
  override readDelimiter = '\n';
  atClose: StreamStats | null = null;

  override onRead(line: Buffer): void {
    if (`${line}` === 'stop') this.pause();
    this.write('!');
  }

  override onClose(): void {
    this.atClose = this.stats();
  }
}

function newEngine(t: ExecutionContext): Engine {
  const engine = new Engine();
  t.teardown(() => engine.close());
  return engine;
}

test('several engines in one thread: each has its own channels and counters', async (t) => {
  const [one, two] = [newEngine(t), newEngine(t)];
  const server = new Server(Lines, { engine: one }).listen(0, LOOPBACK);
  const client = new Client({ engine: two }).connect(server.localAddr as Address);
  await eventually('connected', () => server.channels.size === 1 && client.connected);
  const connection = [...server.channels.values()][0] as Lines;
  t.deepEqual([...one.channels.values()], [server, connection]);
  t.deepEqual([...two.channels.values()], [client]);

  client.write('one\ntwo\nthr');
  await eventually('answered', () => two.stats().bytesRead === 2);
  await eventually('asleep', () => one.stats().queuedSubmissions === 0);
  t.like(one.stats(), { accepted: 1, bytesRead: 11, bytesWritten: 2, frames: 2, channels: 2 });
  t.like(two.stats(), { accepted: 0, bytesRead: 2, bytesWritten: 11, frames: 0, channels: 1 });
  t.is(one.stats().queuedBatches, 0);

  await one.close();
  await eventually('the peer has closed', () => client.readyState === 'closed');
  t.is(two.stats().channels, 0);
  t.throws(() => new Client({ engine: one }).connect(1), { code: 'ERR_ENGINE_CLOSED' });
  // What has closed is still counted.
  t.is(one.stats().frames, 2);
});

test('a stream counts bytes, frames, calls and what waits', async (t) => {
  const engine = newEngine(t);
  const server = new Server(Lines, { engine }).listen(0, LOOPBACK);
  const client = new Client({ engine });
  const nothing = {
    bytesRead: 0,
    bytesWritten: 0,
    pendingBytes: 0,
    refusedBytes: 0,
    waitingBytes: 0,
  };
  t.deepEqual(client.stats(), { ...nothing, frames: 0, reads: 0, writes: 0 });
  client.connect(server.localAddr as Address);
  let heard = '';
  client.onRead = (data) => {
    heard += data;
  };
  client.write('one\ntwo\nthr');
  await eventually('answered', () => heard === '!!');
  const connection = [...server.channels.values()][0] as Lines;
  t.deepEqual(connection.stats(), {
    bytesRead: 11,
    bytesWritten: 2,
    pendingBytes: 0,
    refusedBytes: 0,
    waitingBytes: 3,
    frames: 2,
    reads: 1,
    writes: 1,
  });
  // 'ee\nstop\n' is read while it is not paused yet, and what follows with it.
  client.write('ee\nstop\nfour\nfive');
  await eventually('paused', () => connection.stats().frames === 4);
  t.like(connection.stats(), { bytesRead: 28, waitingBytes: 9, frames: 4, reads: 2 });
  t.like(client.stats(), { bytesRead: client.bytesRead, bytesWritten: 28, pendingBytes: 0 });

  const { reads, writes } = connection.stats();
  connection.close();
  t.is(connection.stats().waitingBytes, 0);
  await eventually('closed', () => connection.atClose !== null);
  t.like(connection.atClose, { bytesRead: 28, frames: 4, reads, writes });
  t.deepEqual(connection.stats(), connection.atClose as StreamStats);
});

test('a server counts whom it has accepted and refused', async (t) => {
  const engine = newEngine(t);
  const server = new Server(Lines, { engine, maxConnections: 1 }).listen(0, LOOPBACK);
  t.deepEqual(server.stats(), { accepted: 0, refused: 0, badProxyHeaders: 0, connections: 0 });
  const first = new Client({ engine }).connect(server.localAddr as Address);
  await eventually('accepted', () => server.stats().connections === 1);
  const second = new Client({ engine }).connect(server.localAddr as Address);
  await eventually('refused', () => second.readyState === 'closed');
  t.deepEqual(server.stats(), { accepted: 1, refused: 1, badProxyHeaders: 0, connections: 1 });
  first.close();
  await eventually('gone', () => server.stats().connections === 0);
  server.close();
  await eventually('closed', () => server.fileno === null);
  t.deepEqual(server.stats(), { accepted: 1, refused: 1, badProxyHeaders: 0, connections: 0 });
});

test('a datagram channel counts datagrams as frames, and what waits of its senders', async (t) => {
  const engine = newEngine(t);
  const receiver = new Datagram({ engine, readDelimiter: '\n' }).listen([LOOPBACK, 0]);
  const lines: string[] = [];
  receiver.onRead = (line) => {
    lines.push(`${line}`);
  };
  const sender = new Datagram({ engine });
  sender.write('one\ntwo\nthr', receiver.localAddr as Address);
  await eventually('two lines', () => lines.length === 2);
  const stats = receiver.stats();
  t.like(stats, { bytesRead: 11, waitingBytes: 3, frames: 2, reads: 1, drops: 0 });
  t.like(sender.stats(), { bytesWritten: 11, pendingBytes: 0, frames: 0, reads: 0, writes: 1 });

  receiver.pause();
  sender.write('ee\n', receiver.localAddr as Address);
  receiver.close();
  t.is(receiver.stats().waitingBytes, 0);
  await eventually('closed', () => receiver.fileno === null);
  t.like(receiver.stats(), { bytesRead: 11, frames: 2, reads: 1, drops: 0 });
});
