/**
 * Reads the reactor's completions, a batch at a time, and calls the handlers they are for.
 *
 * ```text
 *   words   [header] [record][record]…        one call takes both, where there is room for both;
 *   bytes   those of the records, in order    otherwise it says how much is needed
 * ```
 *
 * A batch may hold thousands of frames. Where hooks have run for long enough, what is left of it
 * waits for the next turn of the event loop: first the handler in whose frames that happened, then the
 * next record. Only when all is through is more taken, to the same memory.
 *
 * Nothing here throws for what user code does: handlers report that themselves. Should one throw all
 * the same, that is reported too, and the next record is read as if nothing had happened: so each
 * is stepped over before its handler is called.
 */

import type { NativeBinding, NativeEngineHandle } from '../binding.ts';
import { engineFailed } from '../check/errors.ts';
import { BatchHeader, Flag, Kind, Op, Tally as TallyAt } from '../generated/wire.ts';
import type { Chunk, Datagrams, Handler, Tally } from './handler.ts';
import { Pace } from './pace.ts';
import type { Registry } from './registry.ts';
import { latin1, memory, Slab } from './slab.ts';
import type { Submission } from './submission.ts';
import type { Turn } from './turn.ts';

const FIRST_WORDS = 32 * 1024;
const FIRST_BYTES = 64 * 1024;
/** In the place of memory that was given away: how much the next batch needs, it says itself. */
const NOTHING = Buffer.alloc(0);
/** Bytes are read into the same place each time; what one large batch needed is given back. */
const KEEP_BYTES = 1024 * 1024;

/** @internal The reactor, as far as the dispatcher needs it. */
export interface DispatcherHost {
  readonly registry: Pick<Registry, 'find'>;
  readonly submission: Pick<Submission, 'request'>;
  readonly turn: Pick<Turn, 'budget' | 'nextLate' | 'end'>;
  /** The reactor's thread has died. */
  died(error: Error): void;
  uncaught(error: unknown): void;
}

/** @internal */
export class Dispatcher {
  #binding: Pick<NativeBinding, 'take' | 'setPace'>;
  #native: NativeEngineHandle;
  #host: DispatcherHost;
  #words = new Uint32Array(FIRST_WORDS);
  #bytes = memory(FIRST_BYTES);
  #slab = new Slab();
  /** Reused for every chunk: nothing keeps it. */
  #chunk: Chunk;
  /** As above, for datagrams. */
  #datagrams: Datagrams;
  #pace = new Pace();
  /** The batch: where its next record begins, and its bytes, and where the records end. */
  #at = 0;
  #from = 0;
  #end = 0;
  /** Milliseconds that it has taken in earlier turns. */
  #taken = 0;

  constructor(
    binding: Pick<NativeBinding, 'take' | 'setPace'>,
    native: NativeEngineHandle,
    host: DispatcherHost,
  ) {
    this.#binding = binding;
    this.#native = native;
    this.#host = host;
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

  /** Handles what there is; returns whether there may be more, which nobody will ring for. */
  drain(): boolean {
    const { turn } = this.#host;
    const { budget } = turn;
    let began = 0;
    while (!budget.spent) {
      const late = turn.nextLate();
      if (late !== undefined) {
        late.goOn();
      } else if (this.#at < this.#end) {
        this.#records();
      } else {
        turn.end();
        if (this.#end > 0) {
          const now = budget.elapsed;
          this.#handled(now - began);
          began = now;
        }
        if (!this.#take()) return false;
      }
    }
    turn.end();
    this.#taken += budget.elapsed - began;
    return true;
  }

  /** Takes what the reactor has ready, if anything. */
  #take(): boolean {
    if (this.#slab.claimed || this.#bytes.length > KEEP_BYTES) {
      this.#slab.claimed = false;
      this.#bytes = NOTHING;
    }
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
      if (words[BatchHeader.FAILED] !== 0) this.#host.died(engineFailed());
      return false;
    }
    if (words.length > FIRST_WORDS && count < FIRST_WORDS / 2) {
      this.#words = new Uint32Array(FIRST_WORDS);
    }
    this.#slab.begin(bytes, words[BatchHeader.BYTES] as number);
    this.#chunk.bytes = bytes;
    this.#chunk.words = words;
    this.#at = BatchHeader.WORDS;
    this.#from = 0;
    this.#end = BatchHeader.WORDS + count;
    return true;
  }

