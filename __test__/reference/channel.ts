import { AsyncResource } from 'node:async_hooks';
import { type InspectOptionsStylized, inspect } from 'node:util';

import type { Accepted } from './accepted.ts';
import { callHook } from './call-hook.ts';
import { Engine } from './engine.ts';
import { illegalConstructor } from './errors.ts';
import { inspectAs, inspectChannel } from './inspect.ts';
import type { Address, CloseInfo, Data, ReadyState } from './types.ts';
import { warnUnhandled } from './unhandled.ts';
import { Waits } from './waits.ts';

/** What every channel has: the hooks, its state, and its place in the engine. */
export abstract class Channel {
  onConnect(): void {}
  onConnectError(error: Error): void {
    if (!this._waits.isAwaited) warnUnhandled(this, 'onConnectError', error);
  }
  onRead(_data: Data): void {}
  onWrite(): void {}
  onEnd(_rest: Data): void {}
  onListen(): void {}
  onAccept(_socket: Accepted, _addr: Address | string | null): void {}
  onOverflowError(_error: Error): void {
    this.close();
  }
  onError(_error: Error): void {}
  onClose(_info: CloseInfo): void {}

  abstract get readyState(): ReadyState;
  abstract get localAddr(): Address | string | null;
  abstract get remoteAddr(): Address | string | null;
  abstract close(): void;

  #fileno: number | null = null;
  readonly #waits = new Waits();

  constructor() {
    // What is abstract here: a class that has it is one of this folder.
    if (!('readyState' in this)) throw illegalConstructor('Channel');
  }

  [inspect.custom](depth: number, options: InspectOptionsStylized): string {
    // A prototype is no channel.
    if (!(#fileno in this)) return inspectAs(this, {}, depth, options);
    return inspectChannel(this, depth, options);
  }

  declare readonly opened: Promise<this>;
  declare readonly closed: Promise<CloseInfo>;

  static {
    // A subclass may assign its own.
    const cover = (name: string) =>
      function (this: Channel, value: unknown) {
        Object.defineProperty(this, name, { value, configurable: true, writable: true });
      };
    Object.defineProperties(Channel.prototype, {
      opened: {
        get(this: Channel) {
          return this._waits.opened(this);
        },
        set: cover('opened'),
      },
      closed: {
        get(this: Channel) {
          return this._waits.closed();
        },
        set: cover('closed'),
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this._dispose();
    await this._waits.closed();
  }

  get fileno(): number | null {
    return this.#fileno;
  }

  get connected(): boolean {
    return ['open', 'readOnly', 'writeOnly'].includes(this.readyState);
  }

  get connecting(): boolean {
    return this.readyState === 'opening';
  }

  get listening(): boolean {
    return this.readyState === 'listening';
  }

  /** In which context hooks run: the one that the channel was made in. */
  #context = new AsyncResource('reference');

  /** Done with: closes, and loses nothing that was written. */
  protected _dispose(): void {
    this.close();
  }

  protected get _waits(): Waits {
    return this.#waits;
  }

  // What begins with an underscore is for the subclasses in this folder; the names of users' own
  // members do not.

  protected _hook(hook: () => void): void {
    callHook(() => this.#context.runInAsyncScope(hook));
  }

  protected _runIn(context: AsyncResource): void {
    this.#context = context;
  }

  protected _opened(fileno: number): void {
    this.#fileno = fileno;
    Engine.instance().channels.set(fileno, this);
  }

  protected _closed(): void {
    const { channels } = Engine.instance();
    // The number may already belong to another channel: descriptors are used again.
    if (this.#fileno !== null && channels.get(this.#fileno) === this) channels.delete(this.#fileno);
    this.#fileno = null;
  }
}
