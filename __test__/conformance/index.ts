import test from 'ava';

import type { Implementation, UnixImplementation } from '../helpers/implementation.ts';
import { overUnix } from '../helpers/over-unix.ts';
import { addresses } from './addresses.ts';
import { badArguments } from './arguments.ts';
import { classes, unixClasses } from './classes.ts';
import { connecting } from './connecting.ts';
import { contexts } from './contexts.ts';
import { datagramFraming } from './datagram-framing.ts';
import { datagramNames } from './datagram-names.ts';
import { datagramOptions } from './datagram-options.ts';
import { datagrams } from './datagrams.ts';
import { emptyFrames } from './empty-frames.ts';
import { encoding } from './encoding.ts';
import { ending } from './ending.ts';
import { files } from './files.ts';
import { flow } from './flow.ts';
import { framing } from './framing.ts';
import { hooks } from './hooks.ts';
import { datagramIterating, iterating } from './iterating.ts';
import { limits } from './limits.ts';
import { overriding } from './overriding.ts';
import { processes } from './processes.ts';
import { datagramPromises, promises } from './promises.ts';
import { refusing } from './refusing.ts';
import { regexps } from './regexps.ts';
import { resets } from './resets.ts';
import { resources } from './resources.ts';
import { servers } from './servers.ts';
import { settings } from './settings.ts';
import { type LeftOut, Suite } from './suite.ts';
import { switching } from './switching.ts';
import { throwing } from './throwing.ts';
import { timers } from './timers.ts';
import { datagramTraps, traps } from './traps.ts';
import { unhandled } from './unhandled.ts';
import { UnixSuite, unixSockets } from './unix.ts';
import { writing } from './writing.ts';

/**
 * Registers the tests of what SPEC says about TCP streams and datagrams. A title that begins with a
 * letter and a number (C1, R12) names a fault: README.md, one folder up, says which. One with a rule
 * names the rule of hooks.
 */
export function conformance(name: string, impl: Implementation, leftOut: LeftOut = []): void {
  const suite = new Suite(name, impl, leftOut);
  classes(suite);
  connecting(suite);
  addresses(suite);
  servers(suite);
  streams(suite);
  timers(suite);
  badArguments(suite);
  unhandled(suite);
  traps(suite);
  contexts(suite);
  resources(suite);
  datagrams(suite);
  datagramNames(suite);
  datagramFraming(suite);
  datagramOptions(suite);
  datagramPromises(suite);
  datagramIterating(suite);
  datagramTraps(suite);
  processes(suite);
}

/** The same of Unix streams: what is theirs alone, and all that does not ask for a TCP address. */
export function unixConformance(name: string, impl: Implementation & UnixImplementation): void {
  const unix = new UnixSuite(impl);
  unixSockets(unix);
  unixClasses(unix);
  const over = overUnix(impl);
  test.after.always(() => over.remove());
  streams(new Suite(name, over));
}

function streams(suite: Suite): void {
  hooks(suite);
  throwing(suite);
  overriding(suite);
  framing(suite);
  emptyFrames(suite);
  regexps(suite);
  switching(suite);
  limits(suite);
  settings(suite);
  encoding(suite);
  flow(suite);
  writing(suite);
  files(suite);
  ending(suite);
  refusing(suite);
  resets(suite);
  promises(suite);
  iterating(suite);
}
