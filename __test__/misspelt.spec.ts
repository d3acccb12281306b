// Hooks that are misspelt, which nothing would ever call, are told of.

import test from 'ava';
import { Client, Connection, Server } from 'pants-native';

import { eventually } from './helpers/wait.ts';

test.serial(
  'a hook that is misspelt by a letter, or in another case, warns once a class',
  async (t) => {
    const warnings: Error[] = [];
    const collect = (warning: Error) => warnings.push(warning);
    process.on('warning', collect);
    t.teardown(() => process.off('warning', collect));
    class Lower extends Connection {
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
    class Listener extends Server {
      onAcept(): void {}
    }
    for (const Class of [Lower, Lower, Heir]) {
      const server = new Listener(Class as typeof Connection).listen(0, '127.0.0.1');
      const client = new Client().connect('127.0.0.1', server.localAddr?.port ?? 0);
      await eventually('connected', () => server.channels.size === 1);
      client.close();
      server.close();
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
