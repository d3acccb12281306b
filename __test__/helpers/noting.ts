import type { ExecutionContext } from 'ava';
import {
  type Address,
  type ChannelError,
  type CloseInfo,
  Datagram,
  type DatagramOptions,
} from 'pants-native';

import { Condition } from './wait.ts';

/** A datagram channel that notes what its hooks are told. */
export class Noting<A extends Address | string | null = Address> extends Datagram<A> {
  readonly reads: string[] = [];
  readonly from: A[] = [];
  readonly errors: ChannelError[] = [];
  drains = 0;
  info: CloseInfo | undefined;
  readonly #condition = new Condition(() => [this.reads.length, this.errors]);

  static make<A extends Address | string | null = Address>(
    t: ExecutionContext,
    options?: DatagramOptions,
  ): Noting<A> {
    const channel = new Noting<A>(options);
    t.teardown(() => channel.close());
    return channel;
  }

  override onRead(data: Buffer, addr: A): void {
    this.reads.push(data.toString('latin1'));
    this.from.push(addr);
    this.#condition.changed();
  }

  override onError(error: Error): void {
    this.errors.push(error as ChannelError);
    this.#condition.changed();
  }

  override onWrite(): void {
    this.drains += 1;
    this.#condition.changed();
  }

  override onClose(info: CloseInfo): void {
    this.info = info;
    this.#condition.changed();
  }

  received(count: number): Promise<void> {
    return this.until(`${count} frames`, () => this.reads.length >= count);
  }

  until(what: string, predicate: () => boolean): Promise<void> {
    return this.#condition.until(what, predicate);
  }
}
