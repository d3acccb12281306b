/** Options: checked, with defaults, before anything happens. */

import { isIP, type LookupFunction } from 'node:net';
import { isProxy } from 'node:util/types';

import { hasUnixSockets } from '../binding.ts';
import type {
  ConnectCallOptions,
  ListenOptions,
  SocketOptions,
  StreamCallOptions,
  UnixListenOptions,
} from '../types.ts';
import { checkBlockList } from './block-list.ts';
import { invalidType, invalidValue } from './errors.ts';
import { checkOptions, keepAliveNames } from './option-names.ts';
import { MAX_FRAME } from './read-delimiter.ts';
import { isReadable } from './values.ts';

/** How long a proxy's header may take where `frameTimeout` does not say. */
const PROXY_TIMEOUT = 5_000;
/** The longest time a timer takes. */
const MAX_TIME = 0x7fff_ffff;
/** The longest time of keep-alive that Linux takes. */
const MAX_PROBE_TIME = 32_767_000;

/** @internal What streams and datagram channels alike are to be. */
export interface FlowSettings {
  readonly bufferSize: number;
  readonly highWaterMark: number;
  readonly maxPendingBytes: number;
  readonly lingerTimeout: number;
}

/** @internal What a stream is to be. */
export interface StreamSettings extends FlowSettings {
  readonly allowHalfOpen: boolean;
  readonly idleTimeout: number;
  readonly frameTimeout: number;
}

/** @internal */
export const FLOW_DEFAULTS: FlowSettings = {
  bufferSize: 65_536,
  highWaterMark: 65_536,
  maxPendingBytes: 64 * 1024 * 1024,
  lingerTimeout: 5_000,
};

const DEFAULTS: StreamSettings = {
  ...FLOW_DEFAULTS,
  allowHalfOpen: false,
  idleTimeout: 0,
  frameTimeout: 0,
};

/** @internal An integer in a range; `undefined` where it is not given. */
export function optionalInteger(
  name: string,
  value: unknown,
  least: number,
  most: number,
): number | undefined {
  return value === undefined ? undefined : checkInteger(name, value, least, most);
}

/** @internal */
export function checkInteger(name: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalidValue(name, `an integer from ${least} to ${most}`, value);
}

/** @internal */
export function integer(
  name: string,
  value: unknown,
  least: number,
  most: number,
  fallback: number,
): number {
  return optionalInteger(name, value, least, most) ?? fallback;
}

/** @internal */
export function bool(name: string, value: unknown, fallback: boolean): boolean {
  return value === undefined ? fallback : checkBool(name, value);
}

/** @internal */
export function checkBool(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw invalidType(name, 'a boolean', value);
}

/** @internal Whether to send now. What stands here in other libraries is refused, not ignored. */
export function checkFlush(value: unknown, hint?: string): boolean {
  if (typeof value === 'boolean') return value;
  const why = hint ?? (typeof value === 'string' ? 'no encoding: give a Buffer' : undefined);
  const shown = typeof value === 'function' ? 'no callback: wait for onWrite' : why;
  throw invalidType('flush', shown === undefined ? 'a boolean' : `a boolean (${shown})`, value);
}

/** @internal Milliseconds; 0 is never. Rounded up, so that no timeout comes too early. */
export function time(name: string, value: unknown, fallback: number, most = MAX_TIME): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number') throw invalidType(name, 'a number of milliseconds', value);
  if (!(value >= 0 && value <= most)) {
    throw invalidValue(name, `from 0 to ${most} milliseconds`, value);
  }
  return Math.ceil(value);
}

/** @internal */
export function encodingOf(value: unknown): BufferEncoding | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string') throw invalidType('readEncoding', 'null or an encoding', value);
  if (!Buffer.isEncoding(value)) {
    throw invalidValue('readEncoding', "an encoding that Buffer knows, such as 'utf8'", value);
  }
  const name = value.toLowerCase();
  return ENCODINGS[name] ?? (name as BufferEncoding);
}

