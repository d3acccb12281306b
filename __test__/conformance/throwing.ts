import type { SocketLike } from '../helpers/implementation.ts';
import { textOf } from '../helpers/log.ts';
import { collectUncaught } from '../helpers/uncaught.ts';
import { eventually } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

/** SPEC §2, rule 4: a hook that throws. */
export function throwing(suite: Suite): void {
  suite.both('R28: rule 4: a throwing onRead loses no frame', async (scene, t, side) => {
    const uncaught = collectUncaught(t);
    const { log, peer } = await scene.open(side, { readDelimiter: '\n' }, () => ({
      onRead: (data) => {
        if (textOf(data).startsWith('bad')) throw new Error(textOf(data));
      },
    }));
    const other = await scene.open(side, { readDelimiter: '\n' });
    peer.end('a\nbad1\nbad2\nb\nc');
    other.peer.end('x\ny\n');
    await log.closed();
    await other.log.closed();
    const expected = ['connect', 'read a', 'read bad1', 'read bad2', 'read b', 'end c'];
    t.deepEqual(log.order, [...expected, 'close end']);
    t.deepEqual(other.log.order, ['connect', 'read x', 'read y', 'end ', 'close end']);
    t.deepEqual(uncaught.map(messageOf), ['bad1', 'bad2']);
  });

  suite.both('P6: rule 4: each hook may throw', async (scene, t, side) => {
    const uncaught = collectUncaught(t);
    const fail = (what: string) => () => {
      throw new Error(what);
    };
    const { log, peer } = await scene.open(side, { readDelimiter: '\n' }, (channel) => ({
      onConnect: () => {
        channel.write('hello');
        throw new Error('connect');
      },
      onRead: fail('read'),
      onWrite: fail('write'),
      onEnd: fail('end'),
      onClose: fail('close'),
    }));
    await peer.received(5);
    await log.seen('write');
    peer.end('a\nb');
    await log.closed();
    await eventually('five errors', () => uncaught.length >= 5);
    t.deepEqual(log.hooks, ['connect', 'write', 'read a', 'end b', 'close end']);
    t.deepEqual(uncaught.map(messageOf), ['connect', 'write', 'read', 'end', 'close']);

    uncaught.length = 0;
    const overflown = await scene.open(side, { readDelimiter: '\n', bufferSize: 1 }, () => ({
      onOverflowError: fail('overflow'),
    }));
    await overflown.peer.write('too long');
    await overflown.log.closed();
    t.deepEqual(overflown.log.order, ['connect', 'overflow ERR_FRAME_OVERFLOW', 'close overflow']);
    const lost = await scene.open(side, {}, () => ({ onError: fail('error') }));
    lost.peer.reset();
    await lost.log.closed();
    t.deepEqual(lost.log.order, ['connect', 'error ECONNRESET', 'close error']);
    const refused = scene.client({}, () => ({ onConnectError: fail('connectError') }));
    refused.channel.connect('127.0.0.1', 1);
    await refused.log.closed();
    t.deepEqual(refused.log.order, ['connectError ECONNREFUSED', 'close error']);
    await eventually('three errors', () => uncaught.length >= 3);
    t.deepEqual(uncaught.map(messageOf), ['overflow', 'error', 'connectError']);
  });

  suite.test('P6: rule 4: a throwing hook of the server', async (scene, t) => {
    const uncaught = collectUncaught(t);
    const { server, accepted } = scene.server();
    const accept = server.onAccept;
    let closed = false;
    server.onListen = () => {
      throw new Error('listen');
    };
    server.onAccept = (socket) => {
      server.onAccept = accept;
      socket.close();
      throw new Error('accept');
    };
    server.onClose = () => {
      closed = true;
      throw new Error('close');
    };
    const first = await scene.peer(server);
    await first.gone();
    await scene.peer(server);
    const { log } = await accepted(0);
    await log.seen('connect');
    server.close();
    await log.closed();
    await eventually('closed', () => closed && uncaught.length >= 3);
    t.deepEqual(uncaught.map(messageOf), ['listen', 'accept', 'close']);
  });

  suite.test('P6: rule 4: a throwing constructor of a connection', async (scene, t) => {
    const uncaught = collectUncaught(t);
    let count = 0;
    class Picky extends scene.impl.Connection {
      constructor(...args: ConstructorParameters<typeof scene.impl.Connection>) {
        super(...args);
        count += 1;
        if (count === 1) throw new Error('not you');
      }
      override onConnect(): void {
        this.write('welcome');
      }
    }
    const server = scene.listening(new scene.impl.Server(Picky));
    const first = await scene.peer(server);
    await first.gone();
    t.is(first.text, '');
    const second = await scene.peer(server);
    await second.received(7);
    t.is(second.text, 'welcome');
    t.deepEqual(uncaught.map(messageOf), ['not you']);
    t.is(server.channels.size, 1);
  });

  suite.test('P6: a constructor that throws closes nothing else', async (scene, t) => {
    const uncaught = collectUncaught(t);
    let kept: SocketLike | undefined;
    const { server, accepted } = scene.server();
    const Good = server.ConnectionClass;
    server.ConnectionClass = class extends scene.impl.Connection {
      constructor(...args: ConstructorParameters<typeof scene.impl.Connection>) {
        super(...args);
        throw new Error('not you');
      }
    };
    const accept = server.onAccept;
    server.onAccept = (socket, addr) => {
      if (kept === undefined) {
        kept = socket;
        return;
      }
      new Good(kept, server);
      accept.call(server, socket, addr);
    };
    const first = await scene.peer(server);
    const second = await scene.peer(server);
    await second.gone();
    const { channel, log } = await accepted(0);
    await log.seen('connect');
    channel.write('welcome');
    await first.received(7);
    t.deepEqual(log.order, ['connect']);
    t.deepEqual(uncaught.map(messageOf), ['not you']);
  });

  suite.test('rule 4: 1,000 throwing frames in one batch', async (scene, t) => {
    const uncaught = collectUncaught(t);
    const { log, peer } = await scene.openConnection({ readDelimiter: '\n' }, () => ({
      onRead: (data) => {
        throw new Error(textOf(data));
      },
    }));
    const lines = Array.from({ length: 1_000 }, (_, at) => `${at}`);
    peer.end(`${lines.join('\n')}\n`);
    await log.closed();
    await eventually('all errors', () => uncaught.length >= lines.length);
    t.deepEqual(log.reads, lines);
    t.deepEqual(uncaught.map(messageOf), lines);
  });
}

function messageOf(error: unknown): string {
  return (error as Error).message;
}
