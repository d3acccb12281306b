import type { Socket } from 'node:net';

import { keepReadingAfterWriteError, unsentBytesOf } from './socket.ts';

export interface SenderEvents {
  /** Everything queued has been handed to the operating system. */
  drained(): void;
  failed(error: Error): void;
  /** FIN has been sent. */
  finished(): void;
}

/** The writing half of a stream: what is queued in one turn of the event loop leaves together. */
export class Sender {
  readonly #events: SenderEvents;
  #socket: Socket | null = null;
  #queue: Buffer[] = [];
  #inFlight = 0;
  #busy = false;
  #failed = false;
  #ending = false;
  #finSent = false;
  #flushing: NodeJS.Immediate | null = null;

  constructor(events: SenderEvents) {
    this.#events = events;
  }

  get pendingBytes(): number {
    const queued = this.#queue.reduce((sum, bytes) => sum + bytes.length, 0);
    if (!this.#busy || this.#socket === null) return queued;
    // A failed write leaves its bytes pending for ever.
    const unsent = this.#failed ? null : unsentBytesOf(this.#socket);
    return queued + (unsent ?? this.#inFlight);
  }

  /** The socket is connected: what was queued before can go. */
  start(socket: Socket): void {
    this.#socket = socket;
    keepReadingAfterWriteError(socket, (error) => {
      this.#failed = true;
      // It may fail at once, inside the write() of a user.
      setImmediate(() => this.#events.failed(error));
    });
    socket.once('finish', () => this.#events.finished());
    this.flush();
  }

  add(bytes: Buffer): void {
    this.#queue.push(bytes);
    this.#flushing ??= setImmediate(() => this.flush());
  }

  /** No more writes: send what is queued, then FIN. */
  end(): void {
    this.#ending = true;
    this.#flushing ??= setImmediate(() => this.flush());
  }

  flush(): void {
    if (this.#flushing !== null) clearImmediate(this.#flushing);
    this.#flushing = null;
    if (this.#socket === null || this.#busy || this.#failed || this.#socket.destroyed) return;
    if (this.#queue.length > 0) {
      const bytes = Buffer.concat(this.#queue);
      this.#queue = [];
      this.#busy = true;
      this.#inFlight = bytes.length;
      this.#socket.write(bytes, () => this.#written());
    } else if (this.#ending && !this.#finSent) {
      this.#finSent = true;
      this.#socket.end();
    }
  }

  #written(): void {
    if (this.#failed || this.#socket?.destroyed) return;
    this.#busy = false;
    if (this.#queue.length === 0) this.#events.drained();
    this.flush();
  }
}
