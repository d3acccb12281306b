import type { Data } from '../helpers/implementation.ts';
import { Framer } from '../reference/framer.ts';
import { lengthPrefix, parseDelimiter } from '../reference/read-delimiter.ts';
import { partOf } from './file.ts';
import type { Action, Delimiter, Encoding, Script } from './script.ts';
import { Transcript } from './transcript.ts';

/** How far a channel has come when all that was sent so far is delivered. */
export interface Progress {
  frames: number;
  /** What was delivered without a delimiter, in bytes or characters. */
  raw: number;
  overflows: number;
  /** The channel has ended or closed: no more will be delivered. */
  stopped: boolean;
}

export interface Expectation {
  hooks: string[];
  phases: Progress[];
  /** All that the channel has written, and that a peer gets if the channel ends in order. */
  written: string;
  /** How many hooks have thrown. */
  thrown: number;
  /** How the peer finishes: one that finishes after the channel has ended does so in order. */
  finish: Script['finish'];
}

/** What a script must lead to, told without sockets, hooks or time. */
export function simulate(script: Script): Expectation {
  return new Model(script).run();
}

class Model {
  readonly #script: Script;
  readonly #framer = new Framer();
  readonly #transcript = new Transcript();
  #delimiter: Delimiter;
  #encoding: Encoding;
  #limit: number;
  #hook = 0;
  #written = '';
  #thrown = 0;
  #writable = true;
  /** The channel has ended or closed. */
  #stopped: 'end' | 'close' | 'overflow' | null = null;
  #peerFinished = false;

  constructor(script: Script) {
    this.#script = script;
    this.#delimiter = script.delimiter;
    this.#encoding = script.encoding;
    this.#limit = script.limit;
  }

  run(): Expectation {
    const { phases, finish } = this.#script;
    this.#transcript.add('connect');
    const progress = phases.map(({ chunks, outside }) => {
      for (const { hex } of chunks) this.#framer.push(Buffer.from(hex, 'hex'));
      this.#deliver();
      const { frames, raw, overflows } = this.#transcript;
      const reached = { frames, raw, overflows, stopped: this.#stopped !== null };
      if (this.#stopped === null) this.#perform(outside);
      this.#deliver();
      return reached;
    });
    const reset = finish === 'reset' && this.#writable && this.#stopped === null;
    if (reset) this.#transcript.add('error').add('close error');
    else this.#finish();
    return {
      finish: finish === 'reset' && !reset ? 'fin' : finish,
      hooks: this.#transcript.hooks,
      phases: progress,
      written: this.#written,
      thrown: this.#thrown,
    };
  }

  #deliver(): void {
    while (this.#stopped === null) {
      const cut = this.#framer.cut(this.#parsed(), this.#limit, this.#encoding);
      if (cut.kind === 'none') return;
      if (cut.kind === 'overflow') this.#overflow();
      else this.#read(this.#decoded(cut.data));
    }
  }

  #read(data: Data): void {
    if (this.#delimiter === null) {
      this.#transcript.addRaw(this.#hook, data);
      return;
    }
    const actions = this.#script.onRead[this.#transcript.frames] ?? [];
    this.#transcript.addFrame(this.#hook, data);
    this.#perform(actions);
  }

  #overflow(): void {
    this.#transcript.addOverflow('ERR_FRAME_OVERFLOW');
    this.#perform(this.#script.onOverflow);
    if (this.#stopped === 'close') this.#stopped = 'overflow';
    else if (this.#stopped === null && this.#overflows()) this.#stopped = 'overflow';
  }

  #overflows(): boolean {
    return this.#framer.overflows(this.#parsed(), this.#limit, this.#encoding);
  }

  /** The peer has sent FIN. */
  #finish(): void {
    this.#framer.end();
    this.#deliver();
    if (this.#stopped === null) {
      this.#transcript.add(`end ${Transcript.quote(this.#decoded(this.#framer.takeRest()))}`);
      this.#peerFinished = true;
      if (!this.#writable && this.#script.allowHalfOpen) this.#stopped = 'end';
      this.#perform(this.#script.onEnd, !this.#script.allowHalfOpen);
      if (this.#stopped === null) this.#perform(LAST);
    }
    this.#transcript.add(`close ${this.#stopped}`);
  }

  /** Performs what a hook does; then, as a pause ends, what is done meanwhile. */
  #perform(actions: Action[], thenEnd = false): void {
    const meanwhile: Action[] = [];
    for (const action of actions) {
      if (action.do === 'throw') {
        this.#thrown += 1;
        break;
      }
      if (action.do === 'pause') meanwhile.push(...action.meanwhile);
      this.#act(action);
    }
    if (thenEnd) this.#stopped ??= 'end';
    for (const action of meanwhile) if (this.#stopped === null) this.#act(action);
  }

  #act(action: Action): void {
    switch (action.do) {
      case 'delimiter':
        this.#delimiter = action.to;
        break;
      case 'encoding':
        this.#encoding = action.to;
        break;
      case 'limit':
        this.#limit = action.to;
        break;
      case 'write':
        this.#write(action.text);
        break;
      case 'writeFile':
        this.#write(partOf(action.nbytes, action.offset));
        break;
      case 'shutdown':
        if (this.#stopped !== null) break;
        this.#writable = false;
        if (this.#peerFinished) this.#stopped = 'end';
        break;
      case 'end':
        this.#stopped ??= 'end';
        break;
      case 'close':
        if (this.#stopped === null || this.#stopped === 'end') this.#stopped = 'close';
        break;
      case 'replace onRead':
        this.#hook += 1;
        break;
    }
  }

  #parsed() {
    return parseDelimiter(toDelimiter(this.#delimiter, lengthPrefix));
  }

  #decoded(bytes: Buffer): Data {
    return this.#encoding === null ? bytes : bytes.toString(this.#encoding);
  }

  #write(text: string): void {
    if (this.#writable && this.#stopped === null) this.#written += text;
    else this.#transcript.add('write threw ERR_CHANNEL_CLOSED');
  }
}

/** What is done about a half-open channel when nothing else ends it. */
export const LAST: Action[] = [{ do: 'write', text: 'bye', flush: false }, { do: 'end' }];

export function toDelimiter<P>(
  delimiter: Delimiter,
  prefix: (options: Extract<Delimiter, { prefix: unknown }>['prefix']) => P,
): null | number | string | Uint8Array | RegExp | P {
  if (delimiter === null || typeof delimiter === 'number') return delimiter;
  if ('text' in delimiter) return delimiter.text;
  if ('source' in delimiter) return new RegExp(delimiter.source, delimiter.flags);
  if ('hex' in delimiter) return Buffer.from(delimiter.hex, 'hex');
  return prefix(delimiter.prefix);
}
