/** The arguments of `connect()` and `listen()`: where, and with which options. */

import { Family } from '../generated/wire.ts';
import type { ConnectCallOptions, ListenOptions, UnixListenOptions } from '../types.ts';
import { checkAddress, checkHost, checkPathOf, checkPort, type Destination } from './address.ts';
import { invalidType } from './errors.ts';
import { checkOptions, namesOf, splitAddress } from './option-names.ts';
import { isReadable } from './values.ts';

const inet = namesOf(Family.INET);
const unix = namesOf(Family.UNIX);

/** @internal */
export interface ConnectArguments {
  to: Destination;
  options: ConnectCallOptions;
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
  if (typeof first === 'number' && typeof second === 'string') {
    throw invalidType('options', 'an object (a host stands before its port)', second);
  }
  const { address, options } = splitAddress(first, inet.connectTo, inet.connect);
  const { host, port } = checkAddress(address, '');
  return connectToHost(host, port, { ...options, ...checkOptions(second, inet.connect) });
}

/** @internal `(host, port, options?)`. */
export function connectToHost(host: unknown, port: unknown, options: unknown): ConnectArguments {
  const to = { host: checkHost('host', host, '') || 'localhost', port: checkPort('port', port) };
  return { to, options: checkOptions(options, inet.connect) };
}

/** @internal `(path, options?)` or `{ path, …options }`. */
export function connectToPath(first: unknown, second: unknown): ConnectArguments {
  const { address, options } = splitAddress(first, unix.connectTo, unix.connect);
  return {
    to: checkPathOf(address),
    options: { ...options, ...checkOptions(second, unix.connect) },
  };
}

/** @internal `(address, backlog?, options?)` or the same with a path. */
export function listenAnywhere(first: unknown, second: unknown, third: unknown): ListenArguments {
  return isPath(first) ? listenAtPath(first, second, third) : listenAtAddress(first, second, third);
}

/** @internal `(address, backlog?, options?)`, or `{ …address, …options }`. */
export function listenAtAddress(first: unknown, second: unknown, third: unknown): ListenArguments {
  const { address, options } = splitAddress(first, inet.listenAt, inet.listen);
  const at = checkAddress(address, '');
  return { at, options: { ...options, ...listenOptions(second, third, inet.listen) } };
}

/** @internal `(port, host, backlog?, options?)`. */
export function listenAtPort(
  port: unknown,
  host: unknown,
  backlog: unknown,
  options: unknown,
): ListenArguments {
  const at = { host: checkHost('host', host, ''), port: checkPort('port', port) };
  return { at, options: listenOptions(backlog, options, inet.listen) };
}

/** @internal `(path, backlog?, options?)` or `{ path, …options }`. */
export function listenAtPath(first: unknown, second: unknown, third: unknown): ListenArguments {
  const { address, options } = splitAddress(first, unix.listenAt, unix.listen);
  const at = checkPathOf(address);
  return { at, options: { ...options, ...listenOptions(second, third, unix.listen) } };
}

/** Those behind the address. */
function listenOptions(backlog: unknown, options: unknown, names: object): ListenOptions {
  const given = checkOptions(options, names);
  return backlog === undefined ? given : { ...given, backlog: backlog as number };
}

function isPath(first: unknown): boolean {
  if (typeof first === 'string') return true;
  return isReadable(first) && 'path' in first && first.path !== undefined;
}
