/**
 * What the JS thread asks of the reactor, packed until the turn ends.
 *
 * ```text
 *   strings ─▶ gathered, each channel's as one text ──┐ when the turn ends, or somebody asks
 *   bytes ────────────────────────────────┐           │
 *   buffer  [op|flags][index][generation][length] payload, padded to 4 bytes   [op|flags]…
 *                                         └ writes to one channel in a row grow one payload
 * ```
 *
 * A record is part of the batch when its bytes are there: what throws before (there is no memory, or
 * what is written is not what it says) leaves the batch, and what others have written, as it was.
 */

import type { NativeFileHandle, NativeRegExpHandle } from '../binding.ts';
import type { NativeSocketOptions } from '../check/options.ts';
import type { Framing } from '../check/read-delimiter.ts';
import { byteLength } from '../check/values.ts';
import { Flag, HEADER_WORDS, Op, Packet, Reframe, Settings } from '../generated/wire.ts';
import { Gathered, type Gatherer } from './gathered.ts';

const HEADER_BYTES = 4 * HEADER_WORDS;
const FIRST_BYTES = 16 * 1024;
/** Above this the turn's batch is submitted early: a bound on memory, not on what may be written. */
const MOST_BYTES = 256 * 1024;
/** A buffer that one large turn made this big is given back. */
const KEEP_BYTES = 1024 * 1024;
/** So many are copied one by one in as long as a call of `set` takes. */
const FEW_BYTES = 8;
/** Datagrams up to this length are encoded straight into the batch (3 bytes a UTF-16 unit at most). */
const SHORT_STRING = 4096;
/** @internal Writes from this size on are sent at once, where that keeps the order. */
export const LARGE_BYTES = 16 * 1024;

/** @internal Names a native channel. */
export interface Target {
  readonly index: number;
  readonly generation: number;
}

/** @internal A channel that streams bytes. */
export interface Writer extends Target {
  /** The number of the last batch that has a write to it; 0 where there is none. */
  batch: number;
}

/** @internal A channel whose strings are gathered. */
export interface TextWriter extends Gatherer {
  readonly target: Writer;
  /** Whether its drain is to be told. */
  readonly wantsDrain: boolean;
  /** Its strings are so many bytes of the batch. */
  encoded(bytes: number): void;
}

/** @internal Where a full batch goes. */
export interface Sink {
  /** There is something to flush when this turn ends. */
  begun(): void;
  submit(records: Uint8Array, length: number): void;
  /** Copies bytes of a large write, as many as it takes; returns where those that follow begin. */
  pushOwned(data: Uint8Array, from: number): number;
  /**
   * Sends the write that the record at `at` gathers, if one begins there, and then `data`, where the
   * reactor is through with batch `after` and has nothing for the channel. Returns how many bytes
   * have left.
   */
  send(target: Target, after: number, records: Uint8Array, at: number, data: Uint8Array): number;
  pushFile(file: NativeFileHandle): void;
  /** A record is going to refer to this. */
  share(regexp: NativeRegExpHandle): void;
}

/** @internal Who cuts a channel's bytes, and how, from now on. */
export interface ReframeRequest {
  readonly epoch: number;
  readonly framing: Framing;
  readonly limit: number;
  readonly passedOn: number;
  readonly mayCut: boolean;
  readonly text: boolean;
  /** No byte will follow: for cuts on this side. */
  readonly last: boolean;
}

/** @internal Settings of a native channel; milliseconds, 0: never. */
export interface SettingsRequest {
  /** Which of them count: wire's `Change`. */
  readonly change: number;
  readonly idleTimeout: number;
  readonly frameTimeout: number;
  readonly lingerTimeout: number;
  readonly socket: NativeSocketOptions | null;
}

/** @internal Whoever asks for something has it submitted when this turn ends, by the sink. */
export class Submission {
  /** How often something was submitted. */
  count = 0;
  #sink: Sink;
  #buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #words = new Uint32Array(this.#buffer.buffer);
  #length = 0;
  /** The channel whose write is the last record, and where that record begins. */
  #writing: Target | null = null;
  #header = 0;
  /** The last batch before this one that has a write to that channel; -1: this one had one already. */
  #before = 0;
  #gathered = new Gathered<TextWriter>();
  /** The text that was encoded last, and where in the batch its bytes are: others may write the same. */
  #text: string | null = null;
  #textAt = 0;
  #encoded: Uint8Array | null = null;
  #textBytes = 0;
  /** The sink knows that there is something to flush. */
  #begun = false;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Hands everything to the reactor. */
  flush(): void {
    try {
      this.#encodeAll();
    } finally {
      this.#begun = false;
    }
    this.#submit();
  }

