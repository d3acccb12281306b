/** Failures that nobody listens to are told, once: what the hooks do that nobody has overridden. */

import { link } from '../link/link.ts';
import type { Channel } from './engine.ts';

/** The codes that were told, by the class of the channel. */
const told = new WeakMap<object, Set<string>>();

/** @internal The default of a hook that is given an error: a warning, once for each class and code. */
export function warnUnhandled(channel: Channel, hook: string, error: Error): void {
  // Who waits for the channel, by a promise, hears of it there.
  if (hook === 'onConnectError' && channel[link].isWatched) return;
  const Class = channel.constructor;
  const { code = error.name } = error as NodeJS.ErrnoException;
  const codes = told.get(Class) ?? new Set();
  if (codes.has(code)) return;
  told.set(Class, codes.add(code));
  const name = Class.name || 'a channel';
  const message = `${name}: ${error.message} (override ${hook}() to handle it; told once)`;
  process.emitWarning(message, { type: 'PantsWarning', code });
}
