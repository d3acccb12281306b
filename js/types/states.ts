// How far a channel is, and how it has ended.

/**
 * - `'idle'`: neither `connect()` nor `listen()` was called
 * - `'opening'`: connecting
 * - `'open'`: both ways
 * - `'readOnly'`: this side has finished sending
 * - `'writeOnly'`: the peer has finished sending
 * - `'listening'`: a server that accepts, a datagram channel that is bound
 * - `'closed'`
 */
export type ReadyState =
  | 'idle'
  | 'opening'
  | 'open'
  | 'readOnly'
  | 'writeOnly'
  | 'listening'
  | 'closed';

/**
 * Why a channel has closed:
 *
 * - `'close'`: this side called `close()`
 * - `'end'`: in order; `end()` has finished, or the peer has and nothing was left to send
 * - `'error'`: the connect or the socket failed
 * - `'overflow'`: a frame outgrew `bufferSize`, or what was pending `maxPendingBytes`
 * - `'timeout'`: `idleTimeout`, `frameTimeout` or, after `end()`, `lingerTimeout`
 */
export type CloseReason = 'close' | 'end' | 'error' | 'overflow' | 'timeout';

/** What `onClose` is told. */
export interface CloseInfo {
  reason: CloseReason;
  /** There for `'error'`, `'overflow'` and `'timeout'`. */
  error?: Error & { code?: string };
  /**
   * Bytes that `write()` and `writeFile()` had accepted and that never reached the operating system.
   */
  unsentBytes: number;
}
