/** Hooks that nothing will ever call, because their names are misspelt. */

import { editDistance } from '../check/nearest.ts';

/** What has been looked at. */
const seen = new WeakSet<object>();

/**
 * @internal Warns, once a class, of a method or a field whose name is a hook's but for one letter or
 * the case of its letters. Not where the hook itself is there as well: then it is a name of the
 * user's own.
 */
export function warnMisspelt(channel: object, defaults: object): void {
  const Class = channel.constructor;
  if (seen.has(Class)) return;
  seen.add(Class);
  const hooks = Object.getOwnPropertyNames(defaults).filter((name) => name.startsWith('on'));
  for (let at = channel; at !== defaults && at !== null; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) {
      const { value } = Object.getOwnPropertyDescriptor(at, name) ?? {};
      if (!/^on./i.test(name) || typeof value !== 'function' || hooks.includes(name)) continue;
      const hook = hooks.find((hook) => editDistance(name.toLowerCase(), hook.toLowerCase()) <= 1);
      if (hook === undefined || isOverridden(hook, channel, defaults)) continue;
      const message = `${Class.name || 'a channel'} has ${name}(), which nothing calls; did you mean ${hook}()?`;
      process.emitWarning(message, { type: 'PantsWarning', code: 'PANTS_MISSPELT_HOOK' });
    }
  }
}

function isOverridden(hook: string, channel: object, defaults: object): boolean {
  return Reflect.get(channel, hook) !== Reflect.get(defaults, hook);
}
