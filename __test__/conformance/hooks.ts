import type { StreamHooks } from '../helpers/implementation.ts';
import { Lockstep } from '../helpers/lockstep.ts';
import { textOf } from '../helpers/log.ts';
import type { Peer } from '../helpers/peer.ts';
import { reentrancy } from '../helpers/reentrancy.ts';
import type { Hooks, Scene, Side } from '../helpers/scene.ts';
import { turn } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

/** SPEC §2, rules 1 to 3: when hooks are called, and in which order. */
export function hooks(suite: Suite): void {
  suite.both('rule 1: no hook is called inside a call', async (scene, t, side) => {
    const { call, hook, nested } = reentrancy();
    const lockstep = await Lockstep.start(scene);
    const { channel, log, peer } = await scene.open(
      side,
      { readDelimiter: '\n', allowHalfOpen: true },
      (channel) => ({
        onConnect: hook(() => {
          call(() => channel.write('hello', true));
          call(() => channel.flush());
        }),
        onWrite: hook(() => call(() => channel.flush())),
        onRead: hook(() => {
          call(() => channel.write('reply', true));
          call(() => channel.pause());
          call(() => Object.assign(channel, { readDelimiter: 1 }));
          call(() => channel.resume());
          call(() => channel.flush());
        }),
        onEnd: hook(() => {
          call(() => channel.shutdown());
          call(() => channel.end());
          call(() => channel.close());
        }),
        onClose: hook(() => call(() => channel.close())),
      }),
    );
    await peer.write('line\nmore');
    await log.frames(5);
    call(() => channel.write('from outside', true));
    call(() => channel.pause());
    await lockstep.send(peer, ['these wait']);
    call(() => channel.resume());
    call(() => Object.assign(channel, { readDelimiter: 2 }));
    await log.until('what waited', () => log.text.endsWith('wait'));
    peer.end();
    await log.closed();
    t.deepEqual(nested(), []);
  });

  suite.test('rule 1: listen(), connect() and close() call no hook', async (scene, t) => {
    const { call, hook, nested } = reentrancy();
    const server = new scene.impl.Server();
    server.onListen = hook(() => {});
    server.onAccept = hook((socket) => call(() => socket.close()));
    server.onClose = hook(() => {});
    call(() => scene.listening(server));
    const { channel, log } = scene.client({}, () => ({
      onConnect: hook(() => {}),
      onEnd: hook(() => {}),
      onClose: hook(() => call(() => server.close())),
    }));
    call(() => channel.connect([server.localAddr?.address ?? '', server.localAddr?.port ?? 0]));
    await log.closed();
    const refused = scene.client({}, () => ({ onConnectError: hook(() => {}) }));
    call(() => refused.channel.connect('127.0.0.1', 1));
    await refused.log.closed();
    const idle = scene.client({}, () => ({ onClose: hook(() => {}) }));
    call(() => idle.channel.close());
    await idle.log.closed();
    t.deepEqual(nested(), []);
  });

  suite.test('rule 1: calls on another channel call no hook of it', async (scene, t) => {
    const { call, hook, nested } = reentrancy();
    const lockstep = await Lockstep.start(scene);
    const other = await scene.openConnection({ readDelimiter: '\n' }, () => ({
      onRead: hook(() => {}),
      onWrite: hook(() => {}),
      onClose: hook(() => {}),
    }));
    const { peer } = await scene.openConnection({ readDelimiter: '\n' }, () => ({
      onRead: hook(() => {
        const { channel } = other;
        call(() => channel.write('x', true));
        call(() => Object.assign(channel, { readDelimiter: 1 }));
        call(() => channel.pause());
        call(() => channel.resume());
        call(() => channel.end());
        call(() => channel.close());
      }),
    }));
    await lockstep.send(other.peer, ['waiting']);
    await peer.write('go\n');
    await other.log.closed();
    t.deepEqual(nested(), []);
  });

  suite.both('rule 2: onConnect, onRead…, onEnd, onClose', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, { readDelimiter: '\n' });
    peer.end('a\nb\nc');
    const info = await log.closed();
    t.deepEqual(log.order, ['connect', 'read a', 'read b', 'end c', 'close end']);
    t.like(info, { reason: 'end', unsentBytes: 0 });
    t.is(info.error, undefined);
  });

  suite.both('rule 2: a peer that is very quick', async (scene, t, side) => {
    // Data and FIN are there before the channel has heard of the connection (C13).
    const { log } = await quick(scene, side, (peer) => peer.end('a\nb'));
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read a', 'end b', 'close end']);
  });

  suite.onlyTcp(
    'C13: data and RST are there before the connection is heard of',
    async (scene, t) => {
      const { log } = await quick(scene, 'connection', async (peer) => {
        await peer.write('a\nb\n');
        peer.reset();
      });
      await log.closed();
      // A connection that is reset already may also not be accepted at all, but not half.
      const [first, ...more] = log.order;
      t.is(first, 'connect');
      t.deepEqual(more.slice(-2), ['error ECONNRESET', 'close error']);
      t.deepEqual(more.slice(0, -2), ['read a', 'read b']);
    },
  );

  for (const method of ['close', 'end'] as const) {
    suite.both(`R30: rule 3: ${method}() inside onRead stops the batch`, async (scene, t, side) => {
      const { log, peer } = await scene.open(side, { readDelimiter: '\n' }, (channel) => ({
        onRead: (data) => {
          if (textOf(data) === 'stop') channel[method]();
        },
      }));
      peer.end('a\nstop\nb\nc\n');
      await log.closed();
      t.deepEqual(log.order, ['connect', 'read a', 'read stop', `close ${method}`]);
    });

    suite.both(`rule 3: ${method}() in onConnect: nothing is read`, async (scene, t, side) => {
      const { log } = await quick(
        scene,
        side,
        (peer) => peer.end('a\nb'),
        (channel) => ({ onConnect: () => channel[method]() }),
      );
      await log.closed();
      t.deepEqual(log.order, ['connect', `close ${method}`]);
    });

    suite.both(`rule 3: ${method}() from a timer, with frames waiting`, async (scene, t, side) => {
      const lockstep = await Lockstep.start(scene);
      const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
      channel.pause();
      await lockstep.send(peer, ['a\nb\n']);
      channel.resume();
      channel[method]();
      peer.end();
      await log.closed();
      await turn();
      t.deepEqual(log.order, ['connect', `close ${method}`]);
    });
  }

  suite.test('X2: rule 3: closed by a hook of another channel', async (scene, t) => {
    const lockstep = await Lockstep.start(scene);
    const pairs: Awaited<ReturnType<Scene['openConnection']>>[] = [];
    for (let at = 0; at < 8; at++) {
      const pair = await scene.openConnection({ readDelimiter: '\n' }, (channel) => ({
        onRead: () => {
          for (const other of pairs) if (other.channel !== channel) other.channel.close();
        },
      }));
      pairs.push(pair);
    }
    await Promise.all(pairs.map(({ peer }) => peer.write('1\n2\n')));
    await lockstep.step();
    const survivors = pairs.filter(({ log }) => log.data.length > 0);
    t.is(survivors.length, 1);
    t.deepEqual(survivors[0]?.log.order, ['connect', 'read 1', 'read 2']);
    const closed = pairs.filter(({ log }) => log.data.length === 0);
    for (const { log } of closed) await log.closed();
    for (const { log } of closed) t.deepEqual(log.order, ['connect', 'close close']);
  });

  suite.both('X1: close() in each hook', async (scene, t, side) => {
    const cases: [keyof StreamHooks, string[]][] = [
      ['onConnect', ['connect', 'close close']],
      ['onRead', ['connect', 'read a', 'close close']],
      ['onEnd', ['connect', 'read a', 'read b', 'end c', 'close close']],
      ['onClose', ['connect', 'read a', 'read b', 'end c', 'close end']],
    ];
    for (const [name, expected] of cases) {
      const { log } = await quick(
        scene,
        side,
        (peer) => peer.end('a\nb\nc'),
        (channel) => ({ [name]: () => channel.close() }),
      );
      await log.closed();
      await turn();
      t.deepEqual(log.order, expected, name);
    }
  });

  suite.both('X8: onClose comes once, and nothing after it', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
    await peer.write('a\n');
    await log.frames(1);
    channel.write('x');
    channel.close();
    channel.close();
    channel.end();
    peer.end('b\n');
    await log.closed();
    await turn();
    await turn();
    t.deepEqual(log.order, ['connect', 'read a', 'close close']);
  });
}

/** The peer acts at once, before the channel has been told that it is connected. */
async function quick(
  scene: Scene,
  side: Side,
  act: (peer: Peer) => void,
  hooksOf: Hooks = () => ({}),
) {
  const options = { readDelimiter: '\n' };
  if (side === 'client') {
    const listening = await scene.peerServer();
    listening.server.on('connection', () => listening.peer().then(act));
    const { channel, log } = scene.client(options, hooksOf);
    channel.connect('127.0.0.1', listening.port);
    return { log };
  }
  const { server, accepted } = scene.server(options, hooksOf);
  act(await scene.peer(server));
  const { log } = await accepted(0);
  return { log };
}
