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
import { CONTENT } from './file.ts';

export type StreamAction = Action<StreamOwn>;

export type StreamOwn =
  | { do: 'write'; text: string; flush: boolean }
  /** Of the file that all scripts have; 0 bytes: all from `offset` on. */
  | { do: 'writeFile'; nbytes: number; offset: number; flush: boolean }
  | { do: 'shutdown' }
  | { do: 'end with'; text: string }
  | { do: 'reset' };

export interface Chunk {
  hex: string;
  /** Whether a turn of the event loop passes before the next one. */
  pause: boolean;
}

/** What the peer sends; and then, when all of it has been delivered, what is done from outside. */
export interface Phase {
  sent: Chunk[];
  outside: StreamAction[];
}

/**
 * What happens on one connection. Nothing in it depends on timing: what is done is a matter of how
 * many frames were delivered, except where there are no frames (the delimiter is null). There
 * nothing is done, until all that was sent has been delivered.
 */
export interface StreamScript {
  side: 'client' | 'connection';
  /** How a client is told the first settings; a connection is told when it has connected. */
  given: 'by options' | 'by fields' | 'by assignment';
  delimiter: Delimiter;
  encoding: Encoding;
  limit: number;
  allowHalfOpen: boolean;
  phases: Phase[];
  /** By the number of the frame, counted from 0. */
  onRead: Record<number, StreamAction[]>;
  onOverflow: StreamAction[];
  onEnd: StreamAction[];
  /** How the peer finishes. A script that has writes or a half-close cannot be reset. */
  finish: 'fin' | 'fin later' | 'reset';
}

export function generate(seed: number): StreamScript {
  const random = new Random(seed);
  const writes = random.once(2);
  const actions = new Actions<StreamOwn>(random, (which) => (writes ? own(random, which) : null));
  const phases = random.list(1 + random.below(3), () => phase(random, actions));
  return {
    side: random.pick(['client', 'connection']),
    given: random.pick(['by options', 'by fields', 'by assignment']),
    delimiter: random.once(20) ? 0 : randomDelimiter(random),
    encoding: random.once(3) ? random.pick(ENCODINGS) : null,
    limit: random.once(4) ? 1 + random.below(12) : NO_LIMIT,
    allowHalfOpen: random.once(3),
    phases,
    onRead: countedFrames(random, actions.byFrame()),
    onOverflow: random.pick(afterOverflow(random, writes)),
    onEnd: random.once(2) ? actions.list(2) : [],
    finish: random.pick(writes ? ['fin', 'fin later'] : ['fin', 'fin later', 'reset']),
  };
}

/** Now and then a length of 0: an empty frame, in which mostly another delimiter is set. */
function countedFrames(
  random: Random,
  onRead: Record<number, StreamAction[]>,
): Record<number, StreamAction[]> {
  if (!random.once(4)) return onRead;
  const counted = { ...onRead };
  let frame = random.below(4);
  for (let zeros = 1 + random.below(3); zeros > 0; zeros -= 1) {
    counted[frame] = [...(counted[frame] ?? []), { do: 'delimiter', to: 0 }];
    frame += 1;
  }
  if (random.once(4)) return counted;
  const next: StreamAction = { do: 'delimiter', to: randomDelimiter(random) };
  return { ...counted, [frame]: [...(counted[frame] ?? []), next] };
}

function phase(random: Random, actions: Actions<StreamOwn>): Phase {
  let bytes = randomBytes(random, random.pick([6, 30]));
  const sent: Chunk[] = [];
  const most = random.pick([1, 6, 20, 1_000]);
  while (bytes.length > 0) {
    const length = 1 + random.below(most);
    sent.push({ hex: bytes.subarray(0, length).toString('hex'), pause: random.once(3) });
    bytes = bytes.subarray(length);
  }
  return { sent, outside: actions.outside() };
}

function own(random: Random, which: number): StreamOwn | null {
  if (which === 3) {
    if (random.once(3)) return { do: 'shutdown' };
    if (random.once(6)) return { do: 'end with', text: random.pick(WRITES) };
    return random.once(6) ? { do: 'reset' } : null;
  }
  if (random.once(4)) return writeFile(random);
  return { do: 'write', text: random.pick(WRITES), flush: random.once(3) };
}

function writeFile(random: Random): StreamOwn {
  const offset = random.pick([0, random.below(CONTENT.length), CONTENT.length]);
  const left = CONTENT.length - offset;
  const nbytes = random.pick([0, Math.min(left, random.below(100)), random.below(left + 1)]);
  return { do: 'writeFile', nbytes, offset, flush: random.once(3) };
}

const WRITES = [
  '',
  'reply',
  'a longer reply, and then some',
  'x'.repeat(3_000),
  'y'.repeat(80_000),
];

/** After an overflow only such things are done as settle it for all that may still come. */
function afterOverflow(random: Random, writes: boolean): StreamAction[][] {
  return [
    [],
    [{ do: 'close' }],
    [{ do: 'limit', to: NO_LIMIT }],
    [{ do: 'delimiter', to: null }],
    [{ do: 'delimiter', to: 1 + random.below(5) }],
    writes ? [{ do: 'write', text: 'too long', flush: false }, { do: 'end' }] : [{ do: 'end' }],
    [{ do: 'throw' }],
  ];
}
