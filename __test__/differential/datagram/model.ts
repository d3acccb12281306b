import type { CommonAction } from '../action.ts';
import { Model, type Told } from '../model.ts';
import { alike, bytesOf } from '../next.ts';
import type { DatagramAction, DatagramOwn, DatagramScript, Packet } from './script.ts';

/** How far a channel has come when all that was sent so far has had its effect. */
export interface Progress {
  frames: number;
  overflows: number;
  errors: number;
  connects: number;
  /** How many datagrams each peer has got. */
  received: number[];
  /** The channel has ended or closed: no more will be delivered. */
  stopped: boolean;
}

export interface DatagramExpectation extends Told {
  phases: Expected[];
  /** What each peer gets if the channel ends in order; otherwise, the beginning of it. */
  received: string[][];
}

/** How far the channel must have come … */
export interface Expected {
  /** … before what is behind each datagram is sent. */
  sent: (Progress | null)[];
  /** … before it is acted from outside. */
  reached: Progress;
  /** How many bytes have arrived by then, where no hook tells that the last datagram has. */
  silent: number | null;
  /** … before anything else. */
  settled: Progress;
}

/** All senders together may leave this many times the limit waiting. */
const BUFFERS = 64;

/** What goes out with which the channel is bound by a write. */
export const HELLO = 'hello';
/** Behind `disconnect()`: has come when the peer is gone. */
export const GONE = 'gone';

/** Null where what it leads to is a matter of timing. */
export function simulate(script: DatagramScript): DatagramExpectation | null {
  const model = new DatagramModel(script);
  const expectation = model.run();
  return model.raced ? null : expectation;
}

export function isFair(script: DatagramScript): boolean {
  return simulate(script) !== null;
}

/** What waits of one. */
interface Sender {
  /** A byte is a character. */
  text: string;
  /** Its frame outgrew the limit, and that was told. */
  told: boolean;
}

class DatagramModel extends Model<DatagramOwn> {
  /** The order of `connect` among the hooks is nobody's to say. */
  raced = false;
  readonly #script: DatagramScript;
  readonly #received: string[][];
  /** Those with bytes that wait; who was heard of last is last. */
  readonly #senders = new Map<number, Sender>();
  /** Whose bytes onRead or onOverflowError is told of. */
  #sender: number | null = null;
  /** What is done when the pause ends that was begun. */
  #meanwhile: DatagramAction[] | null = null;
  /** All that waits is to be looked at again. */
  #recut = false;
  /** What was set off would run a race with the next datagram. */
  #racing = false;
  /** Bytes that have arrived. */
  #taken = 0;
  /** The last datagram has led to no hook. */
  #silent = false;
  #connection: 'none' | 'connecting' | 'set' = 'none';
  #peer = -1;

  constructor(script: DatagramScript) {
    super(script);
    this.#script = script;
    this.#received = Array.from({ length: script.peers }, () => []);
  }

  run(): DatagramExpectation {
    this.#begin();
    const phases = this.#script.phases.map(({ sent, outside }) => {
      const barriers = sent.map((packet) => this.#take(packet));
      const silent = this.#silent ? this.#taken : null;
      const reached = this.#progress;
      if (this.stopped === null) this.#perform(outside);
      this.#settle();
      return { sent: barriers, silent, reached, settled: this.#progress };
    });
    this.stopped ??= this.#script.finish;
    const hooks = this.transcript.add(`close ${this.stopped}`).hooks;
    return { phases, hooks, thrown: this.thrown, received: this.#received };
  }

  #begin(): void {
    const { begin } = this.#script;
    this.transcript.add('listen');
    if (begin === 'write') this.#received[0]?.push(HELLO);
    if (begin !== 'connect') return;
    this.#connection = 'connecting';
    this.#peer = 0;
    this.#settle();
  }

