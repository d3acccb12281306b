import { codedError } from './errors.ts';
import { Framer } from './framer.ts';
import { cutAlike, type Delimiter } from './read-delimiter.ts';
import type { Address, ReadDelimiter, ReadEncoding } from './types.ts';

/** All senders together may leave this many times `bufferSize` waiting. */
const BUFFERS = 64;

/** What becomes of datagrams. */
export interface DatagramReceiver {
  readonly receptive: boolean;
  /** Nothing is delivered any more. */
  readonly done: boolean;
  readonly inboxSettings: {
    readDelimiter: ReadDelimiter;
    /** The same, checked. */
    delimiter: Delimiter;
    readEncoding: ReadEncoding;
    bufferSize: number;
    maxSenders: number;
  };
  read(bytes: Buffer, sender: Address): void;
  overflow(error: Error, sender: Address): void;
  report(error: Error): void;
}

/** A sender's bytes that no delimiter has completed yet. */
interface Sender {
  readonly address: Address;
  readonly framer: Framer;
  /** The frame at the front outgrew the limit, and that was reported. */
  reported: boolean;
}

interface Arrived {
  readonly sender: Address;
  readonly bytes: Buffer;
}

/** Datagrams that have arrived and are not delivered yet. Each cut is made with the settings of now. */
export class DatagramInbox {
  readonly #receiver: DatagramReceiver;
  readonly #senders = new Map<string, Sender>();
  readonly #arrived: Arrived[] = [];

  constructor(receiver: DatagramReceiver) {
    this.#receiver = receiver;
  }

  push(sender: Address, bytes: Buffer): void {
    this.#arrived.push({ sender, bytes });
  }

  /** Delivers whatever can be delivered now. Called from the event loop only. */
  deliver(): void {
    for (const [key, sender] of this.#senders) this.#cut(key, sender);
    this.#evict();
    while (this.#receiver.receptive) {
      const arrived = this.#arrived.shift();
      if (arrived === undefined) break;
      this.#take(arrived);
    }
  }

  #take(arrived: Arrived): void {
    const { sender, bytes } = arrived;
    const key = `${sender.address} ${sender.port}`;
    const isWhole = () => this.#receiver.inboxSettings.delimiter.kind === 'none';
    const waiting = this.#senders.get(key);
    // What waited is data of its own, of which onRead may pause, or set a delimiter.
    if (waiting !== undefined && isWhole()) this.#cut(key, waiting);
    if (!this.#receiver.receptive) {
      this.#arrived.unshift(arrived);
      return;
    }
    if (isWhole()) {
      this.#receiver.read(bytes, sender);
      return;
    }
    const known = this.#senders.get(key);
    const from = known ?? { address: sender, framer: new Framer(), reported: false };
    from.framer.push(bytes);
    // Last heard of, last in the map.
    this.#senders.delete(key);
    this.#senders.set(key, from);
    this.#cut(key, from);
    this.#evict();
  }

  #cut(key: string, sender: Sender): void {
    const { address, framer } = sender;
    while (this.#receiver.receptive && framer.length > 0) {
      const { delimiter, readEncoding, bufferSize } = this.#receiver.inboxSettings;
      if (delimiter.kind === 'none') {
        this.#receiver.read(framer.takeRest(), address);
        continue;
      }
      const cut = framer.cut(delimiter, bufferSize, readEncoding);
      if (cut.kind === 'overflow') {
        this.#tooLong(cut.error, sender);
        continue;
      }
      sender.reported = false;
      if (cut.kind === 'none') break;
      this.#receiver.read(cut.data, address);
    }
    if (framer.length === 0) this.#senders.delete(key);
  }

  /** Tells it once; what cannot be cut then either is dropped. */
  #tooLong(error: Error, sender: Sender): void {
    const before = this.#receiver.inboxSettings;
    const again = sender.reported;
    const { address, port } = sender.address;
    if (!again) this.#receiver.overflow(Object.assign(error, { address, port }), sender.address);
    const now = this.#receiver.inboxSettings;
    const same = cutAlike(before.readDelimiter, now.readDelimiter);
    sender.reported = !again && !(same && before.bufferSize === now.bufferSize);
    if (!sender.reported) sender.framer.takeRest();
  }

  /** Who has waited longest makes room. */
  #evict(): void {
    for (const [key, { address: from, framer }] of this.#senders) {
      const { delimiter, bufferSize, maxSenders } = this.#receiver.inboxSettings;
      const limit =
        delimiter.kind === 'fixed' ? Math.max(bufferSize, delimiter.length) : bufferSize;
      const waiting = [...this.#senders.values()].reduce((sum, one) => sum + one.framer.length, 0);
      const fits = this.#senders.size <= maxSenders && waiting <= BUFFERS * limit;
      if (this.#receiver.done || fits) return;
      this.#senders.delete(key);
      const error = codedError('ERR_SENDER_EVICTED', `${framer.length} bytes made room for others`);
      this.#receiver.report(Object.assign(error, { address: from.address, port: from.port }));
    }
  }
}