  #submit(): void {
    if (this.#length === 0) return;
    const length = this.#length;
    this.#length = 0;
    this.#writing = null;
    this.#text = null;
    this.#encoded = null;
    this.count += 1;
    this.#sink.submit(this.#buffer, length);
    if (this.#buffer.length > KEEP_BYTES) this.#resize(FIRST_BYTES);
  }

  /**
   * Queues a string: it is encoded when the turn ends, or when there are many. Whoever asks anything
   * else for the same channel calls `encode()` before.
   */
  gather(writer: TextWriter, data: string): void {
    this.#begin();
    if (this.#gathered.add(writer, data)) this.#encodeAll();
  }

  /** Makes what the writer has gathered part of the batch. */
  encode(writer: TextWriter): void {
    if (writer.lastEnd < 0) return;
    const { text, target } = writer;
    const at = this.#openWrite(target, 3 * text.length, writer.wantsDrain);
    let bytes = this.#encode(text, this.#gathered.isOne(writer), at);
    // Otherwise it is ASCII.
    if (bytes !== text.length) {
      const splits = this.#gathered.splits(writer);
      if (splits.length > 0) bytes = this.#encodeApart(text, splits, at);
    }
    this.#grow(bytes);
    writer.text = '';
    writer.lastEnd = -1;
    writer.encoded(bytes);
  }

  #encodeAll(): void {
    if (this.#gathered.isEmpty) return;
    for (const writer of this.#gathered.writers) this.encode(writer);
    this.#gathered.clear();
  }

  /** A text that goes to many channels is encoded once a batch. */
  #encode(text: string, isOne: boolean, at: number): number {
    if (isOne && text === this.#text) {
      // Where the batch moves to more memory meanwhile, they are still here.
      this.#encoded ??= this.#buffer.subarray(this.#textAt, this.#textAt + this.#textBytes);
      this.#buffer.set(this.#encoded, at);
      return this.#textBytes;
    }
    this.#text = text;
    this.#encoded = null;
    this.#textAt = at;
    this.#textBytes = this.#buffer.write(text, at);
    return this.#textBytes;
  }

  /** As `#encode()`, each part by itself. */
  #encodeApart(text: string, splits: readonly number[], at: number): number {
    this.#text = null;
    let from = 0;
    let bytes = 0;
    for (const to of [...splits, text.length]) {
      bytes += this.#buffer.write(text.slice(from, to), at + bytes);
      from = to;
    }
    return bytes;
  }

  /** Queues bytes; returns how many. */
  writeBytes(target: Writer, data: Uint8Array, wantsDrain: boolean): number {
    const length = byteLength.call(data);
    const at = this.#openWrite(target, length, wantsDrain);
    const buffer = this.#buffer;
    if (length > FEW_BYTES) buffer.set(data, at);
    else for (let i = 0; i < length; i += 1) buffer[at + i] = data[i] as number;
    this.#grow(length);
    return length;
  }

  /** Sends bytes at once as far as that can be, and queues the rest; returns how many that are. */
  writeLarge(target: Writer, data: Uint8Array, wantsDrain: boolean): number {
    const length = byteLength.call(data);
    const sent = this.#send(target, data);
    for (let at = sent; at < length; ) {
      // That may submit a full batch, which this is no part of.
      this.#open(Op.WRITE_OWNED, wantsDrain ? Flag.WANTS_DRAIN : 0, target, 0);
      target.batch = this.count + 1;
      at = this.#sink.pushOwned(data, at);
      this.#close(0);
    }
    return length - sent;
  }

  /** Sends what it can of a write, and before it what was gathered; returns how much of the write. */
  #send(target: Writer, data: Uint8Array): number {
    if (target.batch <= this.count) {
      return this.#sink.send(target, target.batch, this.#buffer, this.#buffer.length, data);
    }
    // What is in the batch goes first: that can be done where it is one record, and the last.
    const before = this.#before;
    if (this.#writing !== target || before < 0) return 0;
    const from = this.#header + HEADER_BYTES;
    const gathered = this.#words[this.#header / 4 + 3] as number;
    this.#text = null;
    const sent = this.#sink.send(target, before, this.#buffer, this.#header, data);
    if (sent >= gathered) {
      this.#length = this.#header;
      this.#writing = null;
      target.batch = before;
      return sent - gathered;
    }
    this.#buffer.copyWithin(from, from + sent, from + gathered);
    this.#close(gathered - sent);
    return 0;
  }

  /** Queues a file. */
  writeFile(target: Writer, file: NativeFileHandle, wantsDrain: boolean): void {
    this.#open(Op.WRITE_OWNED, wantsDrain ? Flag.WANTS_DRAIN : 0, target, 0);
    target.batch = this.count + 1;
    this.#sink.pushFile(file);
    this.#close(0);
  }

  /** Queues a datagram; returns the bytes of its data. Without an address: to the peer. */
  sendDatagram(
    target: Target,
    to: Uint8Array | null,
    data: string | Uint8Array,
    wantsDrain: boolean,
  ): number {
    const address = to?.length ?? 0;
    const short = typeof data === 'string' && data.length <= SHORT_STRING;
    const bytes = typeof data === 'string' && !short ? Buffer.from(data) : data;
    let length = typeof bytes === 'string' ? 3 * bytes.length : byteLength.call(bytes);
    const flags = (wantsDrain ? Flag.WANTS_DRAIN : 0) | (address << Packet.ADDRESS_SHIFT);
    const at = 4 * this.#open(Op.SEND, flags, target, address + length);
    if (to !== null) this.#buffer.set(to, at);
    if (typeof bytes === 'string') length = this.#buffer.write(bytes, at + address);
    else this.#buffer.set(bytes, at + address);
    this.#close(address + length);
    return length;
  }

  /** The peer of a datagram channel from now on. */
  setPeer(target: Target, to: Uint8Array): void {
    const word = this.#record(Op.SET_PEER, 0, target, to.length);
    this.#buffer.set(to, 4 * word);
  }

  /** Nobody is to connect from these addresses. */
  block(target: Target, blocked: Uint8Array): void {
    const word = this.#record(Op.BLOCK, 0, target, blocked.length);
    this.#buffer.set(blocked, 4 * word);
  }

  /** A request without a payload. */
  request(op: number, target: Target, flags = 0): void {
    this.#record(op, flags, target, 0);
  }

  /** It begins to read. */
  start(target: Target, settings: SettingsRequest, reframe: ReframeRequest): void {
    this.#share(reframe);
    const bytes = 4 * Settings.WORDS + reframeBytes(reframe);
    const at = this.#record(Op.START, 0, target, bytes);
    encodeSettings(this.#words, at, settings);
    encodeReframe(this.#buffer, this.#words, at + Settings.WORDS, reframe);
  }

  configure(target: Target, settings: SettingsRequest): void {
    const at = this.#record(Op.CONFIGURE, 0, target, 4 * Settings.WORDS);
    encodeSettings(this.#words, at, settings);
  }

  reframe(target: Target, reframe: ReframeRequest): void {
    this.#share(reframe);
    const at = this.#record(Op.REFRAME, 0, target, reframeBytes(reframe));
    encodeReframe(this.#buffer, this.#words, at, reframe);
  }

  #share({ framing }: ReframeRequest): void {
    if (framing.regexp !== null) this.#sink.share(framing.regexp);
  }

  /** Makes the last record a write to `target`; returns where `room` more bytes of it begin. */
  #openWrite(target: Writer, room: number, wantsDrain: boolean): number {
    if (this.#writing !== target || this.#length > MOST_BYTES) {
      this.#open(Op.WRITE, wantsDrain ? Flag.WANTS_DRAIN : 0, target, room);
      this.#close(0);
      this.#writing = target;
      this.#before = target.batch <= this.count ? target.batch : -1;
      target.batch = this.count + 1;
      return this.#header + HEADER_BYTES;
    }
    this.#reserve(room + 3);
    const word = this.#header / 4;
    if (wantsDrain) this.#words[word] = (this.#words[word] as number) | (Flag.WANTS_DRAIN << 8);
    return this.#header + HEADER_BYTES + (this.#words[word + 3] as number);
  }

  /** Counts `n` bytes to the payload of the last record. */
  #grow(n: number): void {
    this.#close((this.#words[this.#header / 4 + 3] as number) + n);
  }

  /** Appends a record; returns the word at which its payload begins. */
  #record(op: number, flags: number, target: Target, payload: number): number {
    const word = this.#open(op, flags, target, payload);
    this.#close(payload);
    return word;
  }

  /** Begins a record with room for a payload, and returns the word at which that begins. */
  #open(op: number, flags: number, target: Target, room: number): number {
    if (this.#length > MOST_BYTES) this.#submit();
    this.#begin();
    this.#reserve(HEADER_BYTES + room + 3);
    const header = this.#length;
    const word = header / 4;
    const words = this.#words;
    words[word] = op | (flags << 8);
    words[word + 1] = target.index;
    words[word + 2] = target.generation;
    this.#header = header;
    this.#writing = null;
    return word + HEADER_WORDS;
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#sink.begun();
  }

  /** The payload of the record that was begun last is there: it is part of the batch. */
  #close(payload: number): void {
    this.#words[this.#header / 4 + 3] = payload;
    this.#length = this.#header + HEADER_BYTES + ((payload + 3) & ~3);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed > this.#buffer.length) this.#resize(Math.max(needed, 2 * this.#buffer.length));
  }