  get #progress(): Progress {
    const { frames, overflows, errors, connects } = this.transcript;
    const received = this.#received.map(({ length }) => length);
    return { frames, overflows, errors, connects, received, stopped: this.stopped !== null };
  }

  /** One datagram, and all that comes of it; how far that is, where the next one must wait. */
  #take({ from, hex }: Packet): Progress | null {
    // A channel that has a peer is told of no other.
    if (this.stopped !== null || (this.#connection === 'set' && from !== this.#peer)) return null;
    this.#racing = false;
    const { length } = this.transcript.hooks;
    const bytes = bytesOf(hex, 'hex');
    this.#taken += bytes.length;
    if (this.delimiter === null) {
      this.#read(bytes, from);
    } else {
      const sender = this.#senders.get(from) ?? { text: '', told: false };
      sender.text += bytes;
      this.#senders.delete(from);
      this.#senders.set(from, sender);
      this.#cut(from, sender);
      this.#evict();
    }
    this.#settle();
    this.#silent = this.transcript.hooks.length === length;
    return this.#racing ? this.#progress : null;
  }

  /** What follows from the event loop. */
  #settle(): void {
    while (this.stopped === null && (this.#meanwhile !== null || this.#recut)) {
      const { length } = this.transcript.hooks;
      // Bounds hold while it is paused, too.
      if (this.#meanwhile !== null) this.#evict();
      const meanwhile = this.#meanwhile ?? [];
      this.#meanwhile = null;
      for (const action of meanwhile) if (this.stopped === null) this.act(action);
      this.#recut = false;
      for (const [from, sender] of [...this.#senders]) this.#cut(from, sender);
      this.#evict();
      const told = this.transcript.hooks.length > length || this.stopped !== null;
      this.raced ||= told && this.#connection === 'connecting';
    }
    if (this.stopped !== null || this.#connection !== 'connecting') return;
    this.transcript.addConnect();
    this.#connection = 'set';
  }

  get #receptive(): boolean {
    return this.stopped === null && this.#meanwhile === null;
  }

  #cut(from: number, sender: Sender): void {
    while (this.#receptive && sender.text !== '') {
      // What waited for a delimiter that is no more comes as it is.
      const all = { frame: sender.text, rest: '' };
      const cut = this.delimiter === null ? all : this.next(sender.text);
      if (cut === 'too long') {
        this.#overflow(from, sender);
        continue;
      }
      if (this.delimiter !== null) sender.told = false;
      if (cut === null) break;
      sender.text = cut.rest;
      this.#read(cut.frame, from);
    }
    if (sender.text === '') this.#senders.delete(from);
  }

  #read(text: string, from: number): void {
    const actions = this.#script.onRead[this.transcript.frames] ?? [];
    this.transcript.addFrame(this.hook, this.told(text), ` P${from}`);
    this.#sender = from;
    this.#perform(actions);
    this.#sender = null;
  }

  /** What waits of this sender is dropped, unless the hook has changed how it is cut, and well. */
  #overflow(from: number, sender: Sender): void {
    const { delimiter, limit } = this;
    const again = sender.told;
    if (!again) {
      sender.told = true;
      this.transcript.addOverflow('ERR_FRAME_OVERFLOW', ` P${from}`);
      this.#sender = from;
      this.overflowing = true;
      this.#perform(this.#script.onOverflow);
      this.overflowing = false;
      this.#sender = null;
      if (this.stopped === 'close') this.stopped = 'overflow';
    }
    const changed = limit !== this.limit || !alike(delimiter, this.delimiter);
    if (!again && changed) return;
    sender.told = false;
    sender.text = '';
  }

  /** Who has waited longest makes room. */
  #evict(): void {
    const { maxSenders } = this.#script;
    for (const from of [...this.#senders.keys()]) {
      const waiting = [...this.#senders.values()].reduce((sum, { text }) => sum + text.length, 0);
      const fixed = typeof this.delimiter === 'number' ? this.delimiter : 0;
      const most = BUFFERS * Math.max(this.limit, fixed);
      if (this.stopped !== null) return;
      if (this.#senders.size <= maxSenders && waiting <= most) return;
      this.#senders.delete(from);
      this.transcript.addError(`error ERR_SENDER_EVICTED P${from}`);
      this.#racing = true;
      this.#perform(this.#script.onError);
    }
  }

  #perform(actions: DatagramAction[]): void {
    const meanwhile = this.actAll(actions);
    // A pause that has begun, as onError may find it, goes on as it is.
    this.#meanwhile ??= meanwhile;
  }

  protected override actCommon(action: CommonAction<DatagramOwn>): void {
    const { limit } = this;
    super.actCommon(action);
    if (action.do !== 'delimiter' && limit === this.limit) return;
    this.#recut = this.#senders.size > 0;
    // Those who wait, and the next datagram: which comes first?
    for (const [from, { text }] of this.#senders) {
      if (from !== this.#sender && text !== '') this.#racing = true;
    }
  }

  protected override actOwn(action: DatagramOwn): void {
    switch (action.do) {
      case 'write':
        this.#write(action.text, action.to);
        break;
      case 'connect':
        if (this.stopped !== null) this.#threw('connect', 'ERR_CHANNEL_CLOSED');
        else if (this.#connection !== 'none') this.#threw('connect', 'ERR_CHANNEL_ACTIVE');
        else this.#connect(action.to);
        break;
      case 'disconnect':
        if (this.stopped === 'end' && this.#connection === 'set') break;
        if (this.#connection !== 'set' || this.stopped !== null) {
          this.#threw('disconnect', 'ERR_CHANNEL_NOT_CONNECTED');
        } else {
          this.#disconnect();
        }
        break;
    }
  }

  #connect(to: number): void {
    this.#connection = 'connecting';
    this.#peer = to;
    this.#racing = true;
  }

  #disconnect(): void {
    this.#connection = 'none';
    this.#racing = true;
    this.#write(GONE, this.#peer);
  }

  #write(text: string, to: number | null): void {
    if (this.stopped !== null) {
      if (this.endedHere) this.#threw('write', 'ERR_CHANNEL_CLOSED');
    } else if (this.#connection !== 'none') {
      const other = to !== null && to !== this.#peer;
      if (other) this.#threw('write', 'ERR_CHANNEL_ACTIVE');
      else this.#received[this.#peer]?.push(text);
    } else {
      const answered = to ?? this.#sender;
      if (answered === null) this.#threw('write', 'ERR_CHANNEL_NOT_CONNECTED');
      else this.#received[answered]?.push(text);
    }
  }

  #threw(what: string, code: string): void {
    this.transcript.add(`${what} threw ${code}`);
  }
}
