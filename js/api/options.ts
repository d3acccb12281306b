/** The options that name an engine: constructors take them. */

import type {
  ConnectCallOptions,
  DatagramCallOptions,
  StreamCallOptions,
  UnixConnectCallOptions,
} from '../types.ts';
import type { Engine } from './engine.ts';

/** Options of a stream, by constructor or by call. Sizes are bytes, times milliseconds. */
export interface StreamOptions extends StreamCallOptions {
  /** Default: this thread's engine. Only for constructors. */
  engine?: Engine | undefined;
}

/** Options of `connect()`. */
export interface ConnectOptions extends StreamOptions, ConnectCallOptions {}

/** Options of `UnixClient.connect()`. */
export interface UnixConnectOptions extends StreamOptions, UnixConnectCallOptions {}

/** Options of a datagram channel, by constructor or by call. Sizes are bytes, times milliseconds. */
export interface DatagramOptions extends DatagramCallOptions {
  /** Default: this thread's engine. Only for the constructor. */
  engine?: Engine | undefined;
}
