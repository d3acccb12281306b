import type { ExecutionContext } from 'ava';

import { eventually, turn } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

/** SPEC §2: failures are never silent: what the hooks do that nobody has overridden. */
export function unhandled(suite: Suite): void {
  suite.test('onConnectError, not overridden: one warning a class and code', async (scene, t) => {
    const warnings = collectWarnings(t);
    class First extends scene.impl.Client {}
    class Second extends scene.impl.Client {}
    const connect = async (Client: typeof First, signal?: AbortSignal) => {
      const client = new Client();
      const closed = new Promise<void>((resolve) => {
        client.onClose = () => resolve();
      });
      client.connect('127.0.0.1', 1, signal ? { signal } : {});
      await closed;
    };
    await connect(First);
    await connect(First);
    await connect(Second);
    await connect(First, AbortSignal.abort());
    await eventually('all warnings', () => warnings.length >= 3);
    await turn();
    t.deepEqual(
      warnings.map(({ name, code }) => [name, code]),
      [
        ['PantsWarning', 'ECONNREFUSED'],
        ['PantsWarning', 'ECONNREFUSED'],
        ['PantsWarning', 'ABORT_ERR'],
      ],
    );
    t.regex(
      warnings[0]?.message ?? '',
      /^First: connect ECONNREFUSED 127\.0\.0\.1:1 .*onConnectError\(\)/,
    );
    t.regex(warnings[1]?.message ?? '', /^Second: /);
  });

  suite.test('an onConnectError of its own: no warning, but by super', async (scene, t) => {
    const warnings = collectWarnings(t);
    class Quiet extends scene.impl.Client {
      override onConnectError(): void {}
    }
    class Loud extends scene.impl.Client {
      override onConnectError(error: Error): void {
        super.onConnectError(error);
      }
    }
    for (const Client of [Quiet, Loud]) {
      const client = new Client();
      const closed = new Promise<void>((resolve) => {
        client.onClose = () => resolve();
      });
      client.connect('127.0.0.1', 1);
      await closed;
    }
    await turn();
    t.deepEqual(
      warnings.map(({ message }) => message.slice(0, 5)),
      ['Loud:'],
    );
  });

  suite.test('onError of a server, not overridden: a warning', async (scene, t) => {
    const warnings = collectWarnings(t);
    class Failing extends scene.impl.Server {}
    const server = new Failing();
    const error = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' });
    server.onError(error);
    server.onError(error);
    t.deepEqual(warnings, [], 'not inside the call');
    await turn();
    t.deepEqual(
      warnings.map(({ code }) => code),
      ['EMFILE'],
    );
    t.regex(warnings[0]?.message ?? '', /^Failing: accept EMFILE .*onError\(\)/);
  });

  suite.test(
    'a hook that is misspelt by a letter, or in another case, warns once a class',
    async (scene, t) => {
      const warnings = collectWarnings(t);
      class Lower extends scene.impl.Connection {
        onread(): void {}
        onCloze = (): void => {};
        onlyOnce(): void {}
        on(): void {}
      }
      class Heir extends Lower {
        override onRead(): void {}
        // With the hook itself beside it, it is a name like any other.
        onReady(): void {}
      }
      class Listener extends scene.impl.Server {
        onAcept(): void {}
      }
      for (const Class of [Lower, Lower, Heir]) {
        const server = new Listener(Class);
        const peer = await scene.peer(scene.listening(server));
        await eventually('connected', () => server.channels.size === 1);
        peer.end();
        await peer.finished();
      }
      await eventually('all are told', () => warnings.length >= 4);
      t.deepEqual(
        warnings.map(({ message }) => message),
        [
          'Listener has onAcept(), which nothing calls; did you mean onAccept()?',
          'Lower has onCloze(), which nothing calls; did you mean onClose()?',
          'Lower has onread(), which nothing calls; did you mean onRead()?',
          'Heir has onCloze(), which nothing calls; did you mean onClose()?',
        ],
      );
      t.like(warnings[0], { name: 'PantsWarning', code: 'PANTS_MISSPELT_HOOK' });
    },
  );

  suite.datagrams('datagrams: so does one of theirs', async (scene, t) => {
    const warnings = collectWarnings(t);
    class Deaf extends scene.impl.Datagram {
      onReed(): void {}
    }
    const deaf = new Deaf().listen({ host: '127.0.0.1', port: 0 });
    t.teardown(() => deaf.close());
    await eventually('it is told', () => warnings.length > 0);
    const message = 'Deaf has onReed(), which nothing calls; did you mean onRead()?';
    t.is(warnings[0]?.message, message);
  });

  suite.test('a connection that its peer resets says nothing', async (scene, t) => {
    const warnings = collectWarnings(t);
    const reasons: string[] = [];
    class Plain extends scene.impl.Connection {
      override onClose({ reason }: { reason: string }): void {
        reasons.push(reason);
      }
    }
    const peer = await scene.peer(scene.listening(new scene.impl.Server(Plain)));
    peer.reset();
    await eventually('closed', () => reasons.length === 1);
    await turn();
    t.deepEqual(reasons, ['error']);
    t.deepEqual(warnings, []);
  });

  suite.datagrams(
    'datagrams: onError, not overridden: one warning a class and code',
    async (scene, t) => {
      const warnings = collectWarnings(t);
      class Sender extends scene.impl.Datagram {}
      const sender = new Sender({ family: 4 });
      t.teardown(() => sender.close());
      sender.write(Buffer.alloc(70_000), ['127.0.0.1', 9]);
      sender.write(Buffer.alloc(70_000), ['127.0.0.1', 9]);
      await eventually('a warning', () => warnings.length > 0);
      for (let n = 0; n < 5; n += 1) await turn();
      t.deepEqual(
        warnings.map(({ name, code }) => [name, code]),
        [['PantsWarning', 'EMSGSIZE']],
      );
      t.regex(warnings[0]?.message ?? '', /^Sender: .*EMSGSIZE.*onError\(\)/);
    },
  );
}

interface Warning extends Error {
  code?: string;
}

function collectWarnings(t: ExecutionContext): Warning[] {
  const warnings: Warning[] = [];
  const collect = (warning: Warning) => {
    if (warning.name === 'PantsWarning') warnings.push(warning);
  };
  process.on('warning', collect);
  t.teardown(() => process.off('warning', collect));
  return warnings;
}
