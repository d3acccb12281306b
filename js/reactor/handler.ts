/**
 * Who handles what the reactor tells of a native channel, and what it is told.
 *
 * Links do. They are above this room, so it knows them by this only.
 */

import type { Slab } from './slab.ts';
import type { Target } from './submission.ts';

/** @internal What the reactor has counted of a channel: by the places in wire's `Tally`. */
export type Tally = Readonly<ArrayLike<number>>;

/** @internal A kind of channel has those that its completions need; what it has not, it is not told. */
export interface Handler extends Target {
  /** How often `onRead` was called. */
  readonly frames: number;
  /** That of the server that has accepted it. */
  readonly server?: object | null;
  data?(chunk: Chunk): void;
  /** A frame outgrew the limit; the bytes are all that the reactor held. */
  outgrown?(slab: Slab, start: number, length: number): void;
  /** The peer has finished sending; the bytes are what no delimiter completed. */
  finished?(slab: Slab, start: number, length: number): void;
  /** The operating system has taken all, up to so many bytes or datagrams. */
  drained?(reached: number): void;
  /** `about`: its addresses and its peer, as bytes in a latin1 string. */
  connected?(fileno: number, about: string): void;
  /** `isProxied`: with what a proxy has said, as wire's `Flag.PROXIED` has it. */
  accepted?(socket: Target, fileno: number, about: string, isProxied: boolean): void;
  /** A proxy has not said whose its connection is; `why`: one of wire's `ProxyFault`. */
  proxyFailed?(why: number, about: string): void;
  acceptFailed?(errno: number): void;
  /** A connection was refused; `about`: its peer's address, as above. */
  dropped?(about: string): void;
  datagrams?(record: Datagrams): void;
  /** A datagram was not sent, or not received whole; or an earlier one has not arrived. */
  failed?(errno: number, syscall: number, length: number, about: string): void;
  /** The peer is set, and the socket has this address; or that has failed. */
  peerSet?(errno: number, about: string): void;
  /** The native channel is gone. */
  closed(end: NativeEnd): void;
  /** The reactor has died, and with it the native channel. */
  lost(error: Error): void;
  /** Closes the channel, as its user would. */
  close(): void;
}

/** @internal A chunk of a stream, as the reactor passes it on. */
export interface Chunk {
  /** The batch: it holds until the next one. */
  bytes: Buffer;
  /** Where what outlives it is kept. */
  slab: Slab;
  start: number;
  length: number;
  /** Under which epoch it was cut; 0: it was not. */
  epoch: number;
  /** Start and end of each frame, counted from the chunk's first byte, from `at` on. */
  words: Uint32Array;
  at: number;
  frames: number;
  ascii: boolean;
}

/** @internal A record of datagrams, as it comes. */
export interface Datagrams {
  /** The batch: it holds until the next one. */
  bytes: Buffer;
  /** Where what outlives it is kept. */
  slab: Slab;
  /** Where the senders' addresses begin, and behind them the datagrams. */
  start: number;
  words: Uint32Array;
  /** The words: of each sender the length of its address, then one for each datagram. */
  at: number;
  senders: number;
  count: number;
}

/** @internal Why a native channel has closed. */
export interface NativeEnd {
  /** One of wire's `Reason`. */
  readonly reason: number;
  readonly errno: number;
  readonly syscall: number;
  /** What became of each attempt, where it was a connect. */
  readonly detail: string;
  readonly tally: Tally;
}
