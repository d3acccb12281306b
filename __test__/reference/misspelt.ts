import { distance } from './names.ts';

/** What was looked at. */
const seen = new WeakSet<object>();

/**
 * Warns of what is a hook but for a letter, or their case, where the hook itself is not there.
 * `defaults`: the prototype that has the hooks.
 */
export function warnMisspelt(channel: object, defaults: object): void {
  const Class = channel.constructor;
  if (seen.has(Class)) return;
  seen.add(Class);
  const isOverridden = (hook: string) => Reflect.get(channel, hook) !== Reflect.get(defaults, hook);
  for (let at = channel; at !== defaults; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) {
      if (!/^on./i.test(name) || HOOKS.includes(name)) continue;
      const near = (hook: string) => distance(name.toLowerCase(), hook.toLowerCase()) <= 1;
      const hook = HOOKS.find(near);
      const isCalled = hook === undefined || !(hook in defaults) || isOverridden(hook);
      if (isCalled || typeof Reflect.get(channel, name) !== 'function') continue;
      const message = `${Class.name} has ${name}(), which nothing calls; did you mean ${hook}()?`;
      process.emitWarning(message, 'PantsWarning', 'PANTS_MISSPELT_HOOK');
    }
  }
}

const HOOKS = [
  ...['onConnect', 'onConnectError', 'onListen', 'onAccept', 'onDrop'],
  ...['onRead', 'onWrite', 'onEnd', 'onOverflowError', 'onError', 'onClose'],
];
