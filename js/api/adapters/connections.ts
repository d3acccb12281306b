/** The connections of a server as an async iterator. */

import { channelActive } from '../../check/errors.ts';
import type { Link } from '../../link/link.ts';
import type { Acceptor } from '../../link/server-link.ts';
import type { CloseInfo } from '../../types.ts';
import type { FrameIterator } from './frames.ts';

/** @internal A server, as far as its iterator needs it. */
interface Accepting extends Link<object> {
  readonly acceptor: Acceptor | null;
  give(acceptor: Acceptor): void;
  takeBack(acceptor: Acceptor): void;
}

interface Asking<C> {
  resolve(result: IteratorResult<C, undefined>): void;
  reject(error: Error): void;
}

const DONE = { done: true, value: undefined } as const;

/** @internal */
export function connectionsOf<C>(server: Accepting): FrameIterator<C> {
  return new Connections<C>(server);
}

class Connections<C> implements Acceptor, FrameIterator<C> {
  #server: Accepting;
  #waiting = new Set<C>();
  #asking: Asking<C>[] = [];
  #over = false;
  #failure: Error | null = null;

  constructor(server: Accepting) {
    if (server.acceptor !== null) throw channelActive('the iterator', 'iterated');
    this.#server = server;
    if (server.told === null) server.give(this);
    else this.closed(server.told);
  }

  next(): Promise<IteratorResult<C, undefined>> {
    const [connection] = this.#waiting;
    if (connection !== undefined) {
      this.#waiting.delete(connection);
      return Promise.resolve({ done: false, value: connection });
    }
    if (!this.#over)
      return new Promise((resolve, reject) => this.#asking.push({ resolve, reject }));
    const failure = this.#failure;
    this.#failure = null;
    return failure === null ? Promise.resolve(DONE) : Promise.reject(failure);
  }

  return(): Promise<IteratorResult<C, undefined>> {
    if (!this.#over) {
      this.#finish(null);
      this.#server.dispose();
    }
    this.#failure = null;
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  accepted(connection: object): void {
    const asking = this.#asking.shift();
    if (asking === undefined) this.#waiting.add(connection as C);
    else asking.resolve({ done: false, value: connection as C });
  }

  gone(connection: object): void {
    this.#waiting.delete(connection as C);
  }

  closed(info: CloseInfo): void {
    this.#finish(info.error ?? null);
  }

  #finish(error: Error | null): void {
    this.#over = true;
    this.#failure = error;
    this.#waiting.clear();
    this.#server.takeBack(this);
    for (const { resolve, reject } of this.#asking.splice(0)) {
      const failure = this.#failure;
      this.#failure = null;
      if (failure === null) resolve(DONE);
      else reject(failure);
    }
  }
}
