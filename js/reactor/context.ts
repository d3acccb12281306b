/**
 * In which `AsyncLocalStorage` context hooks run: that in which their channel was made.
 *
 * Node notes what storages hold on each asynchronous resource: one property a storage (20, 22), or
 * one frame, a map of all of them (24). A resource that is made to look shows both. So where nobody
 * uses a storage, there is no context to run hooks in, and nothing to pay for.
 */

import { AsyncResource } from 'node:async_hooks';

/** @internal What runs hooks; null: there is nothing to keep. */
export type Context = AsyncResource | null;

/** @internal The context of the code that is running. */
export function currentContext(): Context {
  const resource = new AsyncResource('PANTS_CHANNEL');
  return notesOf(resource).some((name) => holds(resource, name)) ? resource : null;
}

/**
 * @internal Calls a function in no context: what it begins is begun for all channels, and not for
 * whoever happens to come first. (Without a closure: V8 keeps the last one that was called.)
 */
export function outside<A extends unknown[], R>(call: (...args: A) => R, ...args: A): R {
  return nowhere.runInAsyncScope(call as (...args: unknown[]) => R, undefined, ...args);
}

const nowhere = new AsyncResource('PANTS_ENGINE');
// This module may have been loaded in somebody's context.
for (const name of notesOf(nowhere)) Reflect.set(nowhere, name, undefined);

/** The properties of a resource that may be such notes: all but its numbers. */
function notesOf(resource: AsyncResource): symbol[] {
  return Object.getOwnPropertySymbols(resource).filter(
    ({ description = '' }) => !description.includes('async_id'),
  );
}

function holds(resource: AsyncResource, name: symbol): boolean {
  const note: unknown = Reflect.get(resource, name);
  // A frame stays behind where a storage was used before, with nothing in it.
  const isFrame = name.description === 'context_frame' && note instanceof Map;
  return isFrame ? [...note.values()].some((value) => value !== undefined) : note !== undefined;
}
