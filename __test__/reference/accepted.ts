import type { Socket } from 'node:net';

import { type InspectOptionsStylized, inspect } from 'node:util';

import { codedError, typeError } from './errors.ts';
import { inspectAs, readable } from './inspect.ts';
import { filenoOf, localAddressOf, remoteAddressOf } from './socket.ts';
import type { Address } from './types.ts';

/** Closes those that an `onAccept` was given, and that nobody has any more. */
const unclaimed = new FinalizationRegistry<Socket>((socket) => {
  socket.destroy();
});

/** What `onAccept` gets: a socket that nobody reads yet, to be wrapped in a Connection, or closed. */
export class Accepted {
  readonly fileno: number;
  readonly localAddr: Address | string | null;
  readonly remoteAddr: Address | string | null;
  #socket: Socket | null;
  #owner: { close(): void } | null = null;

  constructor(socket: Socket) {
    this.fileno = filenoOf(socket);
    this.localAddr = localAddressOf(socket);
    this.remoteAddr = remoteAddressOf(socket);
    this.#socket = socket;
    unclaimed.register(this, socket, this);
    // Nobody listens before it is wrapped; what fails until then is seen by its Connection.
    socket.on('error', () => {});
  }

  [inspect.custom](depth: number, options: InspectOptionsStylized): string {
    const { fileno, localAddr, remoteAddr } = this;
    const shown = { fileno, localAddr: readable(localAddr), remoteAddr: readable(remoteAddr) };
    return inspectAs(this, shown, depth, options);
  }

  /** Hands the socket to the Connection that wraps it. */
  static take(accepted: Accepted, owner: { close(): void }): Socket {
    if (!(accepted instanceof Accepted)) throw typeError('socket', 'an accepted socket', accepted);
    const socket = accepted.#socket;
    if (socket === null) throw codedError('ERR_CHANNEL_ACTIVE', 'the socket is already taken');
    accepted.#socket = null;
    unclaimed.unregister(accepted);
    accepted.#owner = owner;
    return socket;
  }

  /** Closes it, also when a Connection has it already whose own constructor has failed. */
  static discard(accepted: Accepted): void {
    accepted.close();
    accepted.#owner?.close();
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }
}
