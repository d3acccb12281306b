/**
 * What happens on channels, for who looks on from outside: `node:diagnostics_channel`, and
 * `NODE_DEBUG=pants`, which writes a line an event.
 */

import { channel as topic } from 'node:diagnostics_channel';
import { debuglog, inspect } from 'node:util';

import type { CloseInfo } from '../types.ts';

type Event = 'open' | 'close' | 'error' | 'overflow';

const debug = debuglog('pants');

const topics = {
  open: topic('pants:channel:open'),
  close: topic('pants:channel:close'),
  error: topic('pants:channel:error'),
  overflow: topic('pants:channel:overflow'),
};

/** @internal Costs a look, where nobody looks on. */
export function trace(event: Event, channel: object, error?: Error, info?: CloseInfo): void {
  const { [event]: about } = topics;
  if (about.hasSubscribers) {
    about.publish({ channel, ...(error && { error }), ...(info && { info }) });
  }
  if (debug.enabled) debug('%s', lineOf(event, channel, error, info));
}

function lineOf(event: Event, channel: object, error?: Error, info?: CloseInfo): string {
  const why = error ?? info?.error;
  const parts = [event, shown(channel)];
  if (info !== undefined) parts.push(info.reason);
  if (info !== undefined && info.unsentBytes > 0) parts.push(`${info.unsentBytes} bytes unsent`);
  if (why !== undefined) parts.push(`${why.message}`);
  return parts.join(' ').replaceAll(/\s*\n\s*/g, ' ');
}

/** A subclass may show itself otherwise, and fail at it. */
function shown(channel: object): string {
  try {
    return inspect(channel, { depth: 1 });
  } catch {
    return 'a channel that cannot be shown';
  }
}
