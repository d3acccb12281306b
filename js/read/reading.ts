/** The reading half of a channel, on the JS side, as far as streams and datagrams are alike. */

/** @internal */
export interface Reading {
  readonly encoding: BufferEncoding | null;
  /** Bytes that the reactor has passed on. */
  readonly passedOn: number;
  /** How many of them are held. */
  readonly length: number;
  /** So much is held that the peer is to be held back. */
  readonly isFull: boolean;
  deliverHeld(): void;
  /** Something has changed that a loop over frames must look at. */
  interrupt(): void;
  clear(): void;
}
