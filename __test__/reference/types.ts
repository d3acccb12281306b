import type { BlockList, LookupFunction } from 'node:net';
import type { LengthPrefix } from './length-prefix.ts';

export type ReadDelimiter =
  | null
  | string
  | ArrayBufferView
  | ArrayBufferLike
  | number
  | LengthPrefix
  | RegExp;
export type ReadEncoding = null | BufferEncoding;

/** What `onRead` and `onEnd` get: a Buffer, or a string where `readEncoding` is set. */
export type Data = Buffer | string;

/** What `write` takes. */
export type Writable = string | ArrayBufferView | ArrayBufferLike;

export interface Address {
  address: string;
  port: number;
  family: 'IPv4' | 'IPv6';
}

export interface CloseInfo {
  reason: 'close' | 'end' | 'error' | 'overflow' | 'timeout';
  error?: Error;
  unsentBytes: number;
}

export interface KeepAlive {
  idle?: number;
  interval?: number;
  count?: number;
}

export interface StreamOptions {
  readDelimiter?: ReadDelimiter;
  readEncoding?: ReadEncoding;
  bufferSize?: number;
  highWaterMark?: number;
  maxPendingBytes?: number;
  allowHalfOpen?: boolean;
  noDelay?: boolean;
  keepAlive?: boolean | KeepAlive;
  recvBufferSize?: number;
  sendBufferSize?: number;
  userTimeout?: number;
  typeOfService?: number;
  idleTimeout?: number;
  frameTimeout?: number;
  lingerTimeout?: number;
}

export interface ConnectOptions extends StreamOptions {
  connectTimeout?: number;
  localAddress?: string;
  localPort?: number;
  signal?: AbortSignal;
  lookup?: LookupFunction;
  /** As a number, or as an address says it: what `localAddr` gives back can be connected to. */
  family?: 0 | 4 | 6 | 'IPv4' | 'IPv6';
}

export interface ServerOptions extends StreamOptions {
  backlog?: number;
  ipv6Only?: boolean;
  reusePort?: boolean;
  /** Of a Unix socket's file. */
  mode?: number;
  maxConnections?: number;
  blockList?: BlockList;
}

export interface DatagramOptions {
  family?: 0 | 4 | 6 | 'IPv4' | 'IPv6' | 'unix';
  readDelimiter?: ReadDelimiter;
  readEncoding?: ReadEncoding;
  bufferSize?: number;
  maxSenders?: number;
  highWaterMark?: number;
  maxPendingBytes?: number;
  lingerTimeout?: number;
  reuseAddr?: boolean;
  reusePort?: boolean;
  ipv6Only?: boolean;
  broadcast?: boolean;
  recvBufferSize?: number;
  sendBufferSize?: number;
  lookup?: LookupFunction;
}

export type ReadyState =
  | 'idle'
  | 'opening'
  | 'open'
  | 'readOnly'
  | 'writeOnly'
  | 'listening'
  | 'closed';
