import { Random } from '../../helpers/random.ts';
import { type Action, Actions } from '../action.ts';
import {
  type Delimiter,
  ENCODINGS,
  type Encoding,
  NO_LIMIT,
  randomBytes,
  randomDelimiter,
} from '../delimiter.ts';
import { isFair } from './model.ts';

export type DatagramAction = Action<DatagramOwn>;

export type DatagramOwn =
  /** Null: without an address. */
  | { do: 'write'; text: string; to: number | null; flush: boolean }
  | { do: 'connect'; to: number }
  /** And then writes to who was the peer: nothing else tells when the peer is gone. */
  | { do: 'disconnect' };

export interface Packet {
  from: number;
  hex: string;
  /** Whether a turn of the event loop passes before the next one. */
  pause: boolean;
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
export interface DatagramScript {
  peers: number;
  /** How the channel is bound: by listen(), or by what it does with the first peer. */
  begin: 'listen' | 'connect' | 'write';
  given: 'by options' | 'by fields' | 'by assignment';
  delimiter: Delimiter;
  encoding: Encoding;
  limit: number;
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

export function generate(seed: number): DatagramScript {
  const random = new Random(seed);
  const peers = 2 + random.below(3);
  const one: One = { random, peers, lively: random.below(peers), connects: random.once(3) };
  const actions = new Actions<DatagramOwn>(random, (which) => own(one, which));
  const phases = random.list(1 + random.below(4), () => phase(one, actions));
  const script: DatagramScript = {
    peers,
    begin: random.pick(['listen', 'listen', 'listen', 'connect', 'write']),
    given: random.pick(['by options', 'by fields', 'by assignment']),
    delimiter: randomDelimiter(random),
    encoding: random.once(3) ? random.pick(ENCODINGS) : null,
    limit: random.once(3) ? 1 + random.below(12) : NO_LIMIT,
    maxSenders: random.once(3) ? 1 + random.below(3) : 1024,
    phases,
    onRead: actions.byFrame(),
    onOverflow: random.once(2) ? actions.list(2) : random.pick(AFTER_OVERFLOW),
    onError: random.once(2) ? actions.list(2) : [],
    finish: random.pick(['end', 'close']),
  };
  return isFair(script) ? script : unconnected(script);
}

/** Without what may race: with frames that wait for a `resume()`, or of other senders. */
function unconnected(script: DatagramScript): DatagramScript {
  const others = (actions: DatagramAction[]): DatagramAction[] =>
    actions
      .filter((action) => action.do !== 'connect')
      .map((action) =>
        action.do === 'pause' ? { ...action, meanwhile: others(action.meanwhile) } : action,
      );
  const onRead = Object.entries(script.onRead).map(([frame, actions]) => [frame, others(actions)]);
  return {
    ...script,
    phases: script.phases.map((one) => ({ ...one, outside: others(one.outside) })),
    onRead: Object.fromEntries(onRead),
    onOverflow: others(script.onOverflow),
    onError: others(script.onError),
  };
}

interface One {
  random: Random;
  peers: number;
  /** Who talks most, and is connected to. */
  lively: number;
  connects: boolean;
}

function phase({ random, peers, lively }: One, actions: Actions<DatagramOwn>): Phase {
  const most = random.pick([2, 5, 10]);
  const sent = random.list(random.below(random.pick([4, 12])), () => ({
    from: random.once(2) ? lively : random.below(peers),
    hex: randomBytes(random, random.once(20) ? 400 : most).toString('hex'),
    pause: random.once(4),
  }));
  return { sent, outside: actions.outside() };
}

function own({ random, peers, lively, connects }: One, which: number): DatagramOwn {
  if (connects && which > 1) {
    if (random.once(2)) return { do: 'disconnect' };
    return { do: 'connect', to: random.once(4) ? random.below(peers) : lively };
  }
  const to = random.once(3) ? random.below(peers) : null;
  return { do: 'write', text: random.pick(WRITES), to, flush: random.once(3) };
}

const WRITES = ['', 'reply', 'ok', 'a longer reply, and then some', 'x'.repeat(3_000)];

const AFTER_OVERFLOW: DatagramAction[][] = [
  [],
  [{ do: 'close' }],
  [{ do: 'limit', to: NO_LIMIT }],
  [{ do: 'delimiter', to: null }],
  [{ do: 'delimiter', to: 3 }],
  [{ do: 'write', text: 'too long', to: null, flush: false }],
  [{ do: 'throw' }],
];
