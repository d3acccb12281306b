/** Addresses: as users give them, as the native part gives them. */

import { hasUnixSockets } from '../binding.ts';
import { ADDRESS_BYTES, Family, UNIX_ADDRESS_BYTES } from '../generated/wire.ts';
import type { Address, PeerCredentials, ProxyInfo } from '../types.ts';
import { badPort, invalidType, invalidValue, unixUnsupported } from './errors.ts';
import { isReadable } from './values.ts';

/** @internal A host and a port, checked. */
export interface HostPort {
  host: string;
  port: number;
}

/** @internal Where to connect to or to listen: a host and a port, or a path. */
export type Destination = HostPort | string;

/** @internal The port, or `ERR_SOCKET_BAD_PORT`: never truncated, never converted. */
export function checkPort(name: string, value: unknown, least = 0): number {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value);
  if (!Number.isInteger(value) || value < least || value > 65535) {
    throw badPort(name, value, least);
  }
  return value;
}

/** @internal The host; absent is `fallback`. */
export function checkHost(name: string, value: unknown, fallback: string): string {
  if (value === undefined || value === null) return fallback;
  if (typeof value !== 'string') throw invalidType(name, 'a string', value);
  if (value.includes('\0')) throw invalidValue(name, 'a string without NUL', value);
  return value;
}

/** @internal A path, or `{ path }`. @throws `ERR_UNIX_UNSUPPORTED` where there are no such sockets */
export function checkPathOf(address: unknown): string {
  if (!hasUnixSockets) throw unixUnsupported();
  const isNamed = isReadable(address) && 'path' in address;
  return checkPath(isNamed ? address.path : address);
}

/** A path, or a name in Linux's abstract namespace, which may hold any character. */
function checkPath(value: unknown): string {
  if (typeof value !== 'string') throw invalidType('path', 'a string', value);
  if (value === '') throw invalidValue('path', 'a string that is not empty', value);
  const { platform } = process;
  const isAbstract = value.startsWith('\0') && (platform === 'linux' || platform === 'android');
  if (value.includes('\0') && !isAbstract) {
    throw invalidValue('path', "without NUL, but for the first of Linux's abstract names", value);
  }
  return value;
}

/** @internal The arguments `(host, port)`, `(port)`, `([host, port])` or `({ … })`. */
export function checkAddress(first: unknown, fallback: string, leastPort = 0): HostPort {
  const portOf = (value: unknown) => checkPort('port', value, leastPort);
  if (typeof first === 'number') return { host: fallback, port: portOf(first) };
  if (!isReadable(first)) {
    throw invalidType('address', 'a port, [host, port] or { host, port }', first);
  }
  if (Array.isArray(first)) {
    if (first.length !== 2) throw invalidValue('address', '[host, port]', first);
    return { host: checkHost('host', first[0], fallback), port: portOf(first[1]) };
  }
  const { host, address, port } = first as { host?: unknown; address?: unknown; port?: unknown };
  return { host: checkHost('host', host ?? address, fallback), port: portOf(port) };
}

/** @internal How many bytes an address takes that begins at a character of a latin1 string. */
export function addressBytes(bytes: string, from: number): number {
  const family = bytes.charCodeAt(from);
  if (family === Family.INET || family === Family.INET6) return ADDRESS_BYTES;
  return UNIX_ADDRESS_BYTES + ((bytes.charCodeAt(from + 2) << 8) | bytes.charCodeAt(from + 3));
}

/** @internal An address out of bytes that stand in a latin1 string; null where there is none. */
export function decodeAddress(bytes: string, from: number): Address | string | null {
  const byte = (at: number) => bytes.charCodeAt(from + at);
  const family = byte(0);
  if (!(bytes.length >= from + addressBytes(bytes, from))) return null;
  if (family === Family.NONE) return null;
  if (family === Family.UNIX) {
    const path = bytes.slice(from + UNIX_ADDRESS_BYTES, from + addressBytes(bytes, from));
    return Buffer.from(path, 'latin1').toString();
  }
  const port = (byte(2) << 8) | byte(3);
  if (family === Family.INET) {
    return { address: `${byte(4)}.${byte(5)}.${byte(6)}.${byte(7)}`, port, family: 'IPv4' };
  }
  const groups: number[] = [];
  for (let at = 4; at < 20; at += 2) groups.push((byte(at) << 8) | byte(at + 1));
  const scope = (byte(20) | (byte(21) << 8) | (byte(22) << 16) | (byte(23) << 24)) >>> 0;
  const zone = scope === 0 ? '' : `%${scope}`;
  return { address: formatIPv6(groups) + zone, port, family: 'IPv6' };
}

/** @internal Who is at the other end, out of bytes of a latin1 string; null where they end. */
export function decodeCredentials(bytes: string, from: number): PeerCredentials | null {
  if (bytes.length < from + 12) return null;
  const number = (at: number) => Buffer.from(bytes.slice(at, at + 4), 'latin1').readUInt32LE();
  return { pid: number(from) || null, uid: number(from + 4), gid: number(from + 8) };
}

/** @internal Where what a proxy has said ends; see wire's `Flag.PROXIED`. */
export function proxyEnd(bytes: string, from: number): number {
  const proxy = proxyAt(bytes, from);
  return proxy + addressBytes(bytes, proxy);
}

/** Behind version, command and TLVs: where the proxy's address begins. */
function proxyAt(bytes: string, from: number): number {
  return from + 4 + ((bytes.charCodeAt(from + 2) << 8) | bytes.charCodeAt(from + 3));
}

/** @internal What a proxy has said, out of bytes of a latin1 string. */
export function decodeProxy(bytes: string, from: number): ProxyInfo {
  const at = proxyAt(bytes, from);
  const all = Buffer.from(bytes.slice(from + 4, at), 'latin1');
  const tlvs: ProxyInfo['tlvs'] = [];
  for (let next = 0; next < all.length; ) {
    const value = next + 3;
    const end = value + all.readUInt16BE(next + 1);
    tlvs.push({ type: all[next] as number, value: all.subarray(value, end) });
    next = end;
  }
  const version = bytes.charCodeAt(from) as 1 | 2;
  const command = bytes.charCodeAt(from + 1) === 0 ? 'PROXY' : 'LOCAL';
  const peer = decodeAddress(bytes, at);
  const isPath = typeof peer === 'string' || peer === null;
  const { address, port } = isPath ? { address: peer, port: null } : peer;
  return { version, command, tlvs, address, port };
}

/** RFC 5952: lower case, the longest run of zeros shortened. IPv4 comes in its own form. */
function formatIPv6(groups: number[]): string {
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at += 1) {
    let length = 0;
    while (at + length < 8 && groups[at + length] === 0) length += 1;
    if (length > best.length) best = { at, length };
  }
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(':');
  if (best.at < 0) return hex(groups);
  return `${hex(groups.slice(0, best.at))}::${hex(groups.slice(best.at + best.length))}`;
}
