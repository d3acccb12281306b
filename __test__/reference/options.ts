import { BlockList, isIP } from 'node:net';
import { isProxy } from 'node:util/types';

import { badPort, typeError, valueError } from './errors.ts';
import { checkNames, names } from './names.ts';
import { checkEncoding, parseDelimiter } from './read-delimiter.ts';
import type { ConnectOptions, DatagramOptions, ServerOptions, StreamOptions } from './types.ts';
import { isReadable } from './values.ts';

/** Checks everything and changes nothing, so that a call with one bad option does nothing at all. */
export function checkStreamOptions(options: StreamOptions): void {
  checkObject(options);
  if (options.readDelimiter !== undefined) parseDelimiter(options.readDelimiter);
  if (options.readEncoding !== undefined) checkEncoding(options.readEncoding);
  checkInteger(options, 'bufferSize', 1);
  checkInteger(options, 'highWaterMark', 0);
  checkInteger(options, 'maxPendingBytes', 0);
  checkBoolean(options, 'allowHalfOpen');
  checkBoolean(options, 'noDelay');
  const { keepAlive } = options;
  if (typeof keepAlive !== 'object') checkBoolean(options, 'keepAlive');
  else checkNames(keepAlive, names.keepAlive);
  checkInteger(options, 'recvBufferSize', 1);
  checkInteger(options, 'sendBufferSize', 1);
  checkMilliseconds(options, 'userTimeout');
  checkInteger(options, 'typeOfService', 0);
  if ((options.typeOfService ?? 0) > 255) {
    throw valueError('typeOfService', 'at most 255', options.typeOfService);
  }
  checkMilliseconds(options, 'idleTimeout');
  checkMilliseconds(options, 'frameTimeout');
  checkMilliseconds(options, 'lingerTimeout');
}

export function checkConnectOptions(options: ConnectOptions): void {
  checkStreamOptions(options);
  checkMilliseconds(options, 'connectTimeout');
  const { localAddress, localPort, signal, lookup, family } = options;
  if (localAddress !== undefined) {
    if (typeof localAddress !== 'string') throw typeError('localAddress', 'a string', localAddress);
    if (isIP(localAddress) === 0) throw valueError('localAddress', 'an IP address', localAddress);
  }
  if (localPort !== undefined) checkPort('localPort', localPort);
  if (signal !== undefined && (isProxy(signal) || !(signal instanceof AbortSignal))) {
    throw typeError('signal', 'an AbortSignal', signal);
  }
  if (lookup !== undefined && typeof lookup !== 'function') {
    throw typeError('lookup', 'a function', lookup);
  }
  if (family !== undefined) {
    if (typeof family !== 'number' && typeof family !== 'string') {
      throw typeError('family', 'a number or a string', family);
    }
    if (![0, 4, 6, 'IPv4', 'IPv6'].includes(family)) {
      throw valueError('family', "0, 4, 6, 'IPv4' or 'IPv6'", family);
    }
  }
}

export function checkServerOptions(options: ServerOptions): void {
  checkStreamOptions(options);
  checkInteger(options, 'backlog', 1);
  checkInteger(options, 'maxConnections', 0);
  checkBoolean(options, 'ipv6Only');
  checkBoolean(options, 'reusePort');
  if (options.blockList !== undefined) checkBlockList(options.blockList);
  checkInteger(options, 'mode', 0);
  if ((options.mode ?? 0) > 0o777) throw valueError('mode', 'at most 0o777', options.mode);
}

export function checkBlockList(blockList: unknown): void {
  if (blockList === null || blockList instanceof BlockList) return;
  throw typeError('blockList', 'a BlockList or null', blockList);
}

