/**
 * The channels of a reactor, each by its handler.
 *
 * ```text
 *   begin() ──▶ join(): it has a native channel ──▶ leave(): it has none ──▶ finish()
 *      │                                                                        ▲
 *      └──────────── none ever, or another attempt ─────────────────────────────┘
 * ```
 */

import type { Handler } from './handler.ts';
import type { Target } from './submission.ts';

/** @internal */
export class Registry {
  /** The open channels, by descriptor. */
  readonly channels: Map<number, object> = new Map();
  /** By the index of the native channel. */
  #joined: (Handler | undefined)[] = [];
  /** Closed natively, and their index is another's by now: the news of it is still on its way. */
  #displaced = new Map<string, Handler>();
  /** Begun, and not through with `onClose`: with a native channel, before it, or after it. */
  #active = new Set<Handler>();
  /** Frames that channels which have closed were given. */
  #frames = 0;
  #changed: () => void;

  /** `changed`: the first has begun, or the last has finished. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get isEmpty(): boolean {
    return this.#active.size === 0;
  }

  /** Those that have begun, and not finished. */
  get active(): Handler[] {
    return [...this.#active];
  }

  /** How often `onRead` was called, of all channels. */
  get frames(): number {
    let frames = this.#frames;
    for (const handler of this.#active) frames += handler.frames;
    return frames;
  }

  /** It begins to connect or to listen, or has been accepted. */
  begin(handler: Handler): void {
    this.#active.add(handler);
    if (this.#active.size === 1) this.#changed();
  }

  /** It has told its channel that it has closed. */
  finish(handler: Handler): void {
    if (!this.#active.delete(handler)) return;
    this.#frames += handler.frames;
    if (this.#active.size === 0) this.#changed();
  }

  /** It is that of a native channel now. */
  join(handler: Handler): void {
    const former = this.#joined[handler.index];
    if (former !== undefined) this.#displaced.set(keyOf(former), former);
    this.#joined[handler.index] = handler;
  }

  /** The native channel is gone. */
  leave(handler: Handler): void {
    if (this.#joined[handler.index] === handler) this.#joined[handler.index] = undefined;
    else this.#displaced.delete(keyOf(handler));
  }

  /** Whose native channel it is. */
  find(index: number, generation: number): Handler | undefined {
    const handler = this.#joined[index];
    if (handler?.generation === generation) return handler;
    if (this.#displaced.size === 0) return undefined;
    return this.#displaced.get(keyOf({ index, generation }));
  }
}

function keyOf({ index, generation }: Target): string {
  return `${index} ${generation}`;
}
