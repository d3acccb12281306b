/** A datagram channel's options: checked, with defaults, before anything happens. */

import type { LookupFunction } from 'node:net';

import type { NativeBinding } from '../binding.ts';
import type { DatagramCallOptions } from '../types.ts';
import {
  bool,
  checkFamily,
  checkLookup,
  checkSignal,
  FLOW_DEFAULTS,
  type FlowSettings,
  flowSettings,
  integer,
  optionalInteger,
} from './options.ts';
import { MAX_FRAME } from './read-delimiter.ts';

type Native = Parameters<NativeBinding['bindDatagram']>[3];

/** @internal What a datagram channel is to be. */
export interface DatagramSettings extends FlowSettings {
  readonly maxSenders: number;
  readonly family: 0 | 4 | 6 | 'unix';
  readonly native: Native;
  readonly lookup: LookupFunction | undefined;
  readonly signal: AbortSignal | undefined;
}

const DEFAULTS: DatagramSettings = {
  ...FLOW_DEFAULTS,
  maxSenders: 1024,
  family: 0,
  native: { family: 0, reuseAddr: false, reusePort: false, ipv6Only: false, broadcast: false },
  lookup: undefined,
  signal: undefined,
};

/** @internal The settings; what is not given stays as in `base`. */
export function datagramSettings(
  options: DatagramCallOptions,
  base: DatagramSettings = DEFAULTS,
): DatagramSettings {
  const lookup = checkLookup(options.lookup);
  const family = options.family === undefined ? base.family : familyOf(options.family);
  return {
    ...flowSettings(options, base),
    maxSenders: integer('maxSenders', options.maxSenders, 1, MAX_FRAME, base.maxSenders),
    family,
    native: nativeOptions(options, base.native, family === 'unix' ? 0 : family),
    lookup: lookup ?? base.lookup,
    signal: checkSignal(options.signal) ?? base.signal,
  };
}

function nativeOptions(options: DatagramCallOptions, base: Native, family: number): Native {
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

function familyOf(value: unknown): DatagramSettings['family'] {
  return value === 'unix' ? 'unix' : checkFamily(value, ", 'IPv6' or 'unix'");
}
