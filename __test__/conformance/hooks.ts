import type { StreamHooks, StreamLike } from '../helpers/implementation.ts';
import { Lockstep } from '../helpers/lockstep.ts';
import { textOf } from '../helpers/log.ts';
import type { Peer } from '../helpers/peer.ts';
import type { Hooks, Scene, Side } from '../helpers/scene.ts';
import { collectUncaught } from '../helpers/uncaught.ts';
import { eventually, turn } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

/** SPEC §2: the hooks, and the rules that they follow. */
export function hooks(suite: Suite): void {
  rules1to3(suite);
  rule4(suite);
  rule5(suite);
}

function rules1to3(suite: Suite): void {
  suite.both('rule 1: no hook is called inside a call', async (scene, t, side) => {
    const { call, hook, nested } = reentrancy();
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
    call(() => channel.resume());
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

  suite.test('C13: data and RST are there before the connection is heard of', async (scene, t) => {
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
  });

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

function rule4(suite: Suite): void {
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
    server.onAccept = (socket, addr) => {
      server.onAccept = accept;
      socket.close();
      throw new Error(`accept ${addr.family}`);
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
    t.deepEqual(uncaught.map(messageOf), ['listen', 'accept IPv4', 'close']);
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

function rule5(suite: Suite): void {
  suite.both('rule 5: hooks as methods, called on the channel', async (scene, t, side) => {
    const seen: unknown[] = [];
    const channel = await subclassed(scene, side, (Base) => {
      return class extends Base {
        override onConnect(): void {
          seen.push(this, 'connect');
          this.write('x');
        }
        override onRead(data: Buffer): void {
          seen.push(this, `read ${data}`);
        }
        override onEnd(rest: Buffer): void {
          seen.push(this, `end ${rest}`);
        }
        override onClose(): void {
          seen.push(this, 'close');
        }
      };
    });
    await eventually('closed', () => seen.includes('close'));
    t.deepEqual(strings(seen), ['connect', 'read a', 'read b', 'end c', 'close']);
    t.true(seen.every((entry) => typeof entry === 'string' || entry === channel));
  });

  suite.both('rule 5: hooks as class fields', async (scene, t, side) => {
    const seen: unknown[] = [];
    await subclassed(scene, side, (Base) => {
      return class extends Base {
        override onConnect = (): void => {
          seen.push('connect');
          this.write('x');
        };
        override onRead = (data: Buffer): void => {
          seen.push(`read ${data}`);
        };
        override onEnd = (rest: Buffer): void => {
          seen.push(`end ${rest}`);
        };
        override onClose = (): void => {
          seen.push('close');
        };
      };
    });
    await eventually('closed', () => seen.includes('close'));
    t.deepEqual(seen, ['connect', 'read a', 'read b', 'end c', 'close']);
  });

  suite.both('rule 5: super works in a method', async (scene, t, side) => {
    const seen: unknown[] = [];
    await subclassed(scene, side, (Base) => {
      class Middle extends Base {
        override onRead(data: Buffer): void {
          seen.push(`read ${data}`);
        }
      }
      return class extends Middle {
        override onRead(data: Buffer): void {
          seen.push('super');
          super.onRead(data);
        }
        override onClose(): void {
          seen.push('close');
        }
      };
    });
    await eventually('closed', () => seen.includes('close'));
    t.deepEqual(seen, ['super', 'read a', 'super', 'read b', 'close']);
  });

  suite.both('rule 5: the next frame of a batch goes to the new hook', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
    const seen: string[] = [];
    channel.onRead = (data) => {
      seen.push(`first ${textOf(data)}`);
      channel.onRead = (next) => {
        seen.push(`second ${textOf(next)}`);
        channel.onRead = (last) => {
          seen.push(`third ${textOf(last)}`);
        };
      };
    };
    peer.end('a\nb\nc\nd\n');
    await log.closed();
    t.deepEqual(seen, ['first a', 'second b', 'third c', 'third d']);
  });

  suite.both('rule 5: assigned by a hook of another channel', async (scene, t, side) => {
    const seen: string[] = [];
    const target = await scene.open(side, { readDelimiter: '\n' });
    const { peer } = await scene.open(side, { readDelimiter: '\n' }, () => ({
      onRead: () => {
        target.channel.onRead = (data) => {
          seen.push(textOf(data));
        };
      },
    }));
    const lockstep = await Lockstep.start(scene);
    await lockstep.send(peer, ['now\n']);
    target.peer.end('a\nb\n');
    await target.log.closed();
    t.deepEqual(seen, ['a', 'b']);
    t.deepEqual(target.log.reads, []);
  });

  suite.both('rule 5: deleting an assigned hook brings the method back', async (scene, t, side) => {
    const seen: string[] = [];
    const channel = await subclassed(scene, side, (Base) => {
      return class extends Base {
        override onConnect(): void {
          this.onRead = (data) => {
            seen.push(`assigned ${textOf(data)}`);
            Reflect.deleteProperty(this, 'onRead');
          };
        }
        override onRead(data: Buffer): void {
          seen.push(`method ${data}`);
        }
      };
    });
    await eventually('closed', () => channel.readyState === 'closed');
    t.deepEqual(seen, ['assigned a', 'method b']);
  });

  suite.both('rule 5: onEnd and onClose assigned late', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
    const seen: string[] = [];
    const { onClose } = channel;
    channel.onRead = () => {
      channel.onEnd = (rest) => {
        seen.push(`end ${textOf(rest)}`);
        channel.onClose = (info) => {
          seen.push('close');
          onClose(info);
        };
      };
    };
    peer.end('a\nb');
    await log.closed();
    t.deepEqual(seen, ['end b', 'close']);
  });

  suite.both('hooks that are not overridden do nothing', async (scene, t, side) => {
    const channel = await subclassed(scene, side, (Base) => class extends Base {});
    await eventually('closed', () => channel.readyState === 'closed');
    t.pass();
  });
}

type StreamConstructor = new () => StreamLike;

/** A stream of a subclass, connected to a peer that sends `a\nb\nc` and FIN. */
async function subclassed(
  scene: Scene,
  side: Side,
  make: (base: StreamConstructor) => StreamConstructor,
): Promise<StreamLike> {
  const options = { readDelimiter: '\n' };
  if (side === 'client') {
    // The base is called without arguments here; what the subclass needs is bound.
    const Class = make(class extends scene.impl.Client {} as StreamConstructor);
    const channel = new Class() as InstanceType<typeof scene.impl.Client>;
    scene.t.teardown(() => channel.close());
    channel.readDelimiter = options.readDelimiter;
    const listening = await scene.peerServer();
    channel.connect('127.0.0.1', listening.port);
    (await listening.peer()).end('a\nb\nc');
    return channel;
  }
  const Class = make(scene.impl.Connection as unknown as StreamConstructor);
  const server = new scene.impl.Server(Class as unknown as typeof scene.impl.Connection, options);
  const made = new Promise<StreamLike>((resolve) => {
    const { onAccept } = server;
    server.onAccept = (socket, addr) => {
      onAccept.call(server, socket, addr);
      const [connection] = server.channels.values();
      if (connection !== undefined) resolve(connection);
    };
  });
  const peer = await scene.peer(scene.listening(server));
  peer.end('a\nb\nc');
  return made;
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

/** Finds hooks that run inside a call. */
function reentrancy() {
  let depth = 0;
  const nested: string[] = [];
  const call = (body: () => void) => {
    depth += 1;
    try {
      body();
    } finally {
      depth -= 1;
    }
  };
  const hook =
    <A extends unknown[]>(body: (...args: A) => void) =>
    (...args: A) => {
      if (depth > 0) nested.push(String(new Error('a hook inside a call').stack));
      // A hook is no call: what it calls in its turn is counted from here.
      const outer = depth;
      depth = 0;
      body(...args);
      depth = outer;
    };
  return { call, hook, nested: () => nested };
}

function strings(entries: unknown[]): unknown[] {
  return entries.filter((entry) => typeof entry === 'string');
}

function messageOf(error: unknown): string {
  return (error as Error).message;
}
