import type { ExecutionContext } from 'ava';

import { LOOPBACK } from '../helpers/datagrams.ts';
import type { CloseInfo } from '../helpers/implementation.ts';
import type { Scene } from '../helpers/scene.ts';
import { eventually, turn } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

const MiB = 1024 * 1024;

/** SPEC §8: what hooks tell once, as promises. */
export function promises(suite: Suite): void {
  suite.both('opened: the channel, after onConnect, and whenever it is asked', both);

  async function both(scene: Scene, t: ExecutionContext, side: 'client' | 'connection') {
    const seen: string[] = [];
    const opened: Promise<unknown>[] = [];
    const { channel, peer } = await scene.open(side, {}, (made) => {
      opened.push(made.opened.then((given) => seen.push(`opened ${given === made}`)));
      return { onConnect: () => seen.push('connect') };
    });
    await Promise.all(opened);
    t.deepEqual(seen, ['connect', 'opened true']);
    t.is(await channel.opened, channel);
    peer.end();
    await channel.closed;
    t.is(await channel.opened, channel, 'it was');
  }

  suite.test('opened: rejects with what onConnectError gets', async (scene, t) => {
    const { channel, log } = scene.client();
    const { opened } = channel;
    t.is(channel.opened, opened, 'one promise');
    channel.connect('127.0.0.1', 1);
    const error = await t.throwsAsync(opened, { code: 'ECONNREFUSED' });
    t.is(error, log.connectError as Error);
    t.is((await channel.closed).error, error as Error);
    const late = scene.client();
    late.channel.connect('127.0.0.1', 1);
    await late.log.closed();
    await t.throwsAsync(late.channel.opened, { is: late.log.connectError as Error });
  });

  suite.test('opened: rejects where the channel was closed before', async (scene, t) => {
    const listening = await scene.peerServer();
    for (const connects of [false, true]) {
      const { channel: client } = scene.client();
      if (connects) client.connect('127.0.0.1', listening.port);
      const { opened } = client;
      client.close();
      await t.throwsAsync(opened, { code: 'ERR_CHANNEL_CLOSED' });
    }
  });

  suite.test('a connect that fails: a warning only where nobody waits for it', async (scene, t) => {
    const warnings: Error[] = [];
    const warned = (warning: Error) => warnings.push(warning);
    process.on('warning', warned);
    t.teardown(() => process.off('warning', warned));
    class Awaited extends scene.impl.Client {}
    class Alone extends scene.impl.Client {}
    const awaited = new Awaited().connect('127.0.0.1', 1);
    await t.throwsAsync(awaited.opened, { code: 'ECONNREFUSED' });
    // Nobody hears of its promises, as there are none: ava would tell of a rejection.
    new Alone().connect('127.0.0.1', 1);
    await eventually('a warning', () => warnings.length > 0);
    await turn();
    t.deepEqual(
      warnings.map(({ message }) => message.split(':')[0]),
      ['Alone'],
    );
  });

  suite.both('closed: after onClose, with what that gets', async (scene, t, side) => {
    const seen: (CloseInfo | string)[] = [];
    const { channel, peer } = await scene.open(side, {}, () => ({
      onClose: () => seen.push('close'),
    }));
    const { closed } = channel;
    t.is(channel.closed, closed, 'one promise');
    void closed.then((info) => seen.push(info));
    peer.end();
    const info = await closed;
    t.deepEqual(seen, ['close', { reason: 'end', unsentBytes: 0 }]);
    t.is(await channel.closed, info);
  });

  suite.both('closed: never rejects, and tells late comers, too', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    peer.reset();
    await log.closed();
    const { reason, error } = await channel.closed;
    t.deepEqual([reason, (error as NodeJS.ErrnoException).code], ['error', 'ECONNRESET']);
  });

  suite.test('a subclass may have properties of these names', async (scene, t) => {
    class Own extends scene.impl.Client {
      constructor() {
        super();
        Object.assign(this, { opened: 1, closed: false });
      }
    }
    const own = new Own();
    t.deepEqual([own.opened, own.closed] as unknown[], [1, false]);
    await own[Symbol.asyncDispose]();
    t.is(own.readyState, 'closed');
  });

  suite.both('drained: the whole of back-pressure', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    await channel.drained();
    t.is(log.count('write'), 0, 'at once where nothing is pending');
    const piece = Buffer.alloc(MiB, 'a');
    for (let at = 0; at < 16; at += 1) {
      if (channel.write(piece)) continue;
      const { length } = log.hooks;
      await channel.drained();
      t.true(log.hooks.indexOf('write', length) >= 0, 'after onWrite');
      t.is(channel.pendingBytes, 0);
    }
    channel.end();
    await peer.finished();
    t.is(peer.length, 16 * MiB);
  });

  suite.both('drained: without an onWrite of its own', async (scene, t, side) => {
    const { channel, peer } = await scene.open(side);
    channel.onWrite = Object.getPrototypeOf(Object.getPrototypeOf(channel)).onWrite;
    peer.socket.pause();
    t.false(channel.write(Buffer.alloc(16 * MiB)));
    const drained = channel.drained();
    peer.socket.resume();
    await drained;
    t.is(channel.pendingBytes, 0);
  });

  suite.test('drained: of what was written while it connects', async (scene, t) => {
    const listening = await scene.peerServer();
    const { channel } = scene.client();
    channel.connect('127.0.0.1', listening.port);
    channel.write('hello');
    await channel.drained();
    const peer = await listening.peer();
    await peer.received(5);
    t.is(channel.pendingBytes, 0);
  });

  suite.both('drained: rejects when the channel closes before', async (scene, t, side) => {
    const closing = await scene.open(side);
    closing.peer.socket.pause();
    t.false(closing.channel.write(Buffer.alloc(32 * MiB)));
    const drained = closing.channel.drained();
    closing.channel.close();
    await t.throwsAsync(drained, { code: 'ERR_CHANNEL_CLOSED' });
    await t.throwsAsync(closing.channel.drained(), { code: 'ERR_CHANNEL_CLOSED' });

    const reset = await scene.open(side);
    reset.peer.socket.pause();
    t.false(reset.channel.write(Buffer.alloc(32 * MiB)));
    const waiting = reset.channel.drained();
    waiting.catch(() => {});
    reset.peer.reset();
    const error = await t.throwsAsync(waiting);
    t.regex(`${(error as NodeJS.ErrnoException).code}`, /^(ECONNRESET|EPIPE)$/);
  });

  suite.both('drained: who waits in a loop hears of the end', async (scene, t, side) => {
    const { channel, peer } = await scene.open(side);
    peer.end();
    const writing = async () => {
      for (;;) if (!channel.write('x')) await channel.drained();
    };
    // Its turns are those of the event loop.
    const all = (async () => {
      for (;;) {
        if (!channel.write('x')) await channel.drained();
        else await turn();
      }
    })();
    await t.throwsAsync(all, { code: 'ERR_CHANNEL_CLOSED' });
    await t.throwsAsync(writing(), { code: 'ERR_CHANNEL_CLOSED' });
  });

  suite.both(
    'drained: a reset is told to who waits, though it is paused',
    async (scene, t, side) => {
      const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
      peer.socket.pause();
      await peer.write('a line\n');
      channel.pause();
      channel.write(Buffer.alloc(32 * MiB));
      const drained = channel.drained();
      drained.catch(() => {});
      peer.reset();
      await t.throwsAsync(drained);
      t.is((await log.closed()).reason, 'error');
    },
  );

  suite.both('drained: a signal ends the wait, and nothing else', async (scene, t, side) => {
    const { channel, peer } = await scene.open(side);
    peer.socket.pause();
    channel.write(Buffer.alloc(16 * MiB));
    const controller = new AbortController();
    const drained = channel.drained({ signal: controller.signal });
    const reason = new Error('enough');
    controller.abort(reason);
    const error = await t.throwsAsync(drained, { name: 'AbortError', code: 'ABORT_ERR' });
    t.is(error?.cause, reason);
    await t.throwsAsync(channel.drained({ signal: AbortSignal.abort() }), { code: 'ABORT_ERR' });
    peer.socket.resume();
    await channel.drained();
    t.true(channel.connected);
  });

  suite.both('asyncDispose: what was written leaves, onClose has run', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    channel.write(Buffer.alloc(8 * MiB, 'a'));
    const disposed = channel[Symbol.asyncDispose]();
    await peer.finished();
    t.is(peer.length, 8 * MiB);
    peer.end();
    await disposed;
    t.is(log.info?.reason, 'end');
    await channel[Symbol.asyncDispose]();
  });

  suite.test('asyncDispose: of what has not begun, and of what connects', async (scene, t) => {
    const { channel } = scene.client();
    await channel[Symbol.asyncDispose]();
    t.is(channel.readyState, 'closed');
    const listening = await scene.peerServer();
    const { channel: connecting } = scene.client();
    connecting.connect('127.0.0.1', listening.port);
    await connecting[Symbol.asyncDispose]();
    t.is((await connecting.closed).reason, 'close');
  });

  suite.test('a server: opened, closed, asyncDispose', async (scene, t) => {
    const { server, accepted } = scene.server();
    t.is(await server.opened, server);
    const peer = await scene.peer(server);
    const { channel } = await accepted(0);
    await server[Symbol.asyncDispose]();
    await peer.gone();
    t.is((await server.closed).reason, 'close');
    t.is((await channel.closed).reason, 'close');
    const unused = new scene.impl.Server();
    const { opened } = unused;
    unused.close();
    await t.throwsAsync(opened, { code: 'ERR_CHANNEL_CLOSED' });
  });
}

export function datagramPromises(suite: Suite): void {
  suite.datagrams('opened, drained, closed, asyncDispose', async (scene, t) => {
    const { channel, log } = scene.channel();
    const { opened } = channel;
    channel.listen([LOOPBACK, 0]);
    t.is(await opened, channel);
    t.deepEqual(log.order, ['listen']);
    const peer = await scene.peer();
    await channel.drained();
    for (let at = 0; at < 100; at += 1) channel.write('hello', peer.address);
    await channel.drained();
    t.true(log.hooks.includes('write'));
    t.is(channel.pendingBytes, 0);
    channel.write('bye', peer.address);
    await channel[Symbol.asyncDispose]();
    t.deepEqual(await channel.closed, { reason: 'end', unsentBytes: 0 });
    await eventually('all datagrams', () => peer.received.length === 101);
    await t.throwsAsync(channel.drained(), { code: 'ERR_CHANNEL_CLOSED' });
  });

  suite.datagrams('opened: rejects where it is closed before', async (scene, t) => {
    const { channel } = scene.channel();
    const { opened } = channel;
    channel.close();
    await t.throwsAsync(opened, { code: 'ERR_CHANNEL_CLOSED' });
  });
}
