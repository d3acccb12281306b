/** The socket of a datagram channel: how the channel comes to it, where it is bound, its options. */

import { addressBytes, decodeAddress } from '../check/address.ts';
import type { DatagramSettings } from '../check/datagram-options.ts';
import {
  adoptFailed,
  channelClosed,
  channelNotBound,
  listenFailed,
  optionFailed,
} from '../check/errors.ts';
import { Family } from '../generated/wire.ts';
import type { Reactor } from '../reactor/reactor.ts';
import type { Address, CloseInfo } from '../types.ts';
import { assertNotAborted, watchAbort } from './abort.ts';
import { FlowLink } from './flow-link.ts';
import type { DatagramHooks } from './hooks.ts';

/** @internal */
export type AnyAddress = Address | string | null;

/** @internal */
export abstract class BoundLink extends FlowLink<DatagramHooks, DatagramSettings> {
  /** This end's address: with a peer, that by which it is reached. */
  local: AnyAddress = null;
  /** The address that it was bound to. */
  protected home: AnyAddress = null;
  #unwatch: (() => void) | undefined;

  get isBound(): boolean {
    return this.phase === 'attached' || this.phase === 'open';
  }

  /** What a bound socket can send to; 0 where that is both. */
  protected get boundFamily(): 0 | 4 {
    const local = this.home;
    return local !== null && typeof local === 'object' && local.family === 'IPv4' ? 4 : 0;
  }

  /** Sets an option of the socket, by the name of the method that does. */
  setOption(name: string, value: number, more: Record<string, string | undefined> = {}): void {
    this.#assertBound(`${name}()`);
    const option: Parameters<Reactor['configureDatagram']>[1] = { name, value };
    for (const [key, text] of Object.entries(more)) {
      if (text !== undefined) option[key as 'group' | 'source' | 'interface'] = text;
    }
    const errno = this.reactor.configureDatagram(this, option);
    if (errno !== 0) throw optionFailed(errno, name);
  }

  bufferSizes(name: string): { recv: number; send: number } {
    this.#assertBound(`${name}()`);
    const [recv = 0, send] = this.reactor.datagramBufferSizes(this);
    if (send === undefined) throw optionFailed(recv, name);
    return { recv, send };
  }

  /** Takes over a socket that was bound elsewhere; returns its peer's address, as it came. */
  protected takeOver(fd: number): string {
    this.reactor.assertRunning();
    this.reactor.assertFree(fd);
    assertNotAborted(this.settings.signal);
    const { family } = this.settings;
    const wanted = family === 'unix' ? Family.UNIX : family === 0 ? Family.NONE : Family.INET;
    const { id, about, failure } = this.reactor.adoptDatagram(fd, wanted, this.settings);
    if (failure) throw adoptFailed(failure, fd);
    const text = String.fromCharCode(...about);
    const local = decodeAddress(text, 0);
    if (typeof local === 'string') this.settings = { ...this.settings, family: 'unix' };
    this.#bound(id, local, fd);
    return text.slice(addressBytes(text, 0));
  }

  protected tryToBind(family: 4 | 6 | 'unix'): Error | null {
    try {
      this.ensureBound(family);
      return null;
    } catch (error) {
      return error as Error;
    }
  }

  /** A channel that writes before it listens gets a free port, for what it writes to. */
  protected ensureBound(family: 4 | 6 | 'unix'): void {
    if (this.phase !== 'idle') return;
    const wanted = this.settings.family === 0 ? family : this.settings.family;
    this.bind(wanted === 4 ? '0.0.0.0' : wanted === 6 ? '::' : '', 0);
  }

  #assertBound(what: string): void {
    if (this.closing || this.phase === 'closed') throw channelClosed(what);
    if (this.phase === 'idle') throw channelNotBound(what);
  }

  protected bind(host: string, port: number): void {
    this.reactor.assertRunning();
    assertNotAborted(this.settings.signal);
    this.takeFields();
    const bound = this.reactor.bindDatagram(host, port, this.settings);
    if (bound.failure) {
      throw listenFailed(bound.failure, this.settings.family === 'unix' ? host : { host, port });
    }
    this.#bound(bound.id, decodeAddress(String.fromCharCode(...bound.local), 0), bound.descriptor);
  }

  #bound([index = -1, generation = 0]: number[], local: AnyAddress, descriptor: number): void {
    this.home = local;
    this.local = local;
    this.phase = 'attached';
    this.reactor.registry.begin(this);
    this.join(index, generation);
    this.enter(descriptor);
    this.keepAlive();
    this.watchSignal();
    this.schedule();
  }

  protected watchSignal(): void {
    this.#unwatch ??= watchAbort(this.settings.signal, () => this.close());
  }

  protected release(info: CloseInfo): CloseInfo {
    this.#unwatch?.();
    return info;
  }

  protected afterClose(): void {
    this.local = null;
  }
}
