/** A datagram channel's options: checked, with defaults, before anything happens. */

import type { LookupFunction } from 'node:net';

import type { NativeBinding } from '../binding.ts';
import type { DatagramOptions } from '../types.ts';
import { invalidType, invalidValue } from './errors.ts';
import { bool, checkBufferSize, checkSignal, integer, optionalInteger, time } from './options.ts';
import { MAX_FRAME } from './read-delimiter.ts';

type Native = Parameters<NativeBinding['bindDatagram']>[3];

/** @internal What a datagram channel is to be. */
export interface DatagramSettings {
  readonly bufferSize: number;
  readonly highWaterMark: number;
  readonly maxPendingBytes: number;
  readonly lingerTimeout: number;
  readonly maxSenders: number;
  readonly family: 0 | 4 | 6 | 'unix';
  readonly native: Native;
  readonly lookup: LookupFunction | undefined;
  readonly signal: AbortSignal | undefined;
}

const DEFAULTS: DatagramSettings = {
  bufferSize: 65_536,
  highWaterMark: 65_536,
  maxPendingBytes: 64 * 1024 * 1024,
  lingerTimeout: 5_000,
  maxSenders: 1024,
  family: 0,
  native: { family: 0, reuseAddr: false, reusePort: false, ipv6Only: false, broadcast: false },
  lookup: undefined,
  signal: undefined,
};

/** @internal The settings; what is not given stays as in `base`. */
export function datagramSettings(
  options: DatagramOptions,
  base: DatagramSettings = DEFAULTS,
): DatagramSettings {
  const size = (name: 'highWaterMark' | 'maxPendingBytes') =>
    integer(name, options[name], 0, Number.MAX_SAFE_INTEGER, base[name]);
  const { bufferSize, lookup } = options;
  if (lookup !== undefined && typeof lookup !== 'function') {
    throw invalidType('lookup', 'a function', lookup);
  }
  const family = options.family === undefined ? base.family : checkFamily(options.family);
  return {
    bufferSize: bufferSize === undefined ? base.bufferSize : checkBufferSize(bufferSize),
    highWaterMark: size('highWaterMark'),
    maxPendingBytes: size('maxPendingBytes'),
    lingerTimeout: time('lingerTimeout', options.lingerTimeout, base.lingerTimeout),
    maxSenders: integer('maxSenders', options.maxSenders, 1, MAX_FRAME, base.maxSenders),
    family,
    native: nativeOptions(options, base.native, family === 'unix' ? 0 : family),
    lookup: lookup ?? base.lookup,
    signal: checkSignal(options.signal) ?? base.signal,
  };
}

function nativeOptions(options: DatagramOptions, base: Native, family: number): Native {
  const flag = (name: 'reuseAddr' | 'reusePort' | 'ipv6Only' | 'broadcast') =>
    bool(name, options[name], base[name]);
  const native: Native = {
    ...base,
    family,
    reuseAddr: flag('reuseAddr'),
    reusePort: flag('reusePort'),
    ipv6Only: flag('ipv6Only'),
    broadcast: flag('broadcast'),
  };
  const mode = optionalInteger('mode', options.mode, 0, 0o777);
  if (mode !== undefined) native.mode = mode;
  for (const name of ['recvBufferSize', 'sendBufferSize'] as const) {
    const bytes = optionalInteger(name, options[name], 1, MAX_FRAME);
    if (bytes !== undefined) native[name] = bytes;
  }
  return native;
}

/** As numbers, or as `localAddr` names them. */
function checkFamily(value: unknown): DatagramSettings['family'] {
  switch (value) {
    case 0:
      return 0;
    case 4:
    case 'IPv4':
      return 4;
    case 6:
    case 'IPv6':
      return 6;
    case 'unix':
      return 'unix';
    default:
      throw invalidValue('family', "0, 4, 6, 'IPv4', 'IPv6' or 'unix'", value);
  }
}