  /** All of a batch is through; in this turn it has taken so many milliseconds. */
  #handled(elapsed: number): void {
    if (this.#pace.handled(this.#end, this.#from, this.#taken + elapsed)) {
      this.#binding.setPace(this.#native, this.#pace.part);
    }
    this.#taken = 0;
    this.#end = 0;
    this.#at = 0;
  }

  /** Handles records until the batch ends, or the turn. */
  #records(): void {
    const { registry, turn } = this.#host;
    const { budget } = turn;
    const slab = this.#slab;
    const chunk = this.#chunk;
    const { bytes, words } = chunk;
    const end = this.#end;
    let at = this.#at;
    let from = this.#from;
    while (at < end && !budget.spent) {
      try {
        const head = words[at] as number;
        const handler = registry.find(words[at + 1] as number, words[at + 2] as number);
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
            handler?.data?.(chunk);
            break;
          }
          case Kind.DRAINED: {
            const reached = (words[at] as number) + (words[at + 1] as number) * 0x1_0000_0000;
            at += 2;
            handler?.drained?.(reached);
            break;
          }
          case Kind.ACCEPTED: {
            const record = at;
            const start = from;
            at += 4;
            from += words[record + 3] as number;
            this.#accepted(words, record, bytes, start, ((head >>> 8) & Flag.PROXIED) !== 0);
            break;
          }
          case Kind.FINISHED: {
            const start = from;
            const rest = words[at] as number;
            at += 1;
            from += rest;
            handler?.finished?.(slab, start, rest);
            break;
          }
          case Kind.CLOSED: {
            const record = at;
            const start = from;
            at += 3 + 2 * TallyAt.WORDS;
            from += words[at - 1] as number;
            handler?.closed({
              reason: head >>> 8,
              errno: (words[record] as number) | 0,
              syscall: words[record + 1] as number,
              detail: latin1(bytes, start, from),
              tally: tallyFrom(words, record + 2),
            });
            break;
          }
          case Kind.CONNECTED: {
            const fileno = words[at] as number;
            const size = words[at + 1] as number;
            const about = latin1(bytes, from, from + size);
            at += 2;
            from += size;
            handler?.connected?.(fileno, about);
            break;
          }
          case Kind.ACCEPT_ERROR:
            at += 1;
            handler?.acceptFailed?.(words[at - 1] as number);
            break;
          case Kind.PROXY_FAILED: {
            const why = words[at] as number;
            const size = words[at + 1] as number;
            const about = latin1(bytes, from, from + size);
            at += 2;
            from += size;
            handler?.proxyFailed?.(why, about);
            break;
          }
          case Kind.DROPPED: {
            const size = words[at] as number;
            const about = latin1(bytes, from, from + size);
            at += 1;
            from += size;
            handler?.dropped?.(about);
            break;
          }
          case Kind.OVERFLOW: {
            const start = from;
            const size = words[at] as number;
            at += 1;
            from += size;
            handler?.outgrown?.(slab, start, size);
            break;
          }
          case Kind.DATAGRAMS: {
            const record = at;
            const start = from;
            at += 3 + (words[at + 1] as number) + (words[at + 2] as number);
            from += words[record] as number;
            this.#datagram(handler, words, record, bytes, start);
            break;
          }
          case Kind.DATAGRAM_FAILED: {
            const [errno = 0, syscall = 0, length = 0, size = 0] = words.subarray(at, at + 4);
            const about = latin1(bytes, from, from + size);
            at += 4;
            from += size;
            handler?.failed?.(errno, syscall, length, about);
            break;
          }
          case Kind.PEER_SET: {
            const errno = words[at] as number;
            const size = words[at + 1] as number;
            const about = latin1(bytes, from, from + size);
            at += 2;
            from += size;
            handler?.peerSet?.(errno, about);
            break;
          }
          default:
            // Nobody knows where the next record begins.
            at = end;
            throw new Error(`a completion of kind ${head & 0xff}: addon and package do not match`);
        }
      } catch (error) {
        this.#host.uncaught(error);
      }
      budget.count();
    }
    this.#at = at;
    this.#from = from;
  }

  #datagram(
    handler: Handler | undefined,
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
    handler?.datagrams?.(record);
  }

  #accepted(words: Uint32Array, at: number, bytes: Buffer, from: number, isProxied: boolean): void {
    const socket = { index: words[at - 2] as number, generation: words[at - 1] as number };
    const { registry, submission } = this.#host;
    const server = registry.find(words[at] as number, words[at + 1] as number);
    if (server?.accepted === undefined) {
      submission.request(Op.CLOSE, socket);
      return;
    }
    const about = latin1(bytes, from, from + (words[at + 3] as number));
    server.accepted(socket, words[at + 2] as number, about, isProxied);
  }

  /** Room for so much: only then can it be taken. */
  #grow(words: number, bytes: number): void {
    if (words > this.#words.length) this.#words = new Uint32Array(2 * words);
    // What is large is given away again, whole: no more than there is. What is small comes often.
    if (bytes > this.#bytes.length)
      this.#bytes = memory(2 * bytes < FIRST_BYTES ? FIRST_BYTES : bytes);
  }
}

/** The tally in a completion: two words a number. */
function tallyFrom(words: Uint32Array, at: number): Tally {
  const tally = new Float64Array(TallyAt.WORDS);
  for (let i = 0; i < TallyAt.WORDS; i += 1) {
    const low = words[at + 2 * i] as number;
    tally[i] = low + (words[at + 2 * i + 1] as number) * 0x1_0000_0000;
  }
  return tally;
}
