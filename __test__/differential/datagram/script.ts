import type { Action } from '../action.ts';
import type { Script, Sent } from '../script.ts';

export type DatagramAction = Action<DatagramOwn>;

export type DatagramOwn =
  /** Null: without an address. */
  | { do: 'write'; text: string; to: number | null; flush: boolean }
  | { do: 'connect'; to: number }
  /** And then writes to who was the peer: nothing else tells when the peer is gone. */
  | { do: 'disconnect' };

export interface Packet extends Sent {
  from: number;
}

/** What the peers send; and then, when all of it has been delivered, what is done from outside. */
export interface Phase {
  sent: Packet[];
  outside: DatagramAction[];
}

/**
 * What happens on one channel that several peers talk to. What is sent next waits where it would
 * run a race with what was set off before it: the model tells where.
 */
export interface DatagramScript extends Script {
  peers: number;
  /** How the channel is bound: by listen(), or by what it does with the first peer. */
  begin: 'listen' | 'connect' | 'write';
  maxSenders: number;
  phases: Phase[];
  /** By the number of the frame, or datagram, counted from 0. */
  onRead: Record<number, DatagramAction[]>;
  onOverflow: DatagramAction[];
  /** As onError tells that a sender had to make room. */
  onError: DatagramAction[];
  /** How the channel is closed in the end. */
  finish: 'end' | 'close';
}
