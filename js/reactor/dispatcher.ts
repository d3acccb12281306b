/**
 * Reads the reactor's completions, a batch at a time, and calls the handlers they are for.
 *
 * ```text
 *   words   [header] [record][record]…        one call takes both, where there is room for both;
 *   bytes   those of the records, in order    otherwise it says how much is needed
 * ```
 *
 * Where bytes are many they are not copied: they are in memory that was lent to the reactor before,
 * which is this side's again until more is taken.
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
import { BATCH_BYTES, BatchHeader, Flag, Kind, Op, Tally as TallyAt } from '../generated/wire.ts';
import type { Chunk, Datagrams, Handler, Tally } from './handler.ts';
import { Loans } from './loans.ts';
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

type Kinds = (typeof Kind)[keyof typeof Kind];

/**
 * How many words a record has behind its ids; the last says how many bytes. Data and datagrams say
 * themselves.
 */
const WORDS: Readonly<Record<number, number>> = {
  [Kind.ACCEPTED]: 4,
  [Kind.ACCEPT_ERROR]: 1,
  [Kind.CLOSED]: 3 + 2 * TallyAt.WORDS,
  [Kind.CONNECTED]: 2,
  [Kind.DATAGRAM_FAILED]: 4,
  [Kind.DRAINED]: 2,
  [Kind.DROPPED]: 1,
  [Kind.FINISHED]: 1,
  [Kind.OVERFLOW]: 1,
  [Kind.PEER_SET]: 2,
  [Kind.PROXY_FAILED]: 2,
} satisfies Record<Exclude<Kinds, typeof Kind.DATA | typeof Kind.DATAGRAMS>, number>;
/** These have no bytes. */
const BARE: ReadonlySet<number> = new Set([Kind.ACCEPT_ERROR, Kind.DRAINED]);

/** @internal The reactor, as far as the dispatcher needs it. */
export interface DispatcherHost {
  readonly registry: Pick<Registry, 'find'>;
  readonly submission: Pick<Submission, 'request'>;
  readonly turn: Pick<Turn, 'budget' | 'nextLate' | 'lateBytes' | 'end'>;
  /** The reactor's thread has died. */
  died(error: Error): void;
  uncaught(error: unknown): void;
}

type DispatcherBinding = Pick<NativeBinding, 'take' | 'lend' | 'reclaim' | 'setPace'>;

/** @internal */
export class Dispatcher {
  #binding: DispatcherBinding;
  #native: NativeEngineHandle;
  #host: DispatcherHost;
  #words = new Uint32Array(FIRST_WORDS);
  #bytes = memory(FIRST_BYTES);
  #loans: Loans;
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
  /** The last turn began with those that an earlier one had left. */
  #wasLate = false;

