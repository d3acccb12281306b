// Chat rooms over two processes, by a real Redis and a real NATS, behind a real HAProxy.

import { createInterface } from 'node:readline';

import type { ExecutionContext } from 'ava';

import { Example } from '../helpers/example.ts';
import { Program, peerTest } from '../helpers/program.ts';
import { freePort } from './place.ts';
import { RedisServer } from './redis-server.ts';
import { reach, runHAProxy } from './settings.ts';

/** Somebody who types lines, and reads what comes. */
class Person {
  #socket: Awaited<ReturnType<typeof reach>>;
  #lines: AsyncIterator<string>;

  private constructor(socket: Awaited<ReturnType<typeof reach>>) {
    this.#socket = socket;
    this.#lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  }

  static async come(t: ExecutionContext, port: number, name: string, room: string) {
    const person = new Person(await reach(t, port, '127.0.0.1'));
    t.is(await person.line(), 'Your name, and a room?');
    person.say(`${name} ${room}`);
    return person;
  }

  say(text: string): void {
    this.#socket.write(`${text}\n`);
  }

  async line(): Promise<string> {
    return String((await this.#lines.next()).value);
  }
}

const BUSES = {
  redis: async (t: ExecutionContext) => (await RedisServer.start(t)).port,
  nats: async (t: ExecutionContext) => {
    const port = await freePort();
    const nats = new Program(t, 'nats-server', '-a', '127.0.0.1', '-p', port);
    await nats.prints(/Server is ready/);
    return port;
  },
};

for (const [name, start] of Object.entries(BUSES)) {
  peerTest(`chat-${name}: rooms over two processes, behind HAProxy`, async (t) => {
    const bus = await start(t);
    const servers = [
      new Example(t, `chat-${name}`, 0, bus),
      new Example(t, `chat-${name}`, 0, bus),
    ];
    const ports = await Promise.all(servers.map((server) => server.port()));
    const front = await freePort();
    const backends = ports.map((port, at) => `server chat${at} 127.0.0.1:${port} send-proxy-v2`);
    runHAProxy(
      t,
      `
        listen chat
          bind 127.0.0.1:${front}
          balance roundrobin
          ${backends.join('\n')}`,
    );
    // In turn: each of two in a room is at another process.
    const ann = await Person.come(t, front, 'ann', 'lobby');
    t.is(await ann.line(), 'ann has joined.');
    const bob = await Person.come(t, front, 'bob', 'lobby');
    t.is(await bob.line(), 'bob has joined.');
    t.is(await ann.line(), 'bob has joined.');
    const cat = await Person.come(t, front, 'cat', 'attic');
    t.is(await cat.line(), 'cat has joined.');
    ann.say('größer, €');
    t.is(await bob.line(), 'ann: größer, €');
    t.is(await ann.line(), 'ann: größer, €');
    bob.say('hello');
    t.is(await ann.line(), 'bob: hello');
    cat.say('alone here');
    t.is(await cat.line(), 'cat: alone here');
    bob.say('/quit');
    t.is(await ann.line(), 'bob has left.');
    for (const server of servers) t.is(server.errors, '');
  });
}
