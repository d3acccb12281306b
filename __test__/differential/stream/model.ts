import type { Data } from '../../helpers/implementation.ts';
import { Model, type Told } from '../model.ts';
import { bytesOf, type Next } from '../next.ts';
import { Transcript } from '../transcript.ts';
import { partOf } from './file.ts';
import type { StreamAction, StreamOwn, StreamScript } from './script.ts';

/** How far a channel has come when all that was sent so far is delivered. */
export interface Progress {
  frames: number;
  /** What was delivered without a delimiter, in bytes or characters. */
  raw: number;
  overflows: number;
  /** The channel has ended or closed: no more will be delivered. */
  stopped: boolean;
}

export interface StreamExpectation extends Told {
  phases: Progress[];
  /** All that the channel has written, and that a peer gets if the channel ends in order. */
  written: string;
  /** What becomes of a write when the channel has ended. */
  late: 'throws' | 'is refused';
  /** How the peer finishes: one that finishes after the channel has ended does so in order. */
  finish: StreamScript['finish'];
}

/** Null where a delimiter of 0 holds the peer back, so that its end is never seen. */
export function simulate(script: StreamScript): StreamExpectation | null {
  return new StreamModel(script).run();
}

class StreamModel extends Model<StreamOwn> {
  readonly #script: StreamScript;
  /** All that has come and is not delivered; a byte is a character. */
  #text = '';
  /** Nothing will follow. */
  #ended = false;
  /** Empty frames that are due, under a delimiter of 0. */
  #empties = 0;
  #written = '';
  #writable = true;
  #peerFinished = false;

  constructor(script: StreamScript) {
    super(script);
    this.#script = script;
  }

  run(): StreamExpectation | null {
    const { phases, finish } = this.#script;
    this.transcript.addConnect();
    this.delimiterSet();
    const progress = phases.map(({ sent, outside }) => {
      for (const { hex } of sent) this.#text += bytesOf(hex, 'hex');
      this.#deliver();
      const { frames, raw, overflows } = this.transcript;
      const reached = { frames, raw, overflows, stopped: this.stopped !== null };
      if (this.stopped === null) this.#perform(outside);
      this.#deliver();
      return reached;
    });
    const held = this.delimiter === 0 && this.#text.length >= this.limit;
    if (held && this.stopped === null) return null;
    const reset = finish === 'reset' && this.#writable && this.stopped === null;
    if (reset) this.transcript.add('error').add('close error');
    else this.#finish();
    return {
      finish: finish === 'reset' && !reset ? 'fin' : finish,
      hooks: this.transcript.hooks,
      phases: progress,
      written: this.#written,
      thrown: this.thrown,
      late: this.endedHere ? 'throws' : 'is refused',
    };
  }

  #deliver(): void {
    while (this.stopped === null) {
      const cut = this.#next();
      if (cut === null) return;
      if (cut === 'too long') {
        this.#overflow();
        continue;
      }
      this.#text = cut.rest;
      if (this.delimiter === 0) this.#empties -= 1;
      this.#read(this.told(cut.frame));
    }
  }

  #next(): Next {
    if (this.delimiter !== 0) return this.next(this.#text, this.#ended);
    return this.#empties > 0 ? { frame: '', rest: this.#text } : null;
  }

  #read(data: Data): void {
    if (this.delimiter === null) {
      this.transcript.addRaw(this.hook, data);
      return;
    }
    const actions = this.#script.onRead[this.transcript.frames] ?? [];
    this.transcript.addFrame(this.hook, data);
    this.#perform(actions);
  }

  #overflow(): void {
    this.transcript.addOverflow('ERR_FRAME_OVERFLOW');
    this.overflowing = true;
    this.#perform(this.#script.onOverflow);
    this.overflowing = false;
    if (this.stopped === 'close') this.stopped = 'overflow';
    else if (this.stopped === null && this.#next() === 'too long') this.stopped = 'overflow';
  }

  /** The peer has sent FIN. */
  #finish(): void {
    this.#ended = true;
    this.#deliver();
    if (this.stopped === null) {
      this.transcript.add(`end ${Transcript.quote(this.told(this.#text))}`);
      this.#peerFinished = true;
      if (!this.#writable && this.#script.allowHalfOpen) this.stopped = 'end';
      this.#perform(this.#script.onEnd, !this.#script.allowHalfOpen);
      if (this.stopped === null) this.#perform(LAST);
    }
    this.transcript.add(`close ${this.stopped}`);
  }

  /** Performs what a hook does; then, as a pause ends, what is done meanwhile. */
  #perform(actions: StreamAction[], thenEnd = false): void {
    const meanwhile = this.actAll(actions) ?? [];
    if (thenEnd) this.stopped ??= 'end';
    for (const action of meanwhile) if (this.stopped === null) this.act(action);
  }

  protected override delimiterSet(): void {
    this.#empties = this.delimiter === 0 ? this.#empties + 1 : 0;
  }

  protected override actOwn(action: StreamOwn): void {
    switch (action.do) {
      case 'write':
        this.#write(action.text);
        break;
      case 'writeFile':
        this.#write(partOf(action.nbytes, action.offset));
        break;
      case 'end with':
        if (this.#write(action.text)) this.act({ do: 'end' });
        break;
      case 'reset':
        this.act({ do: 'close' });
        break;
      case 'shutdown':
        if (this.stopped !== null) break;
        this.endedHere = true;
        this.#writable = false;
        if (this.#peerFinished) this.stopped = 'end';
        break;
    }
  }

  /** Whether that does not throw. */
  #write(text: string): boolean {
    const accepted = this.#writable && this.stopped === null;
    if (accepted) this.#written += text;
    else this.transcript.add('write threw ERR_CHANNEL_CLOSED');
    return accepted;
  }
}

/** What is done about a half-open channel when nothing else ends it. */
export const LAST: StreamAction[] = [{ do: 'write', text: 'bye', flush: false }, { do: 'end' }];
