import test, { type ExecutionContext } from 'ava';

import { DatagramScene } from '../helpers/datagrams.ts';
import type { Implementation } from '../helpers/implementation.ts';
import type { OverUnix } from '../helpers/over-unix.ts';
import { OnlyTcp } from '../helpers/peer.ts';
import { Scene, type Side } from '../helpers/scene.ts';

type Body = (scene: Scene, t: ExecutionContext) => void | Promise<void>;
type DatagramBody = (scene: DatagramScene, t: ExecutionContext) => void | Promise<void>;
type SideBody = (scene: Scene, t: ExecutionContext, side: Side) => void | Promise<void>;

/** Tests by their titles, each with the reason why it is left out. */
export type LeftOut = readonly (readonly [title: RegExp, why: string])[];

/** Longer than any wait for one event, which says more when it fails. */
const TIMEOUT = 30_000;

/**
 * Registers the tests of one implementation. They run one after the other: some are about
 * uncaught exceptions, and one that fails should not be hidden by what others do at the time.
 */
export class Suite {
  /** By which the implementation is found again in a process of its own. */
  readonly name: string;
  readonly impl: Implementation | OverUnix;

  /** Titles, and why such a test says nothing of this implementation. */
  readonly #leftOut: LeftOut;

  constructor(name: string, impl: Implementation | OverUnix, leftOut: LeftOut = []) {
    this.name = name;
    this.impl = impl;
    this.#leftOut = leftOut;
  }

  test(title: string, body: Body): void {
    test.serial(title, async (t) => {
      if (this.#leaves(t, title)) return;
      t.timeout(TIMEOUT);
      try {
        await body(new Scene(t, this.impl), t);
      } catch (error) {
        if (!(error instanceof OnlyTcp)) throw error;
        t.log(`left at what Unix sockets do not have: ${error.message}`);
        t.pass();
      }
    });
  }

  /** For datagram channels. */
  datagrams(title: string, body: DatagramBody): void {
    test.serial(`datagram: ${title}`, async (t) => {
      if (this.#leaves(t, title)) return;
      t.timeout(TIMEOUT);
      await body(new DatagramScene(t, this.impl), t);
    });
  }

  #leaves(t: ExecutionContext, title: string): boolean {
    const [, why] = this.#leftOut.find(([pattern]) => pattern.test(title)) ?? [];
    if (why === undefined) return false;
    t.log(`left out: ${why}`);
    t.pass();
    return true;
  }

  /** For what Unix sockets do not have, where it is not asked of a peer. */
  onlyTcp(title: string, body: Body): void {
    if (!('directory' in this.impl)) this.test(title, body);
  }

  /** For both kinds of stream: one that connects, and one that was accepted. */
  both(title: string, body: SideBody): void {
    for (const side of ['client', 'connection'] as const) {
      this.test(`${title} (${side})`, (scene, t) => body(scene, t, side));
    }
  }
}
