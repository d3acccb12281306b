import type { Delimiter, Encoding } from './delimiter.ts';

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
  /** Takes longer than hooks may in one turn: what is left comes in the next. */
  | { do: 'dawdle' }
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

const COMMON: ReadonlySet<string> = new Set<CommonAction<never>['do']>([
  'delimiter',
  'encoding',
  'limit',
  'pause',
  'pause and resume',
  'end',
  'close',
  'replace onRead',
  'dawdle',
  'throw',
]);
