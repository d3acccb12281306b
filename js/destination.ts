/** The arguments of `connect()` and `listen()`: where, and with which options. */

import { checkAddress, checkHost, checkPath, checkPort, type Destination } from './address.ts';
import { hasUnixSockets } from './binding.ts';
import { unixUnsupported } from './errors.ts';
import { checkOptions } from './options.ts';
import type { ConnectOptions, ListenOptions, UnixListenOptions } from './types.ts';

/** @internal */
export interface ConnectArguments {
  to: Destination;
  options: ConnectOptions;
}

/** @internal */
export interface ListenArguments {
  at: Destination;
  options: ListenOptions & UnixListenOptions;
}

/** @internal `(address, options?)` or `(path, options?)`: what a stream of either kind takes. */
export function connectAnywhere(first: unknown, second: unknown): ConnectArguments {
  return isPath(first) ? connectToPath(first, second) : connectToAddress(first, second);
}

/** @internal `(address, options?)`, or `{ …address, …options }`. Without a host: `localhost`. */
export function connectToAddress(first: unknown, second: unknown): ConnectArguments {
  const { host, port } = checkAddress(first, '');
  return connectToHost(host, port, { ...inlineOptions(first), ...checkOptions(second) });
}

/** @internal `(host, port, options?)`. */
export function connectToHost(host: unknown, port: unknown, options: unknown): ConnectArguments {
  const to = { host: checkHost('host', host, '') || 'localhost', port: checkPort('port', port) };
  return { to, options: checkOptions(options) };
}

/** @internal `(path, options?)` or `{ path, …options }`. */
export function connectToPath(first: unknown, second: unknown): ConnectArguments {
  return { to: pathOf(first), options: { ...inlineOptions(first), ...checkOptions(second) } };
}

/** @internal `(address, backlog?, options?)` or the same with a path. */
export function listenAnywhere(first: unknown, second: unknown, third: unknown): ListenArguments {
  return isPath(first) ? listenAtPath(first, second, third) : listenAtAddress(first, second, third);
}

/** @internal `(address, backlog?, options?)`, or `{ …address, …options }`. */
export function listenAtAddress(first: unknown, second: unknown, third: unknown): ListenArguments {
  return { at: checkAddress(first, ''), options: listenOptions(first, second, third) };
}

/** @internal `(port, host, backlog?, options?)`. */
export function listenAtPort(
  port: unknown,
  host: unknown,
  backlog: unknown,
  options: unknown,
): ListenArguments {
  const at = { host: checkHost('host', host, ''), port: checkPort('port', port) };
  return { at, options: listenOptions(port, backlog, options) };
}

/** @internal `(path, backlog?, options?)` or `{ path, …options }`. */
export function listenAtPath(first: unknown, second: unknown, third: unknown): ListenArguments {
  return { at: pathOf(first), options: listenOptions(first, second, third) };
}

/** Options stand in the address, where that is an object, and behind it; the latter come first. */
function listenOptions(first: unknown, backlog: unknown, options: unknown): ListenOptions {
  const given = { ...inlineOptions(first), ...checkOptions(options) };
  return backlog === undefined ? given : { ...given, backlog: backlog as number };
}

function inlineOptions(first: unknown): Record<string, unknown> {
  const isObject = typeof first === 'object' && first !== null && !Array.isArray(first);
  return isObject ? checkOptions(first) : {};
}

function isPath(first: unknown): boolean {
  if (typeof first !== 'object' || first === null) return typeof first === 'string';
  return 'path' in first && first.path !== undefined;
}

function pathOf(first: unknown): string {
  if (!hasUnixSockets) throw unixUnsupported();
  const isObject = typeof first === 'object' && first !== null;
  return checkPath(isObject ? (first as { path?: unknown }).path : first);
}
