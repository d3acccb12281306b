/** The connections of a server as an async iterator. */

import { channelActive } from '../../check/errors.ts';
import type { Link } from '../../link/link.ts';
import type { Acceptor } from '../../link/server-link.ts';
import type { CloseInfo } from '../../types.ts';
import { Asked, type FrameIterator } from './iterator.ts';

/** @internal A server, as far as its iterator needs it. */
interface Accepting extends Link<object> {
  readonly acceptor: Acceptor | null;
  give(acceptor: Acceptor): void;
  takeBack(acceptor: Acceptor): void;
}

/** @internal */
export function connectionsOf<C>(server: Accepting): FrameIterator<C> {
  return new Connections<C>(server);
}

class Connections<C> extends Asked<C> implements Acceptor {
  #server: Accepting;
  #waiting = new Set<C>();

  constructor(server: Accepting) {
    super();
    if (server.acceptor !== null) throw channelActive('the iterator', 'iterated');
    this.#server = server;
    if (server.told === null) server.give(this);
    else this.closed(server.told);
  }

  protected wanted(): void {
    const [connection] = this.#waiting;
    if (connection === undefined) return;
    this.#waiting.delete(connection);
    this.give(connection);
  }

  protected leave(): void {
    if (this.isOver) return;
    this.finish(null);
    this.#server.dispose();
  }

  accepted(connection: object): void {
    if (!this.give(connection as C)) this.#waiting.add(connection as C);
  }

  gone(connection: object): void {
    this.#waiting.delete(connection as C);
  }

  closed(info: CloseInfo): void {
    this.finish(info.error ?? null);
  }

  protected override finish(error: Error | null): void {
    this.#waiting.clear();
    this.#server.takeBack(this);
    super.finish(error);
  }
}
