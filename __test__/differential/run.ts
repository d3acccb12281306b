import type { Implementation, ReadDelimiter } from '../helpers/implementation.ts';
import { type Action, type CommonAction, isCommon, isPause, type Named } from './action.ts';
import { toDelimiter } from './delimiter.ts';
import type { Told } from './model.ts';
import type { Settings } from './script.ts';
import { Transcript } from './transcript.ts';

export interface Outcome extends Told {
  /** What must never happen, and did. */
  violations: string[];
}

/** What every kind of channel has. */
export interface Playable {
  readDelimiter: ReadDelimiter;
  readEncoding: string | null;
  bufferSize: number;
  pause(): void;
  resume(): void;
  end(): void;
  close(): void;
}

/** How long nothing may happen before a run is given up. */
const PATIENCE = 5_000;

/** More than a turn has for hooks, in milliseconds. */
const LONG = 7;

/** One script on one implementation: does what the script says, and writes down what it is told. */
export abstract class Run<Own extends Named, C extends Playable> {
  readonly #impl: Implementation;
  readonly #settings: Settings;
  protected readonly transcript = new Transcript();
  protected readonly violations: string[] = [];
  protected channel: C | null = null;
  protected delimiter: Settings['delimiter'];
  protected hook = 0;
  protected thrown = 0;
  /** Of these, how many have become uncaught exceptions. */
  protected caught = 0;
  /** Above 0: a method of the channel is being called. */
  #calling = 0;
  protected paused = false;
  /** A pause that has not ended yet. */
  protected waiting = false;
  /** Since the last onWrite. */
  protected wrote = false;
  /** The channel has ended or closed: nothing is asked of it any more. */
  protected stopped = false;
  protected closed = false;
  #awaited: { holds: () => boolean; resolve: (held: boolean) => void } | null = null;

  constructor(impl: Implementation, settings: Settings) {
    this.#impl = impl;
    this.#settings = settings;
    this.delimiter = settings.delimiter;
  }

  /** Does what only this kind of channel can. */
  protected abstract actOwn(channel: C, action: Own): void;
  /** From now on the channel's onRead tells that it is the `hook`th. */
  protected abstract replaceOnRead(channel: C, hook: number): void;
  /** A pause has ended, and nothing has ended the channel. */
  protected resumed(): void {}

  /** How the script begins, in the words of the implementation. */
  get settings() {
    const { delimiter, encoding, limit } = this.#settings;
    const readDelimiter = toDelimiter(delimiter, this.#impl.lengthPrefix);
    return { readDelimiter, readEncoding: encoding, bufferSize: limit };
  }

  /** The channel to play on, whose hooks call `on…`. */
  attach(channel: C, configure: boolean): void {
    this.channel = channel;
    if (configure) this.call(() => Object.assign(channel, this.settings));
  }

  onWrite(): void {
    this.enter('write');
    if (!this.wrote) this.violations.push('onWrite, and nothing written since the last');
    this.wrote = false;
  }

  /** What has come of it. A channel that should have closed by now is not left behind. */
  protected over(): Outcome {
    const hooks = [...this.transcript.hooks];
    if (!this.closed) this.call(() => this.channel?.close());
    return { hooks, thrown: this.caught, violations: [...this.violations] };
  }

  protected enterRead(hook: number): void {
    this.enter('read');
    if (hook !== this.hook) this.violations.push(`read by function ${hook}, not ${this.hook}`);
    if (this.paused) this.violations.push('read while paused');
  }

  protected enter(hook: string): void {
    if (this.#calling > 0) this.violations.push(`${hook} inside a call`);
    if (this.closed) this.violations.push(`${hook} after close`);
  }

  protected finished(reason: string, unsentBytes: number): void {
    this.enter('close');
    if (this.closed) this.violations.push('closed twice');
    if (reason === 'end' && unsentBytes !== 0) this.violations.push(`${unsentBytes} unsent`);
    this.transcript.add(`close ${reason}`);
    this.stopped = true;
    this.closed = true;
    this.changed();
  }

  // What the script does

  protected perform(actions: Action<Own>[]): void {
    const meanwhile: Action<Own>[] = [];
    const pauses = actions.filter(isPause);
    try {
      for (const action of actions) {
        if (isPause(action)) meanwhile.push(...action.meanwhile);
        this.#act(action);
      }
    } finally {
      // Without a hook that throws: the pauses that were begun.
      if (this.paused && pauses.length > 0 && !this.waiting) {
        this.waiting = true;
        const later = () => this.#endPause(meanwhile);
        // Behind what has been set off by now, in either case.
        if (pauses[0]?.until === 'timer') setTimeout(() => setImmediate(later), 1);
        else setImmediate(later);
      }
      this.changed();
    }
  }

  #endPause(meanwhile: Action<Own>[]): void {
    this.waiting = false;
    if (!this.stopped) {
      for (const action of meanwhile) if (!this.stopped) this.#act(action);
      this.paused = false;
      this.call(() => this.channel?.resume());
      this.resumed();
    }
    this.changed();
  }

  #act(action: Action<Own>): void {
    if (this.channel === null) return;
    if (isCommon(action)) this.#actCommon(this.channel, action);
    else this.actOwn(this.channel, action);
  }

  #actCommon(channel: C, action: CommonAction<Own>): void {
    switch (action.do) {
      case 'delimiter':
        this.delimiter = action.to;
        this.call(() => {
          channel.readDelimiter = toDelimiter(action.to, this.#impl.lengthPrefix);
        });
        break;
      case 'encoding':
        this.call(() => {
          channel.readEncoding = action.to;
        });
        break;
      case 'limit':
        this.call(() => {
          channel.bufferSize = action.to;
        });
        break;
      case 'pause':
        this.paused = true;
        this.call(() => channel.pause());
        break;
      case 'pause and resume':
        if (this.paused) break;
        this.call(() => channel.pause());
        this.call(() => channel.resume());
        break;
      case 'end':
      case 'close':
        this.stopped = true;
        this.call(() => channel[action.do]());
        break;
      case 'replace onRead':
        this.hook += 1;
        this.replaceOnRead(channel, this.hook);
        break;
      case 'dawdle':
        for (const end = performance.now() + LONG; performance.now() < end; );
        break;
      case 'throw':
        this.thrown += 1;
        throw new ThrownByScript(() => this.#onUncaught());
    }
  }

  /** Calls a method of the channel; that it throws belongs to the transcript. */
  protected attempt(what: string, method: () => void): boolean {
    try {
      this.call(method);
      return true;
    } catch (error) {
      this.transcript.add(`${what} threw ${(error as NodeJS.ErrnoException).code}`);
      return false;
    }
  }

  protected call(body: () => void): void {
    this.#calling += 1;
    try {
      body();
    } finally {
      this.#calling -= 1;
    }
  }

  #onUncaught(): void {
    this.caught += 1;
    this.changed();
  }

  // Waiting

  protected until(holds: () => boolean, evenClosed = false): Promise<boolean> {
    if (holds()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#awaited = null;
        this.violations.push('stalled');
        resolve(false);
      }, PATIENCE);
      this.#awaited = {
        // A channel that has closed before its time is waited for no longer.
        holds: () => holds() || (this.closed && !evenClosed),
        resolve: (held) => {
          clearTimeout(timer);
          resolve(held);
        },
      };
    });
  }

  protected changed(): void {
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