  #resize(bytes: number): void {
    const grown = Buffer.allocUnsafeSlow(4 * Math.ceil(bytes / 4));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
    this.#words = new Uint32Array(grown.buffer);
  }
}

function encodeSettings(words: Uint32Array, at: number, settings: SettingsRequest): void {
  const { socket } = settings;
  words[at + Settings.SET] = settings.change;
  words[at + Settings.IDLE_TIMEOUT] = settings.idleTimeout;
  words[at + Settings.FRAME_TIMEOUT] = settings.frameTimeout;
  words[at + Settings.LINGER_TIMEOUT] = settings.lingerTimeout;
  words[at + Settings.NO_DELAY] = Number(socket?.noDelay ?? false);
  words[at + Settings.KEEP_ALIVE] = Number(socket?.keepAlive ?? false);
  words[at + Settings.KEEP_ALIVE_IDLE] = socket?.keepAliveIdle ?? 0;
  words[at + Settings.KEEP_ALIVE_INTERVAL] = socket?.keepAliveInterval ?? 0;
  words[at + Settings.KEEP_ALIVE_COUNT] = socket?.keepAliveCount ?? 0;
  words[at + Settings.RECV_BUFFER] = socket?.recvBufferSize ?? 0;
  words[at + Settings.SEND_BUFFER] = socket?.sendBufferSize ?? 0;
  words[at + Settings.USER_TIMEOUT] = socket?.userTimeout ?? 0;
  words[at + Settings.TYPE_OF_SERVICE] = socket?.typeOfService ?? 0;
}