export function checkDatagramOptions(options: DatagramOptions): void {
  checkObject(options);
  const { readDelimiter, readEncoding, lookup, family } = options;
  if (readDelimiter !== undefined) parseDelimiter(readDelimiter);
  if (readEncoding !== undefined) checkEncoding(readEncoding);
  for (const name of ['bufferSize', 'maxSenders', 'recvBufferSize', 'sendBufferSize'] as const) {
    checkInteger(options, name, 1);
  }
  checkInteger(options, 'highWaterMark', 0);
  checkInteger(options, 'maxPendingBytes', 0);
  checkMilliseconds(options, 'lingerTimeout');
  for (const name of ['reuseAddr', 'reusePort', 'ipv6Only', 'broadcast'] as const) {
    checkBoolean(options, name);
  }
  if (lookup !== undefined && typeof lookup !== 'function') {
    throw typeError('lookup', 'a function', lookup);
  }
  if (family !== undefined && ![0, 4, 6, 'IPv4', 'IPv6', 'unix'].includes(family)) {
    throw valueError('family', "0, 4, 6, 'IPv4', 'IPv6' or 'unix'", family);
  }
}

export interface Endpoint {
  host: string;
  port: number;
}

/** Reads any form in which an address can be given. */
export function parseAddress(address: unknown, defaultHost: string, leastPort = 0): Endpoint {
  if (typeof address === 'number') return endpoint(defaultHost, address, leastPort);
  if (!isReadable(address)) {
    throw typeError('address', 'a port, [host, port] or { host, port }', address);
  }
  if (Array.isArray(address)) {
    if (address.length !== 2) throw valueError('address', '[host, port]', address);
    return endpoint(address[0], address[1], leastPort);
  }
  const { host, address: ip, port } = address as { host?: string; address?: string; port: number };
  return endpoint(host ?? ip ?? defaultHost, port, leastPort);
}

export function endpoint(host: unknown, port: unknown, leastPort = 0): Endpoint {
  if (typeof host !== 'string') throw typeError('host', 'a string', host);
  if (host.includes('\0')) throw valueError('host', 'without null bytes', host);
  return { host: plainHost(host), port: checkPort('port', port, leastPort) };
}

/** An IPv4 address that is written as an IPv6 one, in its own form; anything else as it is. */
export function plainHost(host: string): string {
  const [, dotted, high = '', low = ''] =
    /^::ffff:(?:(\d+\.\d+\.\d+\.\d+)|([\da-f]{1,4}):([\da-f]{1,4}))$/i.exec(host) ?? [];
  if (dotted !== undefined) return dotted;
  if (low === '') return host;
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join('.');
}

function checkPort(name: string, port: unknown, least = 0): number {
  if (typeof port !== 'number') throw typeError(name, 'a number', port);
  if (!Number.isInteger(port) || port < least || port > 65_535) {
    throw badPort(name, port, least);
  }
  return port;
}

export function checkFlush(flush: unknown, hint = 'there is no encoding'): boolean {
  if (typeof flush === 'boolean') return flush;
  const why = typeof flush === 'function' ? 'there is no callback: wait for onWrite' : hint;
  throw typeError('flush', `a boolean (${why})`, flush);
}

export function checkObject(options: object): void {
  if (!isReadable(options)) throw typeError('options', 'an object', options);
}

function checkInteger<T>(options: T, name: string & keyof T, least: number): void {
  const value: unknown = options[name];
  if (value === undefined) return;
  if (typeof value !== 'number') throw typeError(name, 'a number', value);
  if (!Number.isSafeInteger(value) || value < least) {
    throw valueError(name, `an integer of at least ${least}`, value);
  }
}

export function checkMilliseconds<T>(options: T, name: string & keyof T): void {
  const value: unknown = options[name];
  if (value === undefined) return;
  if (typeof value !== 'number') throw typeError(name, 'a number', value);
  if (!Number.isFinite(value) || value < 0) throw valueError(name, 'at least 0', value);
}

function checkBoolean<T>(options: T, name: string & keyof T): void {
  const value: unknown = options[name];
  if (value !== undefined && typeof value !== 'boolean') throw typeError(name, 'a boolean', value);
}
