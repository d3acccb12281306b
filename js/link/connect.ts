/** From a host's name, or a path, to a connected socket: look-up, order of addresses, attempts. */

import { isIP } from 'node:net';
import { parseAddress } from '../binding.ts';
import type { Destination, HostPort } from '../check/address.ts';
import {
  aborted,
  addressUnusable,
  connectFailed,
  connectTimedOut,
  pathError,
  systemError,
} from '../check/errors.ts';
import type { ConnectSettings } from '../check/options.ts';
import { ADDRESS_BYTES } from '../generated/wire.ts';
import type { Reactor } from '../reactor/reactor.ts';
import type { SystemError } from '../types.ts';
import { watchAbort } from './abort.ts';
import { familyOf, lookUp } from './resolver.ts';
import type { StreamLink } from './stream-link.ts';

/** @internal One `connect()`, until it has succeeded, failed or been given up. */
export class ConnectAttempt {
  readonly to: Destination;
  readonly settings: ConnectSettings;
  #link: StreamLink;
  #reactor: Reactor;
  #started = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #unwatch = (): void => {};
  #over = false;
  /** Of addresses that cannot even be tried. */
  #unusable: SystemError[] = [];

  constructor(link: StreamLink, to: Destination, settings: ConnectSettings) {
    this.#link = link;
    this.#reactor = link.reactor;
    this.to = to;
    this.settings = settings;
  }

  start(): void {
    const { to } = this;
    const { connectTimeout, signal } = this.settings;
    if (signal?.aborted) {
      this.#fail(aborted(signal));
      return;
    }
    this.#unwatch = watchAbort(signal, (error) => this.#fail(error));
    if (typeof to === 'string') {
      const { socket } = this.settings;
      this.#link.join(...this.#reactor.connectPath(to, { socket }));
      return;
    }
    if (isIP(to.host.split('%', 1)[0] ?? '') !== 0) {
      this.#connect([to.host], to);
      return;
    }
    if (connectTimeout > 0) {
      const expired = () => this.#fail(connectTimedOut(connectTimeout, to.host, to.port));
      this.#timer = setTimeout(expired, connectTimeout);
    }
    this.#lookUp(to);
  }

  /** It is over, one way or the other: nothing of it stays behind. */
  over(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#unwatch();
  }

  /** What became of the native attempts, as one error. */
  failure(text: string): SystemError {
    const { to, settings } = this;
    const [summary = '', ...lines] = text.trimEnd().split('\n');
    if (typeof to === 'string') {
      const [errno = '0', syscall = 'connect'] = (lines[0] ?? '').split(' ');
      return pathError(Number(errno), syscall, to);
    }
    const timedOut = summary === 'ETIMEDOUT';
    const tried = lines.map((line) => {
      const [errno = '0', syscall = 'connect', address = '', port = '0'] = line.split(' ');
      if (errno === '0') return connectTimedOut(settings.connectTimeout, address, Number(port));
      return systemError(Number(errno), syscall, address, Number(port));
    });
    const attempts = [...this.#unusable, ...tried];
    if (!timedOut) return connectFailed(attempts);
    if (attempts.length === 1) return attempts[0] as SystemError;
    const error = connectTimedOut(settings.connectTimeout, to.host, to.port);
    return Object.assign(error, { errors: attempts });
  }

  #lookUp(to: HostPort): void {
    const soon = (fn: () => void) => this.#reactor.turn.callSoon(fn);
    lookUp(to.host, this.settings, soon, (error, found) => {
      if (this.#over) return;
      clearTimeout(this.#timer);
      if (error) this.#fail(Object.assign(error, { port: to.port }));
      else this.#connect(interleave(found), to);
    });
  }

  #connect(addresses: string[], { port }: HostPort): void {
    const { connectTimeout, socket, localAddress, localPort } = this.settings;
    if (localAddress !== undefined && !this.#isUsable(localAddress)) {
      this.#fail(addressUnusable('bind', localAddress, localPort));
      return;
    }
    const usable = addresses.filter((address) => {
      if (this.#isUsable(address)) return true;
      this.#unusable.push(addressUnusable('connect', address, port));
      return false;
    });
    if (usable.length === 0) {
      this.#fail(connectFailed(this.#unusable));
      return;
    }
    const options: Parameters<Reactor['connect']>[2] = { socket };
    if (localAddress !== undefined) options.localAddress = localAddress;
    if (localPort !== undefined) options.localPort = localPort;
    if (connectTimeout > 0) {
      const left = connectTimeout - (performance.now() - this.#started);
      options.timeout = Math.max(1, Math.ceil(left));
    }
    this.#link.join(...this.#reactor.connect(usable, port, options));
  }

  #isUsable(address: string): boolean {
    return parseAddress(address, 0, scratch);
  }

  /** Ends the channel with an error that did not come from the native part. */
  #fail(error: Error): void {
    if (this.#over) return;
    this.over();
    const link = this.#link;
    if (link.index >= 0) link.abandon();
    // Counted only then: until the channel hears of it, it accepts writes.
    this.#reactor.turn.callSoon(() =>
      link.nativeGone({ reason: 'error', error, unsentBytes: link.outbox.pending }),
    );
  }
}

const scratch = new Uint8Array(ADDRESS_BYTES);

/** RFC 8305 section 4: IPv6 first, then the families in turn, each in the order it came. */
function interleave(addresses: readonly string[]): string[] {
  const six = addresses.filter((address) => familyOf(address) === 6);
  const four = addresses.filter((address) => familyOf(address) === 4);
  const order: string[] = [];
  for (let at = 0; at < Math.max(six.length, four.length); at += 1) {
    order.push(...six.slice(at, at + 1), ...four.slice(at, at + 1));
  }
  return order;
}
