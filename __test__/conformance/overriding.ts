import type { StreamLike } from '../helpers/implementation.ts';
import { Lockstep } from '../helpers/lockstep.ts';
import { textOf } from '../helpers/log.ts';
import type { Scene, Side } from '../helpers/scene.ts';
import { eventually } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

/** SPEC §2, rule 5: the ways of overriding a hook. */
export function overriding(suite: Suite): void {
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

function strings(entries: unknown[]): unknown[] {
  return entries.filter((entry) => typeof entry === 'string');
}
