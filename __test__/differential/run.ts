import type { Data, Implementation, StreamLike } from '../helpers/implementation.ts';
import type { Peer } from '../helpers/peer.ts';
import { turn } from '../helpers/wait.ts';
import { contentFile } from './file.ts';
import { type Expectation, LAST, type Progress, toDelimiter } from './model.ts';
import type { Action, Script } from './script.ts';
import { Transcript } from './transcript.ts';

export interface Outcome {
  hooks: string[];
  /** What the peer got, and what it should have got. */
  received: string;
  thrown: number;
  /** What must never happen, and did. */
  violations: string[];
}

/** How long nothing may happen before a run is given up. */
const PATIENCE = 5_000;

/** One script on one implementation: does what the script says, and writes down what it is told. */
export class Run {
  readonly script: Script;
  readonly expectation: Expectation;
  /** Called when the channel has connected and is configured. */
  ready: () => void = () => {};
  readonly #impl: Implementation;
  readonly #transcript = new Transcript();
  readonly #violations: string[] = [];
  #channel: StreamLike | null = null;
  #delimiter: Script['delimiter'];
  #hook = 0;
  #thrown = 0;
  /** Of these, how many have become uncaught exceptions. */
  #caught = 0;
  /** Above 0: a method of the channel is being called. */
  #calling = 0;
  #paused = false;
  /** A pause that has not ended yet. */
  #waiting = false;
  #wrote = false;
  #shut = false;
  #peerFinished = false;
  /** The channel has ended or closed: nothing is asked of it any more. */
  #stopped = false;
  #closed = false;
  #awaited: { holds: () => boolean; resolve: (held: boolean) => void } | null = null;

  constructor(impl: Implementation, script: Script, expectation: Expectation) {
    this.#impl = impl;
    this.script = script;
    this.expectation = expectation;
    this.#delimiter = script.delimiter;
  }

