/** What the methods of a datagram channel take, beside its options. */

import { hasUnixSockets } from '../binding.ts';
import type { DatagramCallOptions } from '../types.ts';
import { checkAddress, checkHost, checkPathOf, type HostPort } from './address.ts';
import type { DatagramSettings } from './datagram-options.ts';
import { Endpoint, type Endpoints } from './endpoint.ts';
import { invalidType, invalidValue, unixUnsupported } from './errors.ts';
import { checkOptions, datagramNames, splitAddress } from './option-names.ts';
import { checkBool, checkInteger } from './options.ts';
import { MAX_FRAME } from './read-delimiter.ts';

type Family = DatagramSettings['family'];

const MAX_PATH = 16_384;

/** @internal Of `listen()`: the address, and the options that stand in it or behind it. */
export function listenArguments(
  first: unknown,
  second: unknown,
  known: Family,
): { address: unknown; options: DatagramCallOptions } {
  const { listen, listenAt } = datagramNames;
  const { address, options: inline } = splitAddress(first, listenAt, listen);
  const { family, ...options } = { ...inline, ...checkOptions(second, listen) };
  // An address that `localAddr` has given names its own family.
  const isOption = family !== undefined && known === 0;
  return { address, options: isOption ? { ...options, family: family as 4 } : options };
}

/** @internal Where to bind. */
export function localAddress(first: unknown, host: unknown, family: Family): HostPort {
  if (family === 'unix') {
    if (!hasUnixSockets) throw unixUnsupported();
    return { host: first === undefined ? '' : pathOf(first), port: 0 };
  }
  if (first === undefined || first === null) return { host: '', port: 0 };
  const at = checkAddress(first, '');
  return host === undefined ? at : { host: checkHost('host', host, at.host), port: at.port };
}

/** @internal Where to send: an address, or a name that is to be looked up. */
export function destinationOf(
  given: unknown,
  family: Family,
  endpoints: Endpoints,
): Endpoint | HostPort {
  if (family === 'unix') return endpoints.ofPath(pathOf(given));
  const known = Endpoint.ofAddress(given);
  if (known !== undefined) return known;
  const loopback = family === 6 ? '::1' : '127.0.0.1';
  const { host, port } = checkAddress(given, loopback, 1);
  const named = host === '' ? loopback : host;
  return endpoints.ofLiteral(named, port) ?? { host: named, port };
}

function pathOf(given: unknown): string {
  const path = checkPathOf(given);
  // Its length crosses as 16 bits; no system takes as much.
  if (path.length > MAX_PATH) throw invalidValue('path', `at most ${MAX_PATH} characters`, path);
  return path;
}

/** @internal As the addon takes it. */
export function flag(name: string, value: unknown): number {
  return checkBool(name, value) ? 1 : 0;
}

/** @internal */
export function count(name: string, value: unknown): number {
  return checkInteger(name, value, 0, MAX_FRAME);
}

/** @internal */
export function text(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw invalidType(name, 'a string', value);
}
