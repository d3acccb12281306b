// Counters of channels and engines.

/** Counters of a stream since it began. */
export interface StreamStats {
  /** Bytes received from the operating system. */
  bytesRead: number;
  /** Bytes accepted by `write()` and `writeFile()`. */
  bytesWritten: number;
  /** Of those, bytes that the operating system has not taken yet. */
  pendingBytes: number;
  /**
   * Bytes that `write()` and `writeFile()` have dropped, and returned false: written after the
   * channel had ended by no wish of this side, or past `maxPendingBytes`. A refused file counts its
   * `nbytes`: it is not opened to learn its size.
   */
  refusedBytes: number;
  /**
   * Bytes that the reactor has taken from the operating system, and `onRead` was not given yet:
   * they wait for a delimiter, for `resume()`, or for this thread.
   */
  waitingBytes: number;
  /** How often `onRead` was called, if it is overridden: frames, or pieces without a delimiter. */
  frames: number;
  /** System calls that read bytes of this channel. */
  reads: number;
  /** System calls that sent bytes of this channel. */
  writes: number;
}

/** Counters of a `Datagram` since it began. */
export interface DatagramStats extends StreamStats {
  /** Datagrams that arrived and were lost; see `Datagram`'s `drops`. */
  drops: number;
}

/** Counters of a server since it began. */
export interface ServerStats {
  /** Connections accepted. */
  accepted: number;
  /** Connections refused by `maxConnections` or by `blockList`. */
  refused: number;
  /** Connections closed because their proxy's header was missing, malformed or late. */
  badProxyHeaders: number;
  /** Connections that are open. */
  connections: number;
}

/** Counters of an engine since it began: of all its channels, also of those that have closed. */
export interface EngineStats {
  /** Rounds of the reactor's loop. */
  turns: number;
  /** Times the reactor woke the JS thread. */
  rings: number;
  /** Connections accepted. */
  accepted: number;
  /** Connections refused by `maxConnections` or by `blockList`. */
  refused: number;
  bytesRead: number;
  bytesWritten: number;
  /** How often `onRead` was called. */
  frames: number;
  /** System calls that read. */
  reads: number;
  /** System calls that wrote. */
  writes: number;
  /** Datagrams that arrived and were lost; see `Datagram`'s `drops`. */
  drops: number;
  /** Open sockets. */
  channels: number;
  /** Batches of completions that wait for the JS thread. */
  queuedBatches: number;
  /** Batches of submissions that wait for the reactor. */
  queuedSubmissions: number;
  /** Bytes of memory kept for large writes; given back where it is not needed for a second. */
  spareBytes: number;
  /** Who drives the reactor just now: its thread, or the event loop of the JS thread. */
  driver: 'thread' | 'loop';
  /** How often the event loop has taken over from the thread; see {@link EngineOptions.driver}. */
  handOvers: number;
}
