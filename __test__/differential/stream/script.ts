import type { Action } from '../action.ts';
import type { Script, Sent } from '../script.ts';

export type StreamAction = Action<StreamOwn>;

export type StreamOwn =
  | { do: 'write'; text: string; flush: boolean }
  /** Of the file that all scripts have; 0 bytes: all from `offset` on. */
  | { do: 'writeFile'; nbytes: number; offset: number; flush: boolean }
  | { do: 'shutdown' }
  | { do: 'end with'; text: string }
  | { do: 'reset' };

/** What the peer sends; and then, when all of it has been delivered, what is done from outside. */
export interface Phase {
  sent: Sent[];
  outside: StreamAction[];
}

/**
 * What happens on one connection. Nothing in it depends on timing: what is done is a matter of how
 * many frames were delivered, except where there are no frames (the delimiter is null). There
 * nothing is done, until all that was sent has been delivered.
 *
 * A client is told the first settings as `given` says; a connection when it has connected.
 */
export interface StreamScript extends Script {
  side: 'client' | 'connection';
  allowHalfOpen: boolean;
  phases: Phase[];
  /** By the number of the frame, counted from 0. */
  onRead: Record<number, StreamAction[]>;
  onOverflow: StreamAction[];
  onEnd: StreamAction[];
  /** How the peer finishes. A script that has writes or a half-close cannot be reset. */
  finish: 'fin' | 'fin later' | 'reset';
}