  /** Plays the script, whose channel is connected to `peer`. */
  async play(peer: Peer): Promise<Outcome> {
    const { phases, finish } = this.expectation;
    for (const [at, { chunks, outside }] of this.script.phases.entries()) {
      const last = at === phases.length - 1;
      if (last && finish === 'reset') {
        // A reset drops what the congestion window has held back: more segments than one may be.
        peer.socket.write(Buffer.from(chunks.map(({ hex }) => hex).join(''), 'hex'));
      } else {
        for (const { hex, pause } of chunks) {
          peer.socket.write(Buffer.from(hex, 'hex'));
          if (pause) await turn();
        }
      }
      const reached = phases[at];
      const passes = last && outside.length === 0 && finish !== 'fin later';
      if (reached === undefined || reached.stopped || passes) continue;
      if (!(await this.#until(() => this.#hasReached(reached)))) break;
      // Not in what a hook has set off, but from outside.
      await turn();
      if (!this.#stopped) this.#perform(outside);
    }
    if (finish === 'reset') await peer.write('');
    if (finish === 'reset') peer.reset();
    else peer.end();
    await this.#until(() => this.#closed);
    if (this.#transcript.hooks.at(-1) === 'close end') await peer.finished();
    await this.#until(() => this.#caught >= this.#thrown, true);
    // What must not come after onClose would have come by now.
    await turn();
    peer.socket.destroy();
    this.#checkReceived(peer);
    const { hooks } = this.#transcript;
    return { hooks, received: peer.text, thrown: this.#caught, violations: this.#violations };
  }

  /** How the script begins, in the words of the implementation. */
  get settings() {
    const { delimiter, encoding, limit } = this.script;
    const readDelimiter = toDelimiter(delimiter, this.#impl.lengthPrefix);
    return { readDelimiter, readEncoding: encoding, bufferSize: limit };
  }

  /** The channel to play on, whose hooks call `on…`. */
  attach(channel: StreamLike, configure: boolean): void {
    this.#channel = channel;
    if (configure) this.#call(() => Object.assign(channel, this.settings));
  }

  // What the hooks call

  onConnect(): void {
    this.#enter('connect');
    this.#transcript.add('connect');
    this.ready();
  }

  onRead(data: Data, hook = 0): void {
    this.#enter('read');
    if (hook !== this.#hook) this.#violations.push(`read by function ${hook}, not ${this.#hook}`);
    if (this.#paused) this.#violations.push('read while paused');
    if (this.#delimiter === null) {
      this.#transcript.addRaw(hook, data);
      this.#changed();
      return;
    }
    const actions = this.script.onRead[this.#transcript.frames] ?? [];
    this.#transcript.addFrame(hook, data);
    this.#perform(actions);
  }

  onWrite(): void {
    this.#enter('write');
    if (!this.#wrote) this.#violations.push('onWrite, and nothing written');
  }

  onEnd(rest: Data): void {
    this.#enter('end');
    this.#transcript.add(`end ${Transcript.quote(rest)}`);
    this.#peerFinished = true;
    const { allowHalfOpen, onEnd } = this.script;
    try {
      this.#perform(onEnd);
    } finally {
      if (!allowHalfOpen || this.#shut) this.#stopped = true;
      if (!this.#stopped && !this.#waiting) setImmediate(() => this.#endHalfOpen());
    }
  }

  onOverflowError(error: NodeJS.ErrnoException): void {
    this.#enter('overflow');
    this.#transcript.addOverflow(error.code);
    this.#perform(this.script.onOverflow);
  }

  onError(error: NodeJS.ErrnoException): void {
    this.#enter('error');
    // Which of the two it is depends on who notices the reset first.
    const reset = error.code === 'ECONNRESET' || error.code === 'EPIPE';
    this.#transcript.add(reset ? 'error' : `error ${error.code}`);
    this.#stopped = true;
  }

  onClose(reason: string, unsentBytes: number): void {
    this.#enter('close');
    if (this.#closed) this.#violations.push('closed twice');
    if (reason === 'end' && unsentBytes !== 0) this.#violations.push(`${unsentBytes} unsent`);
    this.#transcript.add(`close ${reason}`);
    this.#stopped = true;
    this.#closed = true;
    this.#changed();
  }

  #onUncaught(): void {
    this.#caught += 1;
    this.#changed();
  }

  // What the script does

  #perform(actions: Action[]): void {
    const meanwhile: Action[] = [];
    const pauses = actions.filter((action) => action.do === 'pause');
    try {
      for (const action of actions) {
        if (action.do === 'pause') meanwhile.push(...action.meanwhile);
        this.#act(action);
      }
    } finally {
      // Without a hook that throws: the pauses that were begun.
      if (this.#paused && pauses.length > 0 && !this.#waiting) {
        this.#waiting = true;
        const later = () => this.#endPause(meanwhile);
        if (pauses[0]?.until === 'timer') setTimeout(later, 1);
        else setImmediate(later);
      }
      this.#changed();
    }
  }

  #endPause(meanwhile: Action[]): void {
    this.#waiting = false;
    if (!this.#stopped) {
      for (const action of meanwhile) if (!this.#stopped) this.#act(action);
      this.#paused = false;
      this.#call(() => this.#channel?.resume());
      if (this.#peerFinished) this.#endHalfOpen();
    }
    this.#changed();
  }

  #endHalfOpen(): void {
    if (!this.#stopped && !this.#waiting) this.#perform(LAST);
  }

  #act(action: Action): void {
    const channel = this.#channel;
    if (channel === null) return;
    switch (action.do) {
      case 'delimiter':
        this.#delimiter = action.to;
        this.#call(() => {
          channel.readDelimiter = toDelimiter(action.to, this.#impl.lengthPrefix);
        });
        break;
      case 'encoding':
        this.#call(() => {
          channel.readEncoding = action.to;
        });
        break;
      case 'limit':
        this.#call(() => {
          channel.bufferSize = action.to;
        });
        break;
      case 'pause':
        this.#paused = true;
        this.#call(() => channel.pause());
        break;
      case 'pause and resume':
        if (this.#paused) break;
        this.#call(() => channel.pause());
        this.#call(() => channel.resume());
        break;
      case 'write':
        this.#write(() => channel.write(action.text, action.flush));
        break;
      case 'writeFile': {
        const { nbytes, offset, flush } = action;
        this.#write(() => channel.writeFile(contentFile(), nbytes, offset, flush));
        break;
      }
      case 'shutdown':
        this.#shut = true;
        this.#call(() => channel.shutdown());
        if (this.#peerFinished) this.#stopped = true;
        break;
      case 'end':
      case 'close':
        this.#stopped = true;
        this.#call(() => channel[action.do]());
        break;
      case 'replace onRead': {
        this.#hook += 1;
        const hook = this.#hook;
        channel.onRead = (data) => this.onRead(data, hook);
        break;
      }
      case 'throw':
        this.#thrown += 1;
        throw new ThrownByScript(() => this.#onUncaught());
    }
  }

  #write(write: () => void): void {
    this.#wrote = true;
    try {
      this.#call(write);
    } catch (error) {
      this.#transcript.add(`write threw ${(error as NodeJS.ErrnoException).code}`);
    }
  }

  #call(body: () => void): void {
    this.#calling += 1;
    try {
      body();
    } finally {
      this.#calling -= 1;
    }
  }

  #enter(hook: string): void {
    if (this.#calling > 0) this.#violations.push(`${hook} inside a call`);
    if (this.#closed) this.#violations.push(`${hook} after close`);
  }

  /** In order, the peer gets everything; otherwise the beginning of it. */
  #checkReceived(peer: Peer): void {
    const { written } = this.expectation;
    const inOrder = this.#transcript.hooks.at(-1) === 'close end';
    if (inOrder ? peer.text !== written : !written.startsWith(peer.text)) {
      this.#violations.push(`the peer got ${peer.length} bytes of ${written.length}`);
    }
  }

  // Waiting

  #hasReached({ frames, raw, overflows }: Progress): boolean {
    const told = this.#transcript;
    const all = told.frames >= frames && told.raw >= raw && told.overflows >= overflows;
    return all && !this.#waiting;
  }

  #until(holds: () => boolean, evenClosed = false): Promise<boolean> {
    if (holds()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#awaited = null;
        this.#violations.push('stalled');
        resolve(false);
      }, PATIENCE);
      this.#awaited = {
        // A channel that has closed before its time is waited for no longer.
        holds: () => holds() || (this.#closed && !evenClosed),
        resolve: (held) => {
          clearTimeout(timer);
          resolve(held);
        },
      };
    });
  }

  #changed(): void {
    if (!this.#awaited?.holds()) return;
    const { resolve } = this.#awaited;
    this.#awaited = null;
    resolve(true);
  }
}

/** What hooks throw. */
class ThrownByScript extends Error {
  readonly caught: () => void;

  constructor(caught: () => void) {
    super('thrown by a script');
    this.caught = caught;
  }
}

/** Takes uncaught exceptions: those of scripts belong there, any other is for `report`. */
export function collectUncaught(report: (error: unknown) => void): void {
  process.setUncaughtExceptionCaptureCallback((error) => {
    if (error instanceof ThrownByScript) error.caught();
    else report(error);
  });
}
