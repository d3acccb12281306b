/** What `console.log()` and `util.inspect()` show of channels: no internals, and mostly one line. */

import { type InspectOptionsStylized, inspect } from 'node:util';

import type { Address } from './types.ts';

/** Shown where they are known. */
const STATE = ['readyState', 'fileno', 'localAddr', 'remoteAddr'] as const;
/** Shown where there is something to count. */
const COUNTERS = ['bytesRead', 'bytesWritten', 'pendingBytes', 'drops'] as const;
/** Own properties that say nothing, or are said already. */
const LEFT_OUT = new Set([
  'server',
  'connectionDefaults',
  'readDelimiter',
  'readEncoding',
  'bufferSize',
]);

/** Longer than a terminal mostly is: an address or two more is no reason to spread out. */
const LINE = 160;

/** @internal A channel: its class, its state, what it has counted, and what a subclass has added. */
export function inspectChannel(
  channel: object,
  depth: number,
  options: InspectOptionsStylized,
): string {
  const shown: Record<string, unknown> = {};
  const of = channel as Record<string, unknown>;
  for (const name of STATE) {
    if (name in of && of[name] !== null) shown[name] = readable(of[name]);
  }
  for (const name of COUNTERS) {
    if (name in of && of[name] !== 0) shown[name] = of[name];
  }
  for (const [name, { value, enumerable }] of Object.entries(
    Object.getOwnPropertyDescriptors(of),
  )) {
    const says = enumerable && typeof value !== 'function' && !LEFT_OUT.has(name);
    if (says) shown[name] = name === 'channels' ? (value as Map<number, unknown>).size : value;
  }
  return inspectAs(channel, shown, depth, options);
}

/** @internal An object as `Name { … }`, with these properties. */
export function inspectAs(
  object: object,
  shown: Record<string, unknown>,
  depth: number,
  options: InspectOptionsStylized,
): string {
  const name = nameOf(object);
  if (depth < 0) return options.stylize(`[${name}]`, 'special');
  const left = options.depth == null ? options.depth : options.depth - 1;
  return `${name} ${inspect(shown, { ...options, depth: left, breakLength: LINE })}`;
}

/** @internal An address as it is written: `127.0.0.1:80`, `[::1]:80`, or the path. */
export function readable(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('port' in value)) return value;
  const { address, port } = value as Address;
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}

/** The name of the nearest class that has one. */
function nameOf(object: object): string {
  for (let at = Object.getPrototypeOf(object); at !== null; at = Object.getPrototypeOf(at)) {
    const name: unknown = Object.hasOwn(at, 'constructor') ? at.constructor?.name : '';
    if (typeof name === 'string' && name !== '') return name;
  }
  return 'Object';
}
