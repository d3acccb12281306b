import { AsyncLocalStorage } from 'node:async_hooks';
import type { LookupFunction } from 'node:net';

import { LOOPBACK } from '../helpers/datagrams.ts';
import type { StreamHooks } from '../helpers/implementation.ts';
import type { Suite } from './suite.ts';

/** SPEC §8: hooks run in the context in which the channel was made, whoever else runs. */
export function contexts(suite: Suite): void {
  const storage = new AsyncLocalStorage<string>();
  const HOOKS = ['onConnect', 'onConnectError', 'onRead', 'onWrite', 'onEnd', 'onClose'] as const;

  /** Hooks that note in which context they are called. */
  const noting = (into: Map<string, unknown>): Partial<StreamHooks> =>
    Object.fromEntries(HOOKS.map((name) => [name, () => into.set(name, storage.getStore())]));
  const all = (names: readonly string[], context: string | undefined) =>
    new Map(names.map((name) => [name, context]));
  const DATA = ['onConnect', 'onRead', 'onWrite', 'onEnd', 'onClose'];

  suite.test('hooks of clients run in the context that each was made in', async (scene, t) => {
    const listening = await scene.peerServer();
    const open = (seen: Map<string, unknown>) => {
      const { channel, log } = scene.client({}, () => noting(seen));
      channel.connect('127.0.0.1', listening.port);
      channel.write('hello');
      return { channel, log };
    };
    const contexts = ['one', undefined, 'other'];
    const seen = contexts.map(() => new Map<string, unknown>());
    const clients = contexts.map((context, at) => {
      const begin = () => open(seen[at] as Map<string, unknown>);
      return context === undefined ? begin() : storage.run(context, begin);
    });
    for (const [at, { log }] of clients.entries()) {
      await log.seen('connect');
      (await listening.peer(at)).end('hello');
    }
    // Whoever acts on them, and wherever.
    await storage.run('somebody', async () => {
      for (const { channel } of clients) channel.write('more');
      for (const { log } of clients) await log.closed();
    });
    for (const [at, context] of contexts.entries()) {
      t.deepEqual(new Map([...(seen[at] ?? [])].sort()), new Map([...all(DATA, context)].sort()));
    }
  });

  suite.test(
    "hooks of connections run in the context of their server's listen()",
    async (scene, t) => {
      const contexts = ['one', undefined, 'other'];
      for (const context of contexts) {
        const seen = new Map<string, unknown>();
        const hooks = noting(seen);
        const listen = () =>
          scene.server({}, (channel) => ({
            ...hooks,
            onConnect: () => {
              hooks.onConnect?.();
              channel.write('hello');
            },
          }));
        const { server, accepted } =
          context === undefined ? listen() : storage.run(context, listen);
        const onListen = new Promise<void>((resolve) => {
          server.onListen = () => {
            seen.set('onListen', storage.getStore());
            resolve();
          };
        });
        await onListen;
        const peer = await storage.run('somebody', () => scene.peer(server));
        peer.end('hello');
        const { log } = await accepted(0);
        await log.closed();
        const expected = all([...DATA, 'onListen'], context);
        t.deepEqual(new Map([...seen].sort()), new Map([...expected].sort()));
      }
    },
  );

  suite.test(
    'hooks of a connect that fails: refused, not found, aborted, in time',
    async (scene, t) => {
      const never: LookupFunction = () => {};
      const notFound: LookupFunction = (_host, _options, done) => {
        const error = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
        storage.run('the look-up', () => setImmediate(() => done(error, [])));
      };
      const controller = new AbortController();
      const { signal } = controller;
      const ways = [
        {},
        { lookup: notFound },
        { lookup: never, signal },
        { lookup: never, connectTimeout: 1 },
      ];
      for (const options of ways) {
        const seen = new Map<string, unknown>();
        const { log } = storage.run('mine', () => {
          const client = scene.client({}, () => noting(seen));
          client.channel.connect('lookup' in options ? 'some.name' : '127.0.0.1', 1, options);
          return client;
        });
        if ('signal' in options) storage.run('somebody', () => controller.abort());
        await log.closed();
        t.deepEqual(seen, all(['onConnectError', 'onClose'], 'mine'));
      }
    },
  );

  suite.datagrams('hooks run in the context that the channel was made in', async (scene, t) => {
    const peer = await scene.peer();
    for (const context of ['one', undefined]) {
      const seen = new Map<string, unknown>();
      const note = (name: string) => () => void seen.set(name, storage.getStore());
      const open = () => {
        const { channel, log } = scene.channel({}, () => ({
          onListen: note('onListen'),
          onRead: note('onRead'),
          onClose: note('onClose'),
        }));
        channel.listen([LOOPBACK, 0]);
        return { channel, log };
      };
      const { channel, log } = context === undefined ? open() : storage.run(context, open);
      await peer.send(channel.localAddr, 'hello');
      await log.frames(1);
      storage.run('somebody', () => channel.close());
      await log.closed();
      t.deepEqual(seen, all(['onListen', 'onRead', 'onClose'], context));
    }
  });
}
