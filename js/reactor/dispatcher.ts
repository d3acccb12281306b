/**
 * Reads the reactor's completions, a batch at a time, and calls the links they are for.
 *
 * ```text
 *   words   [header] [record][record]…        one call takes both, where there is room for both;
 *   bytes   those of the records, in order    otherwise it says how much is needed
 * ```
 *
 * A batch may hold thousands of frames. Where hooks have run for long enough, what is left of it
 * waits for the next turn of the event loop: first the link in whose frames that happened, then the
 * next record. Only when all is through is more taken, to the same memory.
 *
 * Nothing here throws for what user code does: links report that themselves. Should one throw all
 * the same, that is reported too, and the next record is read as if nothing had happened: so each
 * is stepped over before its link is called.
 */

import type { NativeBinding, NativeEngineHandle } from '../binding.ts';
import {
  engineFailed,
  fileTruncated,
  frameTimeout,
  idleTimeout,
  lingerTimeout,
  systemError,
} from '../check/errors.ts';
import { BatchHeader, Flag, Kind, Reason, Tally as TallyAt } from '../generated/wire.ts';
import { ConnectAttempt } from '../link/connect.ts';
import { DatagramLink } from '../link/datagram-link.ts';
import { ServerLink } from '../link/server-link.ts';
import { AcceptedSocket } from '../link/socket.ts';
import { StreamLink } from '../link/stream-link.ts';
import type { Chunk } from '../read/inbox.ts';
import type { Datagrams } from '../read/packets.ts';
import { latin1 } from '../read/text.ts';
import type { CloseInfo } from '../types.ts';
import type { Budget } from './budget.ts';
import { Pace } from './pace.ts';
import { memory, Slab } from './slab.ts';
import type { Target } from './submission.ts';
import { type Tally, tallyFrom } from './tally.ts';

const FIRST_WORDS = 32 * 1024;
const FIRST_BYTES = 64 * 1024;
/** Bytes are read into the same place each time; what one large batch needed is given back. */
const KEEP_BYTES = 1024 * 1024;

type Link = StreamLink | ServerLink | DatagramLink;

/** Who has frames left for the next turn. */
interface Late {
  goOn(): void;
}

/** @internal The engine, as far as the dispatcher needs it. */
export interface DispatchEngine {
  readonly budget: Budget;
  find(index: number, generation: number): Link | undefined;
  closeSocket(socket: Target): void;
  /** Between two batches: what hooks have set off is done, and submitted. */
  settle(): void;
  failed(error: Error): void;
  uncaught(error: unknown): void;
}

/** @internal */
export class Dispatcher {
  #binding: NativeBinding;
  #native: NativeEngineHandle;
  #engine: DispatchEngine;
  #words = new Uint32Array(FIRST_WORDS);
  #bytes = memory(FIRST_BYTES);
  #slab = new Slab();
  /** Reused for every chunk: nothing keeps it. */
  #chunk: Chunk;
  /** As above, for datagrams. */
  #datagrams: Datagrams;
  #late: Late[] = [];
  #pace = new Pace();
  /** The batch: where its next record begins, and its bytes, and where the records end. */
  #at = 0;
  #from = 0;
  #end = 0;
  /** Milliseconds that it has taken in earlier turns. */
  #taken = 0;

