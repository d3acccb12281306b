import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import type { ExecutionContext } from 'ava';

/** How an example is run: from its source, or as `npm run rehearse` says: compiled, by any runtime. */
export function exampleCommand(name: string): [string, ...string[]] {
  const { EXAMPLES } = process.env;
  if (EXAMPLES !== undefined) {
    const { program, args, folder, extension } = JSON.parse(EXAMPLES);
    return [program, ...args, `${folder}/${name}.${extension}`];
  }
  const file = fileURLToPath(new URL(`../../examples/${name}.ts`, import.meta.url));
  return [process.execPath, '--import', '@oxc-node/core/register', file];
}

/** An example in a process of its own; what it prints is read line by line. */
export class Example {
  readonly process: ChildProcess;
  /** What it has printed to stderr. */
  errors = '';
  readonly #lines: AsyncIterator<string>;
  readonly #closed: Promise<unknown[]>;

  constructor(t: ExecutionContext, name: string, ...args: (string | number)[]) {
    const [program, ...begin] = exampleCommand(name);
    const child = spawn(program, [...begin, ...args.map(String)], { stdio: 'pipe' });
    t.teardown(async () => {
      child.kill('SIGKILL');
      await this.#closed;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      this.errors += text;
    });
    this.process = child;
    this.#closed = once(child, 'close');
    const output = createInterface({ input: child.stdout });
    this.#lines = output[Symbol.asyncIterator]();
  }

  type(line: string): void {
    this.process.stdin?.write(`${line}\n`);
  }

  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the example printed nothing more; its errors: ${this.errors}`);
    return value;
  }

  /** The port that it listens on: the end of the first line that a server prints. */
  async port(): Promise<number> {
    const line = await this.line();
    return Number(/:(\d+)$/.exec(line)?.[1]);
  }

  /** Ends its input, and resolves to its exit code. */
  async end(): Promise<number | null> {
    this.process.stdin?.end();
    const [code] = (await this.#closed) as [number | null];
    return code;
  }
}
