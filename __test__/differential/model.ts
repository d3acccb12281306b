import type { Data } from '../helpers/implementation.ts';
import { type Action, type CommonAction, isCommon, isPause, type Named } from './action.ts';
import type { Delimiter, Encoding } from './delimiter.ts';
import { type Next, next } from './next.ts';
import type { Settings } from './script.ts';
import { Transcript } from './transcript.ts';

/** What a script must lead to. */
export interface Told {
  hooks: string[];
  /** How many hooks have thrown. */
  thrown: number;
}

/** What a script must lead to, told without sockets, hooks or time, and by nobody who is tested. */
export abstract class Model<Own extends Named> {
  protected readonly transcript = new Transcript();
  protected delimiter: Delimiter;
  protected encoding: Encoding;
  protected limit: number;
  protected hook = 0;
  protected thrown = 0;
  /** The channel has ended or closed. */
  protected stopped: 'end' | 'close' | 'overflow' | null = null;
  /** That was the wish of this side: a write throws. */
  protected endedHere = false;
  /** onOverflowError runs: a `close()` is that of the limit. */
  protected overflowing = false;

  constructor({ delimiter, encoding, limit }: Settings) {
    this.delimiter = delimiter;
    this.encoding = encoding;
    this.limit = limit;
  }

  /** A delimiter was set, perhaps the same again. */
  protected delimiterSet(): void {}

  /** Does what only this kind of channel can. */
  protected abstract actOwn(action: Own): void;

  /** Does what a hook does, and returns what is done meanwhile if that pauses. */
  protected actAll(actions: Action<Own>[]): Action<Own>[] | null {
    let meanwhile: Action<Own>[] | null = null;
    for (const action of actions) {
      if (action.do === 'throw') {
        this.thrown += 1;
        break;
      }
      if (isPause(action)) meanwhile = [...(meanwhile ?? []), ...action.meanwhile];
      this.act(action);
    }
    return meanwhile;
  }

  protected act(action: Action<Own>): void {
    if (isCommon(action)) this.actCommon(action);
    else this.actOwn(action);
  }

  protected actCommon(action: CommonAction<Own>): void {
    switch (action.do) {
      case 'delimiter':
        this.delimiter = action.to;
        this.delimiterSet();
        break;
      case 'encoding':
        this.encoding = action.to;
        break;
      case 'limit':
        this.limit = action.to;
        break;
      case 'end':
        this.endedHere ||= this.stopped === null;
        this.stopped ??= 'end';
        break;
      case 'close':
        this.endedHere ||= this.stopped === null && !this.overflowing;
        if (this.stopped === null || this.stopped === 'end') this.stopped = 'close';
        break;
      case 'replace onRead':
        this.hook += 1;
        break;
    }
  }

  /** What is cut off `text`, all that waits, with the settings of now. */
  protected next(text: string, ended = false): Next {
    const { delimiter, encoding, limit } = this;
    return next(text, { delimiter, encoding, limit }, ended);
  }

  /** As hooks get it. */
  protected told(text: string): Data {
    const bytes = Buffer.from(text, 'latin1');
    return this.encoding === null ? bytes : bytes.toString(this.encoding);
  }
}