  constructor(binding: NativeBinding, native: NativeEngineHandle, engine: DispatchEngine) {
    this.#binding = binding;
    this.#native = native;
    this.#engine = engine;
    this.#chunk = {
      bytes: this.#bytes,
      slab: this.#slab,
      start: 0,
      length: 0,
      epoch: 0,
      words: this.#words,
      at: 0,
      frames: 0,
      ascii: false,
    };
    this.#datagrams = {
      bytes: this.#bytes,
      slab: this.#slab,
      start: 0,
      words: this.#words,
      at: 0,
      senders: 0,
      count: 0,
    };
  }

  /** The budget was overdrawn before the link had delivered all: it goes on in the next. */
  goOnLater(link: Late): void {
    this.#late.push(link);
  }

  /** Handles what there is; returns whether there may be more, which nobody will ring for. */
  drain(): boolean {
    const { budget } = this.#engine;
    let began = 0;
    while (!budget.spent) {
      const late = this.#late.shift();
      if (late !== undefined) {
        late.goOn();
      } else if (this.#at < this.#end) {
        this.#records();
      } else {
        this.#engine.settle();
        const now = budget.elapsed;
        this.#handled(now - began);
        began = now;
        if (!this.#take()) return false;
      }
    }
    this.#engine.settle();
    this.#taken += budget.elapsed - began;
    return true;
  }

  /** Takes what the reactor has ready, if anything. */
  #take(): boolean {
    for (;;) {
      this.#binding.take(this.#native, this.#words, this.#bytes);
      const needed = this.#words[BatchHeader.NEEDED_WORDS] as number;
      if (needed === 0) break;
      this.#grow(needed, this.#words[BatchHeader.NEEDED_BYTES] as number);
    }
    const words = this.#words;
    const bytes = this.#bytes;
    const count = words[BatchHeader.RECORD_WORDS] as number;
    if (count === 0) {
      if (words[BatchHeader.FAILED] !== 0) this.#engine.failed(engineFailed());
      return false;
    }
    if (words.length > FIRST_WORDS && count < FIRST_WORDS / 2) {
      this.#words = new Uint32Array(FIRST_WORDS);
    }
    const large = bytes.length > KEEP_BYTES;
    if (large) this.#bytes = memory(FIRST_BYTES);
    this.#slab.begin(bytes, words[BatchHeader.BYTES] as number, large);
    this.#chunk.bytes = bytes;
    this.#chunk.words = words;
    this.#at = BatchHeader.WORDS;
    this.#from = 0;
    this.#end = BatchHeader.WORDS + count;
    return true;
  }

  /** All of a batch is through; in this turn it has taken so many milliseconds. */
  #handled(elapsed: number): void {
    if (this.#end === 0) return;
    const bytes = this.#from;
    if (this.#pace.handled(this.#end, bytes, this.#taken + elapsed)) {
      this.#binding.setPace(this.#native, this.#pace.part);
    }
    this.#taken = 0;
    this.#end = 0;
    this.#at = 0;
  }

  /** Handles records until the batch ends, or the turn. */
  #records(): void {
    const { budget } = this.#engine;
    const slab = this.#slab;
    const chunk = this.#chunk;
    const { bytes, words } = chunk;
    const end = this.#end;
    let at = this.#at;
    let from = this.#from;
    while (at < end && !budget.spent) {
      try {
        const head = words[at] as number;
        const link = this.#engine.find(words[at + 1] as number, words[at + 2] as number);
        at += 3;
        switch (head & 0xff) {
          case Kind.DATA: {
            chunk.epoch = words[at] as number;
            chunk.start = from;
            chunk.length = words[at + 1] as number;
            chunk.frames = words[at + 2] as number;
            chunk.at = at + 3;
            chunk.ascii = ((head >>> 8) & Flag.ASCII) !== 0;
            at += 3 + 2 * chunk.frames;
            from += chunk.length;
            if (link instanceof StreamLink) link.data(chunk);
            break;
          }
          case Kind.DRAINED: {
            const reached = (words[at] as number) + (words[at + 1] as number) * 0x1_0000_0000;
            at += 2;
            if (link instanceof StreamLink || link instanceof DatagramLink) link.drained(reached);
            break;
          }
          case Kind.ACCEPTED: {
            const record = at;
            const start = from;
            at += 4;
            from += words[record + 3] as number;
            this.#accepted(words, record, bytes, start);
            break;
          }
          case Kind.END: {
            const start = from;
            const rest = words[at] as number;
            at += 1;
            from += rest;
            if (link instanceof StreamLink) link.finished(slab, start, rest);
            break;
          }
          case Kind.CLOSED: {
            const record = at;
            const start = from;
            at += 3 + 2 * TallyAt.WORDS;
            from += words[at - 1] as number;
            if (link !== undefined) {
              const detail = latin1(bytes, start, from);
              const tally = tallyFrom(words, record + 2);
              link.closed(this.#info(head >>> 8, link, words, record, tally, detail), tally);
            }
            break;
          }
          case Kind.CONNECTED: {
            const fileno = words[at] as number;
            const size = words[at + 1] as number;
            const about = latin1(bytes, from, from + size);
            at += 2;
            from += size;
            if (link instanceof StreamLink) {
              const { index, generation } = link;
              link.connected(new AcceptedSocket(this.#engine, index, generation, fileno, about));
            }
            break;
          }
          case Kind.ACCEPT_ERROR:
            at += 1;
            if (link instanceof ServerLink) link.acceptFailed(words[at - 1] as number);
            break;
          case Kind.OVERFLOW: {
            const start = from;
            const size = words[at + 2] as number;
            at += 3;
            from += size;
            if (link instanceof StreamLink) link.outgrown(slab, start, size);
            break;
          }
          case Kind.DATAGRAMS: {
            const record = at;
            const start = from;
            at += 3 + (words[at + 1] as number) + (words[at + 2] as number);
            from += words[record] as number;
            this.#datagram(link, words, record, bytes, start);
            break;
          }
          case Kind.DATAGRAM_FAILED: {
            const [errno = 0, syscall = 0, length = 0, size = 0] = words.subarray(at, at + 4);
            const about = latin1(bytes, from, from + size);
            at += 4;
            from += size;
            if (link instanceof DatagramLink) link.failed(errno, syscall, length, about);
            break;
          }
          case Kind.PEER_SET: {
            const errno = words[at] as number;
            const size = words[at + 1] as number;
            const about = latin1(bytes, from, from + size);
            at += 2;
            from += size;
            if (link instanceof DatagramLink) link.peerSet(errno, about);
            break;
          }
          default:
            // Nobody knows where the next record begins.
            at = end;
            throw new Error(`a completion of kind ${head & 0xff}: addon and package do not match`);
        }
      } catch (error) {
        this.#engine.uncaught(error);
      }
      budget.count();
    }
    this.#at = at;
    this.#from = from;
  }

  #datagram(
    link: Link | undefined,
    words: Uint32Array,
    at: number,
    bytes: Buffer,
    from: number,
  ): void {
    const record = this.#datagrams;
    record.bytes = bytes;
    record.start = from;
    record.words = words;
    record.senders = words[at + 1] as number;
    record.count = words[at + 2] as number;
    record.at = at + 3;
    if (link instanceof DatagramLink) link.datagrams(record);
  }

  #accepted(words: Uint32Array, at: number, bytes: Buffer, from: number): void {
    const index = words[at - 2] as number;
    const generation = words[at - 1] as number;
    const server = this.#engine.find(words[at] as number, words[at + 1] as number);
    const about = latin1(bytes, from, from + (words[at + 3] as number));
    const fileno = words[at + 2] as number;
    const socket = new AcceptedSocket(this.#engine, index, generation, fileno, about);
    if (server instanceof ServerLink) server.accepted(socket);
    else socket.close();
  }

  /** What has ended a channel, in the words of `onClose`. */
  #info(
    reason: number,
    link: Link,
    words: Uint32Array,
    at: number,
    tally: Tally,
    detail: string,
  ): CloseInfo {
    const sent = tally[TallyAt.SENT] as number;
    const stream = link instanceof StreamLink ? link : null;
    const unsentBytes = link instanceof ServerLink ? 0 : link.outbox.accepted - sent;
    switch (reason) {
      case Reason.END:
        return { reason: 'end', unsentBytes };
      case Reason.CLOSE:
        return { reason: 'close', unsentBytes };
      case Reason.IDLE:
        return {
          reason: 'timeout',
          error: idleTimeout(stream?.settings.idleTimeout ?? 0),
          unsentBytes,
        };
      case Reason.FRAME:
        return {
          reason: 'timeout',
          error: frameTimeout(stream?.settings.frameTimeout ?? 0),
          unsentBytes,
        };
      case Reason.TRUNCATED: {
        const error = fileTruncated(stream?.outbox.fileAt(sent) ?? '');
        return { reason: 'error', error, unsentBytes };
      }
      case Reason.LINGER: {
        const ms = link instanceof ServerLink ? 0 : link.settings.lingerTimeout;
        return { reason: 'timeout', error: lingerTimeout(ms), unsentBytes };
      }
      case Reason.CONNECT: {
        const attempt = stream?.attempt;
        const error = attempt ? ConnectAttempt.failure(detail, attempt) : systemError(0, 'connect');
        return { reason: 'error', error, unsentBytes };
      }
      default: {
        const error = systemError((words[at] as number) | 0, words[at + 1] as number);
        return { reason: 'error', error, unsentBytes };
      }
    }
  }

  /** Room for so much: only then can it be taken. */
  #grow(words: number, bytes: number): void {
    if (words > this.#words.length) this.#words = new Uint32Array(2 * words);
    if (bytes > this.#bytes.length) this.#bytes = memory(bytes);
  }
}