/** Other names of theirs. */
const ENCODINGS: Readonly<Record<string, BufferEncoding>> = {
  'utf-8': 'utf8',
  'utf-16le': 'utf16le',
  ucs2: 'utf16le',
  'ucs-2': 'utf16le',
  binary: 'latin1',
};

/** @internal A descriptor; `undefined` where none is given. */
export function checkDescriptor(value: unknown): number | undefined {
  const fd = optionalInteger('fd', value, 0, 0x7fff_ffff);
  if (fd !== undefined && !hasUnixSockets) {
    throw invalidValue('fd', `left out on ${process.platform}: sockets have none there`, fd);
  }
  return fd;
}

/** @internal */
export function checkSignal(value: unknown): AbortSignal | undefined {
  if (value === undefined) return undefined;
  if (isProxy(value) || !(value instanceof AbortSignal))
    throw invalidType('signal', 'an AbortSignal', value);
  return value;
}

/** @internal What is not given stays as in `base`. */
export function flowSettings(
  options: Partial<Record<keyof FlowSettings, unknown>>,
  base: FlowSettings,
): FlowSettings {
  const size = (name: 'highWaterMark' | 'maxPendingBytes') =>
    integer(name, options[name], 0, Number.MAX_SAFE_INTEGER, base[name]);
  return {
    bufferSize: integer('bufferSize', options.bufferSize, 1, MAX_FRAME, base.bufferSize),
    highWaterMark: size('highWaterMark'),
    maxPendingBytes: size('maxPendingBytes'),
    lingerTimeout: time('lingerTimeout', options.lingerTimeout, base.lingerTimeout),
  };
}

/** @internal The settings of a stream; what is not given stays as in `base`. */
export function streamSettings(
  options: StreamCallOptions,
  base: StreamSettings = DEFAULTS,
): StreamSettings {
  return {
    ...flowSettings(options, base),
    allowHalfOpen: bool('allowHalfOpen', options.allowHalfOpen, base.allowHalfOpen),
    idleTimeout: time('idleTimeout', options.idleTimeout, base.idleTimeout),
    frameTimeout: time('frameTimeout', options.frameTimeout, base.frameTimeout),
  };
}

/** @internal The native form of a socket's options. */
export interface NativeSocketOptions {
  noDelay: boolean;
  keepAlive: boolean;
  keepAliveIdle?: number;
  keepAliveInterval?: number;
  keepAliveCount?: number;
  recvBufferSize?: number;
  sendBufferSize?: number;
  userTimeout?: number;
  typeOfService?: number;
}

/** @internal */
export function socketOptions(options: SocketOptions): NativeSocketOptions {
  const native: NativeSocketOptions = {
    noDelay: bool('noDelay', options.noDelay, true),
    keepAlive: false,
  };
  const given: unknown = options.keepAlive;
  if (isReadable(given)) {
    const probes = checkOptions(given, keepAliveNames);
    native.keepAlive = true;
    assign(native, 'keepAliveIdle', probeTime('keepAlive.idle', probes['idle']));
    assign(native, 'keepAliveInterval', probeTime('keepAlive.interval', probes['interval']));
    assign(native, 'keepAliveCount', optionalInteger('keepAlive.count', probes['count'], 1, 127));
  } else {
    native.keepAlive = bool('keepAlive', given, false);
  }
  const buffer = (name: 'recvBufferSize' | 'sendBufferSize') =>
    assign(native, name, optionalInteger(name, options[name], 1, MAX_FRAME));
  buffer('recvBufferSize');
  buffer('sendBufferSize');
  const userTimeout = time('userTimeout', options.userTimeout, 0);
  if (userTimeout > 0) native.userTimeout = userTimeout;
  assign(native, 'typeOfService', optionalInteger('typeOfService', options.typeOfService, 0, 255));
  return native;
}