  constructor(binding: DispatcherBinding, native: NativeEngineHandle, host: DispatcherHost) {
    this.#binding = binding;
    this.#native = native;
    this.#host = host;
    this.#loans = new Loans(binding, native);
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

  /**
   * Handles what there is; returns whether there may be more, which nobody will ring for.
   *
   * Those that an earlier turn has left, and what has come since, begin by turns: so nobody waits for
   * all of a slow channel's frames. But no more than a batch of those may wait here.
   */
  handleAll(): boolean {
    const { turn } = this.#host;
    const { budget } = turn;
    let began = 0;
    let isNewFirst = this.#wasLate && turn.lateBytes <= BATCH_BYTES;
    this.#wasLate = false;
    while (!budget.spent) {
      const late = isNewFirst ? undefined : turn.nextLate();
      if (late !== undefined) {
        this.#wasLate = true;
        late.goOn();
      } else if (this.#at < this.#end) {
        this.#records();
      } else {
        turn.end();
        if (this.#end > 0) {
          const now = budget.elapsed;
          // Frames of it that are left take nobody knows how long.
          this.#handled(turn.lateBytes > 0 ? Number.POSITIVE_INFINITY : now - began);
          began = now;
        }
        if (this.#take()) continue;
        if (!isNewFirst) return false;
        isNewFirst = false;
      }
    }
    turn.end();
    this.#taken += budget.elapsed - began;
    return true;
  }

  /** Nothing is taken any more. */
  end(): void {
    this.#loans.end();
  }

  /** Takes what the reactor has ready, if anything. */
  #take(): boolean {
    this.#loans.lend(this.#slab);
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
    const count = words[BatchHeader.RECORD_WORDS] as number;
    const length = words[BatchHeader.BYTES] as number;
    const loan = (words[BatchHeader.LOAN] as number) - 1;
    const bytes = this.#loans.taken(loan, length) ?? this.#bytes;
    if (count === 0) {
      if (words[BatchHeader.FAILED] !== 0) this.#host.died(engineFailed());
      return false;
    }
    if (words.length > FIRST_WORDS && count < FIRST_WORDS / 2) {
      this.#words = new Uint32Array(FIRST_WORDS);
    }
    this.#slab.begin(bytes, length);
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
    const chunk = this.#chunk;
    const { words } = chunk;
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
          case Kind.DATAGRAMS: {
            const record = at;
            const start = from;
            at += 3 + (words[at + 1] as number) + (words[at + 2] as number);
            from += words[record] as number;
            this.#datagram(handler, record, start);
            break;
          }
          default: {
            const record = at;
            const start = from;
            const length = WORDS[head & 0xff];
            // Nobody knows where the next record begins.
            at = length === undefined ? end : at + length;
            if (length === undefined) throw mismatch(head & 0xff);
            if (!BARE.has(head & 0xff)) from += words[at - 1] as number;
            this.#tell(handler, head, record, start, from);
          }
        }
      } catch (error) {
        this.#host.uncaught(error);
      }
      budget.count();
    }
    this.#at = at;
    this.#from = from;
  }

  /** A record that is stepped over: its words are at `at`, its bytes from `from` up to `to`. */
  #tell(handler: Handler | undefined, head: number, at: number, from: number, to: number): void {
    const { words, bytes } = this.#chunk;
    const word = (which: number) => words[at + which] as number;
    const text = () => latin1(bytes, from, to);
    switch (head & 0xff) {
      case Kind.ACCEPTED:
        this.#accepted(at, text(), ((head >>> 8) & Flag.PROXIED) !== 0);
        break;
      case Kind.DRAINED:
        handler?.drained?.(word(0) + word(1) * 0x1_0000_0000);
        break;
      case Kind.FINISHED:
        handler?.finished?.(this.#slab, from, to - from);
        break;
      case Kind.OVERFLOW:
        handler?.outgrown?.(this.#slab, from, to - from);
        break;
      case Kind.CONNECTED:
        handler?.connected?.(word(0), text());
        break;
      case Kind.ACCEPT_ERROR:
        handler?.acceptFailed?.(word(0));
        break;
      case Kind.PROXY_FAILED:
        handler?.proxyFailed?.(word(0), text());
        break;
      case Kind.DROPPED:
        handler?.dropped?.(text());
        break;
      case Kind.DATAGRAM_FAILED:
        handler?.failed?.(word(0), word(1), word(2), text());
        break;
      case Kind.PEER_SET:
        handler?.peerSet?.(word(0), text());
        break;
      case Kind.CLOSED: {
        const [reason, errno, syscall] = [head >>> 8, word(0) | 0, word(1)];
        const tally = tallyFrom(words, at + 2);
        handler?.closed({ reason, errno, syscall, detail: text(), tally });
        break;
      }
    }
  }

  #datagram(handler: Handler | undefined, at: number, from: number): void {
    const { words, bytes } = this.#chunk;
    const record = this.#datagrams;
    record.bytes = bytes;
    record.start = from;
    record.words = words;
    record.senders = words[at + 1] as number;
    record.count = words[at + 2] as number;
    record.at = at + 3;
    handler?.datagrams?.(record);
  }

  #accepted(at: number, about: string, isProxied: boolean): void {
    const { words } = this.#chunk;
    const { registry, submission } = this.#host;
    const socket = { index: words[at - 2] as number, generation: words[at - 1] as number };
    const server = registry.find(words[at] as number, words[at + 1] as number);
    if (server?.accepted === undefined) submission.request(Op.CLOSE, socket);
    else server.accepted(socket, words[at + 2] as number, about, isProxied);
  }

  /** Room for so much: only then can it be taken. */
  #grow(words: number, bytes: number): void {
    if (words > this.#words.length) this.#words = new Uint32Array(2 * words);
    // What is large is given away again, whole: no more than there is. What is small comes often.
    if (bytes > this.#bytes.length)
      this.#bytes = memory(2 * bytes < FIRST_BYTES ? FIRST_BYTES : bytes);
  }
}

function mismatch(kind: number): Error {
  return new Error(`a completion of kind ${kind}: addon and package do not match`);
}

/** The tally in a completion: two words a number. */
function tallyFrom(words: Uint32Array, at: number): Tally {
  const tally: number[] = [];
  for (let i = 0; i < TallyAt.WORDS; i += 1) {
    const low = words[at + 2 * i] as number;
    tally.push(low + (words[at + 2 * i + 1] as number) * 0x1_0000_0000);
  }
  return tally;
}
