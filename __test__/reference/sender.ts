import type { Socket } from 'node:net';

import { FilePiece } from './file.ts';
import { keepReadingAfterWriteError, unsentBytesOf } from './socket.ts';

/** How much of a file is read at a time. */
const FILE_BYTES = 65_536;

export interface SenderEvents {
  /** Everything queued has been handed to the operating system. */
  drained(): void;
  failed(error: Error): void;
  /** A file cannot be read; the socket is as it was. */
  fileFailed(error: Error): void;
  /** FIN has been sent. */
  finished(): void;
}

/** The writing half of a stream: what is queued in one turn of the event loop leaves together. */
export class Sender {
  readonly #events: SenderEvents;
  #socket: Socket | null = null;
  #queue: (Buffer | FilePiece)[] = [];
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

  /** Files that wait take no memory. */
  get pendingInMemory(): number {
    const inFiles = this.#queue.map((piece) => (piece instanceof FilePiece ? piece.length : 0));
    return this.pendingBytes - inFiles.reduce((sum, length) => sum + length, 0);
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

  add(piece: Buffer | FilePiece): void {
    this.#queue.push(piece);
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
      const bytes = this.#next();
      if (bytes === null) return;
      this.#busy = true;
      this.#inFlight = bytes.length;
      this.#socket.write(bytes, () => this.#written());
    } else if (this.#ending && !this.#finSent) {
      this.#finSent = true;
      this.#socket.end();
    }
  }

  /** Nothing is sent any more; what is queued stays counted. */
  close(): void {
    for (const piece of this.#queue) if (piece instanceof FilePiece) piece.close();
  }

  /** What is sent next; null where it cannot be had. */
  #next(): Buffer | null {
    const first = this.#queue[0];
    if (!(first instanceof FilePiece)) {
      const file = this.#queue.findIndex((piece) => piece instanceof FilePiece);
      const pieces = this.#queue.splice(0, file < 0 ? this.#queue.length : file);
      return Buffer.concat(pieces as Buffer[]);
    }
    try {
      const bytes = first.read(FILE_BYTES);
      if (first.length === 0) {
        first.close();
        this.#queue.shift();
      }
      return bytes;
    } catch (error) {
      this.#failed = true;
      // It may fail at once, inside the flush() of a user.
      setImmediate(() => this.#events.fileFailed(error as Error));
      return null;
    }
  }

  #written(): void {
    if (this.#failed || this.#socket?.destroyed) return;
    this.#busy = false;
    if (this.#queue.length === 0) this.#events.drained();
    this.flush();
  }
}
