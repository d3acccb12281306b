import type { ByteStream } from './stream.ts';

/** A server's connections, one by one. */
export class Connections implements AsyncIterableIterator<ByteStream, undefined> {
  readonly #server: { close(): void; _left(): void };
  readonly #waiting = new Set<ByteStream>();
  #asking: {
    resolve(result: IteratorResult<ByteStream, undefined>): void;
    reject(why: Error): void;
  }[] = [];
  #over = false;
  #failure: Error | null = null;

  constructor(server: { close(): void; _left(): void }) {
    this.#server = server;
  }

  next(): Promise<IteratorResult<ByteStream, undefined>> {
    const [connection] = this.#waiting;
    if (connection !== undefined) {
      this.#waiting.delete(connection);
      return Promise.resolve({ done: false, value: connection });
    }
    if (this.#over) return this.#end();
    return new Promise((resolve, reject) => this.#asking.push({ resolve, reject }));
  }

  return(): Promise<IteratorResult<ByteStream, undefined>> {
    this.#waiting.clear();
    if (!this.#over) this.#server.close();
    this.finish(null);
    return this.#end();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  give(connection: ByteStream): void {
    const asking = this.#asking.shift();
    if (asking) asking.resolve({ done: false, value: connection });
    else this.#waiting.add(connection);
  }

  gone(connection: ByteStream): void {
    this.#waiting.delete(connection);
  }

  finish(error: Error | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#failure = error;
    this.#server._left();
    for (const { resolve, reject } of this.#asking.splice(0)) this.#end().then(resolve, reject);
  }

  async #end(): Promise<IteratorResult<ByteStream, undefined>> {
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure;
    return { done: true, value: undefined };
  }
}
