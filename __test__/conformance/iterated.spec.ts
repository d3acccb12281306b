import { conformance } from './index.ts';
import { load } from './load.ts';

// All of it through `for await`, but for what that cannot do, or what it is not asked.
const AFTER = 'the body of a loop runs behind the batch; a hook runs inside of it';
const TOLD = 'a loop tells of a connect that fails, so there is no warning';

conformance('iterated', await load('iterated'), [
  [/^(frames|connections): /, 'it reads by an iterator already'],
  [/^a StreamServer of nothing wraps in Connection$/, 'the wrapper has no such server'],
  [/^X2: rule 3: closed by a hook of another channel$/, AFTER],
  [/^R12: a hook of another channel pauses, in the middle of a batch$/, AFTER],
  [
    /^W16: a file that shrinks, and a peer who never stops/,
    'between frames it is as one that is paused',
  ],
  [/^P6: rule 4: each hook may throw/, 'what a body throws is for its own loop to tell, and when'],
  [/^a connect that fails: a warning only where nobody waits for it$/, TOLD],
  [/^onConnectError, not overridden: one warning a class and code$/, TOLD],
  [/^an onConnectError of its own: no warning, but by super$/, TOLD],
]);