/** Whole seconds, which is what systems count in, as milliseconds; 0 is the system's default. */
function probeTime(name: string, value: unknown): number | undefined {
  const ms = time(name, value, 0, MAX_PROBE_TIME);
  return ms === 0 ? undefined : 1_000 * Math.ceil(ms / 1_000);
}

function assign<T, K extends keyof T>(target: T, name: K, value: T[K] | undefined): void {
  if (value !== undefined) target[name] = value;
}

/** @internal As numbers, or as `localAddr` names them. */
export function checkFamily(value: unknown, more = " or 'IPv6'"): 0 | 4 | 6 {
  switch (value) {
    case 0:
      return 0;
    case 4:
    case 'IPv4':
      return 4;
    case 6:
    case 'IPv6':
      return 6;
    default:
      throw invalidValue('family', `0, 4, 6, 'IPv4'${more}`, value);
  }
}

/** @internal The user's own, instead of `dns.lookup`. */
export function checkLookup(value: LookupFunction | undefined): LookupFunction | undefined {
  if (value === undefined || typeof value === 'function') return value;
  throw invalidType('lookup', 'a function', value);
}

/** @internal What a connect needs beyond the stream's settings. */
export interface ConnectSettings {
  readonly socket: NativeSocketOptions;
  readonly connectTimeout: number;
  readonly signal: AbortSignal | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly family: 0 | 4 | 6;
  readonly lookup: LookupFunction | undefined;
}

/** @internal */
export function connectSettings(options: ConnectCallOptions): ConnectSettings {
  const { localAddress, family } = options;
  if (localAddress !== undefined && typeof localAddress !== 'string') {
    throw invalidType('localAddress', 'a string', localAddress);
  }
  if (localAddress !== undefined && isIP(localAddress.split('%', 1)[0] ?? '') === 0) {
    throw invalidValue('localAddress', 'an IP address', localAddress);
  }
  const lookup = checkLookup(options.lookup);
  return {
    socket: socketOptions(options),
    connectTimeout: time('connectTimeout', options.connectTimeout, 0),
    signal: checkSignal(options.signal),
    localAddress,
    localPort: optionalInteger('localPort', options.localPort, 0, 65_535),
    family: family === undefined ? 0 : checkFamily(family),
    lookup,
  };
}

function checkProxyProtocol(value: unknown): boolean | 'optional' {
  if (value === 'optional') return value;
  if (typeof value === 'string') {
    throw invalidValue('proxyProtocol', "true, false or 'optional'", value);
  }
  return bool('proxyProtocol', value, false);
}

/** @internal */
export interface ListenSettings {
  readonly backlog: number;
  readonly ipv6Only: boolean;
  readonly reusePort: boolean;
  readonly mode: number | undefined;
  readonly maxConnections: number | undefined;
  readonly blocked: Uint8Array | undefined;
  readonly proxyProtocol: boolean | 'optional';
  /** How long a proxy's header may take. */
  readonly proxyTimeout: number;
  readonly signal: AbortSignal | undefined;
}

/** @internal */
export function listenSettings(options: ListenOptions & UnixListenOptions): ListenSettings {
  const most = optionalInteger('maxConnections', options.maxConnections, 0, MAX_FRAME);
  return {
    backlog: integer('backlog', options.backlog, 0, MAX_FRAME, 1024),
    ipv6Only: bool('ipv6Only', options.ipv6Only, false),
    reusePort: bool('reusePort', options.reusePort, false),
    mode: optionalInteger('mode', options.mode, 0, 0o777),
    maxConnections: most,
    blocked: checkBlockList(options.blockList),
    proxyProtocol: checkProxyProtocol(options.proxyProtocol),
    proxyTimeout: time('frameTimeout', options.frameTimeout, 0) || PROXY_TIMEOUT,
    signal: checkSignal(options.signal),
  };
}