/** @internal The size of a reframe's payload. */
export function reframeBytes(reframe: ReframeRequest): number {
  return 4 * Reframe.WORDS + reframe.framing.sequence.length;
}

/** @internal Writes a reframe's payload at a word of a buffer. */
export function encodeReframe(
  bytes: Uint8Array,
  words: Uint32Array,
  at: number,
  { epoch, framing, limit, passedOn, mayCut, text, last }: ReframeRequest,
): void {
  words[at + Reframe.EPOCH] = epoch;
  words[at + Reframe.FLAGS] =
    (mayCut ? Flag.MAY_CUT : 0) | (text ? Flag.TEXT : 0) | (last ? Flag.LAST : 0);
  words[at + Reframe.PASSED_ON_LOW] = passedOn;
  words[at + Reframe.PASSED_ON_HIGH] = high(passedOn);
  words[at + Reframe.LIMIT_LOW] = limit;
  words[at + Reframe.LIMIT_HIGH] = high(limit);
  words[at + Reframe.KIND] = framing.kind;
  words[at + Reframe.PARAMETER_LOW] = framing.parameter;
  words[at + Reframe.PARAMETER_HIGH] = high(framing.parameter);
  words[at + Reframe.ADJUST_LOW] = framing.adjust;
  words[at + Reframe.ADJUST_HIGH] = high(framing.adjust);
  words[at + Reframe.DELIMITER_BYTES] = framing.sequence.length;
  bytes.set(framing.sequence, 4 * (at + Reframe.WORDS));
}

/** The upper half of a 64-bit number; a store to a Uint32Array takes the lower half by itself. */
function high(value: number): number {
  return Math.floor(value / 0x1_0000_0000);
}
