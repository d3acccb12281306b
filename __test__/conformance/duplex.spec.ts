import { duplexSockets } from '../helpers/duplex-sockets.ts';
import { peersBy } from '../helpers/peer.ts';
import { conformance } from './index.ts';
import { load } from './load.ts';

// The other way round: the reference is what is known, and the sockets of all peers are Duplexes.
peersBy(duplexSockets);

conformance('reference', await load('reference'), [
  [/^S1: /, 'the descriptors of the Duplexes’ own reactor are counted, too'],
]);
