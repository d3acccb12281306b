import { BatchHeader, Kind, Tally } from '../../js/generated/wire.ts';

/** A channel, by the numbers that the reactor knows it by. */
export type Id = readonly [index: number, generation: number];

/** A record as the reactor writes it: its words behind the header, and its bytes. */
export interface Record {
  readonly words: number[];
  readonly bytes: string;
}

function record(kind: number, [index, generation]: Id, words: number[], bytes = ''): Record {
  return { words: [kind, index, generation, ...words], bytes };
}

/** Frames that are cut at a delimiter of one byte, which is left out. */
export function data(to: Id, text: string, epoch = 1): Record {
  const words: number[] = [];
  for (let at = 0; text.indexOf('\n', at) >= 0; at = text.indexOf('\n', at) + 1) {
    words.push(at, text.indexOf('\n', at));
  }
  return record(Kind.DATA, to, [epoch, text.length, words.length / 2, ...words], text);
}

export const drained = (to: Id, reached: number): Record =>
  record(Kind.DRAINED, to, [reached >>> 0, Math.floor(reached / 2 ** 32)]);

export const finished = (to: Id, rest: string): Record =>
  record(Kind.FINISHED, to, [rest.length], rest);

export const accepted = (socket: Id, server: Id, fileno: number, about: string): Record =>
  record(Kind.ACCEPTED, socket, [...server, fileno, about.length], about);

export const connected = (to: Id, fileno: number, about: string): Record =>
  record(Kind.CONNECTED, to, [fileno, about.length], about);

export const acceptFailed = (to: Id, errno: number): Record =>
  record(Kind.ACCEPT_ERROR, to, [errno]);

export const dropped = (to: Id, about: string): Record =>
  record(Kind.DROPPED, to, [about.length], about);

export const proxyFailed = (to: Id, why: number, about: string): Record =>
  record(Kind.PROXY_FAILED, to, [why, about.length], about);

export const outgrown = (to: Id, text: string): Record =>
  record(Kind.OVERFLOW, to, [text.length], text);

export const peerSet = (to: Id, errno: number, about: string): Record =>
  record(Kind.PEER_SET, to, [errno, about.length], about);

export const datagramFailed = (to: Id, errno: number, about: string): Record =>
  record(Kind.DATAGRAM_FAILED, to, [errno, 8, 3, about.length], about);

export function closed(to: Id, reason: number, errno: number, detail = ''): Record {
  const tally = Array.from({ length: Tally.WORDS }, (_, at) => [at, at === 1 ? 1 : 0]).flat();
  return record(Kind.CLOSED | (reason << 8), to, [errno, 2, ...tally, detail.length], detail);
}

/** One sender, and its datagrams. */
export function datagrams(to: Id, sender: string, all: readonly string[]): Record {
  const bytes = sender + all.join('');
  const words = [bytes.length, 1, all.length, sender.length, ...all.map(({ length }) => length)];
  return record(Kind.DATAGRAMS, to, words, bytes);
}

export const unknown = (to: Id): Record => record(250, to, []);

/** What `take` gives, call by call: batches of records, and then nothing. */
export class Script {
  /** How much more room was asked for. */
  grown = 0;
  failed = false;
  /** The memory that was lent, and is not given back, by number. */
  readonly loans = new Map<number, Uint8Array>();
  #batches: Record[][];

  constructor(...batches: Record[][]) {
    this.#batches = batches;
  }

  lend = (_native: unknown, number: number, memory: Uint8Array): void => {
    if (this.loans.has(number)) throw new Error(`${number} is lent`);
    this.loans.set(number, memory);
  };

  reclaim = (): number[] => {
    const numbers = Array.from(this.loans.keys());
    this.loans.clear();
    return numbers;
  };

  take = (_native: unknown, words: Uint32Array, memory: Uint8Array): void => {
    words.fill(0, 0, BatchHeader.WORDS);
    words[BatchHeader.FAILED] = this.failed ? 1 : 0;
    const batch = this.#batches[0];
    if (batch === undefined) return;
    const all = batch.flatMap((one) => one.words);
    const text = batch.map((one) => one.bytes).join('');
    const [number, loan] = Array.from(this.loans).at(-1) ?? [-1, memory];
    const isLong = 2 * text.length >= loan.length;
    const bytes = isLong ? loan : memory;
    if (BatchHeader.WORDS + all.length > words.length || text.length > bytes.length) {
      words[BatchHeader.NEEDED_WORDS] = BatchHeader.WORDS + all.length;
      words[BatchHeader.NEEDED_BYTES] = text.length;
      this.grown += 1;
      return;
    }
    this.#batches.shift();
    words[BatchHeader.RECORD_WORDS] = all.length;
    words[BatchHeader.BYTES] = text.length;
    if (isLong && this.loans.delete(number)) words[BatchHeader.LOAN] = number + 1;
    words.set(all, BatchHeader.WORDS);
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).write(text, 'latin1');
  };
}
