import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import test, { type ExecutionContext } from 'ava';

/** An example in a process of its own; what it prints is read line by line. */
class Example {
  readonly process: ChildProcess;
  /** What it has printed to stderr. */
  errors = '';
  readonly #lines: AsyncIterator<string>;
  readonly #closed: Promise<unknown[]>;

  constructor(t: ExecutionContext, name: string, ...args: (string | number)[]) {
    const file = fileURLToPath(new URL(`../examples/${name}.ts`, import.meta.url));
    const child = spawn(
      process.execPath,
      ['--import', '@oxc-node/core/register', file, ...args.map(String)],
      { stdio: 'pipe' },
    );
    t.teardown(() => child.kill('SIGKILL'));
    child.stderr.setEncoding('utf8').on('data', (text) => {
      this.errors += text;
    });
    this.process = child;
    this.#closed = once(child, 'close');
    const output: Interface = createInterface({ input: child.stdout });
    this.#lines = output[Symbol.asyncIterator]();
  }

  type(line: string): void {
    this.process.stdin?.write(`${line}\n`);
  }

  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the example printed nothing more');
    return value;
  }

  async port(): Promise<number> {
    const line = await this.line();
    return Number(/:(\d+)$/.exec(line)?.[1]);
  }

  async end(): Promise<number | null> {
    this.process.stdin?.end();
    const [code] = (await this.#closed) as [number | null];
    return code;
  }
}

test('echo sends lines back, and the client prints them', async (t) => {
  const echo = new Example(t, 'echo', 0);
  const client = new Example(t, 'client', await echo.port());
  client.type('one');
  client.type('two');
  t.is(await client.line(), 'one');
  t.is(await client.line(), 'two');
  t.is(await client.end(), 0);
});

test('the client says why it cannot connect', async (t) => {
  const echo = new Example(t, 'echo', 0);
  const port = await echo.port();
  echo.process.kill('SIGKILL');
  await once(echo.process, 'exit');
  const client = new Example(t, 'client', port);
  t.is(await client.end(), 1);
  t.regex(client.errors, new RegExp(`^cannot connect: .*ECONNREFUSED.*127\\.0\\.0\\.1:${port}\n$`));
});

test('chat: names, messages, leaving', async (t) => {
  const chat = new Example(t, 'chat', 0);
  const port = await chat.port();

  const ann = new Example(t, 'client', port);
  t.is(await ann.line(), 'What is your name?');
  ann.type('ann');
  t.is(await ann.line(), 'Welcome, ann. Here: nobody else.');

  const bob = new Example(t, 'client', port);
  t.is(await bob.line(), 'What is your name?');
  bob.type('ann');
  t.is(await bob.line(), 'ann is taken. Another name?');
  bob.type('not a name');
  t.is(await bob.line(), 'One to twenty letters or digits, please.');
  bob.type('bob');
  t.is(await bob.line(), 'Welcome, bob. Here: ann.');
  t.is(await ann.line(), 'bob has joined.');

  ann.type('hello');
  t.is(await bob.line(), 'ann: hello');
  bob.type('/quit');
  t.is(await ann.line(), 'bob has left.');
  t.is(await bob.end(), 0);
});

test('chat: Ctrl-C ends it, and the port is free at once', async (t) => {
  const chat = new Example(t, 'chat', 0);
  const port = await chat.port();
  const guest = new Example(t, 'client', port);
  t.is(await guest.line(), 'What is your name?');

  chat.process.kill('SIGINT');
  const [, signal] = await once(chat.process, 'exit');
  t.is(signal, 'SIGINT');

  const again = new Example(t, 'chat', port);
  t.is(await again.port(), port);
});

test('chat: a port in use is said in a sentence', async (t) => {
  const chat = new Example(t, 'chat', 0);
  const port = await chat.port();
  const second = new Example(t, 'chat', port);
  t.is(await second.end(), 1);
  t.is(second.errors, `Port ${port} is in use. Another one:  npm start -- ${port + 1}\n`);
});
