import type { Random } from '../helpers/random.ts';
import {
  type Delimiter,
  ENCODINGS,
  type Encoding,
  NO_LIMIT,
  randomDelimiter,
} from './delimiter.ts';

/** What a hook does, or somebody outside: on any channel, or (`Own`) on one kind of them only. */
export type Action<Own> = CommonAction<Own> | Own;

export type CommonAction<Own> =
  | { do: 'delimiter'; to: Delimiter }
  | { do: 'encoding'; to: Encoding }
  | { do: 'limit'; to: number }
  | Pause<Own>
  | { do: 'pause and resume' }
  | { do: 'end' }
  | { do: 'close' }
  /** Gives onRead to another function. */
  | { do: 'replace onRead' }
  | { do: 'throw' };

/** Resumes later, from the event loop; `meanwhile` comes just before that. */
export interface Pause<Own> {
  do: 'pause';
  until: 'immediate' | 'timer';
  meanwhile: Action<Own>[];
}

export interface Named {
  do: string;
}

export function isCommon<Own extends Named>(action: Action<Own>): action is CommonAction<Own> {
  return COMMON.has(action.do);
}

export function isPause<Own extends Named>(action: Action<Own>): action is Pause<Own> {
  return action.do === 'pause';
}

/** Makes actions of one kind of channel. */
export class Actions<Own extends Named> {
  readonly #random: Random;
  readonly #own: (which: 0 | 1 | 2 | 3) => Own | null;

  /** `own` makes one that only this kind of channel has, or none. */
  constructor(random: Random, own: (which: 0 | 1 | 2 | 3) => Own | null) {
    this.#random = random;
    this.#own = own;
  }

  list(most: number): Action<Own>[] {
    return this.#random.list(1 + this.#random.below(most), () => this.#action(true));
  }

  /** By the number of the frame, counted from 0. */
  byFrame(): Record<number, Action<Own>[]> {
    const random = this.#random;
    const frames = random.list(random.below(8), () => random.below(random.pick([4, 12, 40])));
    return Object.fromEntries(frames.map((frame) => [frame, this.list(2)]));
  }

  /** What nobody can catch there is not thrown. */
  outside(): Action<Own>[] {
    const all = this.#random.once(2) ? this.list(3) : [];
    return all.filter((action) => action.do !== 'throw');
  }

  #action(mayPause: boolean): Action<Own> {
    const random = this.#random;
    const which = random.below(mayPause ? 24 : 16);
    switch (which) {
      case 0:
      case 1:
        return { do: 'encoding', to: random.pick([null, ...ENCODINGS]) };
      case 2:
        return { do: 'limit', to: random.once(3) ? 1 + random.below(12) : NO_LIMIT };
      case 3:
      case 4:
      case 5:
      case 6: {
        const own = this.#own((which - 3) as 0 | 1 | 2 | 3);
        if (own === null) break;
        return own;
      }
      case 16:
      case 17:
      case 18:
      case 19:
        return {
          do: 'pause',
          until: random.once(8) ? 'timer' : 'immediate',
          meanwhile: random.list(random.below(3), () => this.#action(false)),
        };
      case 20:
        return { do: 'pause and resume' };
      case 21:
        return { do: 'replace onRead' };
      case 22:
        if (!random.once(3)) break;
        return { do: 'throw' };
      case 23:
        if (!random.once(2)) break;
        return { do: random.pick(['end', 'close']) };
    }
    return { do: 'delimiter', to: randomDelimiter(random) };
  }
}

const COMMON: ReadonlySet<string> = new Set<CommonAction<never>['do']>([
  'delimiter',
  'encoding',
  'limit',
  'pause',
  'pause and resume',
  'end',
  'close',
  'replace onRead',
  'throw',
]);
