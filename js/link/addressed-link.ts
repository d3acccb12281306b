/**
 * Where the datagrams of a channel go: to its peer, to addresses, to names that are looked up.
 *
 * ```text
 *   peer     none ──connect()──▶ named: looked up ──▶ connecting ──onConnect──▶ set
 *            ▲──────────────────── it has failed ◀───────┴─────── disconnect() ◀─┘
 * ```
 */

import { constants } from 'node:os';
import { decodeAddress, type HostPort } from '../check/address.ts';
import { destinationOf } from '../check/datagram-arguments.ts';
import { Endpoint, Endpoints } from '../check/endpoint.ts';
import {
  addressUnusable,
  channelActive,
  channelClosed,
  channelNotConnected,
  datagramFailed,
  peerNotSet,
} from '../check/errors.ts';
import { Op, Syscall } from '../generated/wire.ts';
import type { DatagramInbox } from '../read/packets.ts';
import { checkData } from '../write/outbox.ts';
import { type DatagramOutbox, isTooLong, sizeOf } from '../write/packets.ts';
import { assertNotAborted } from './abort.ts';
import { type AnyAddress, BoundLink } from './bound-link.ts';
import { Resolver } from './resolver.ts';

/** Where a datagram shall go: to the peer, to an address, or to a name. */
type Destination = null | Endpoint | HostPort;

/** Called when the peer's address is known, or there will be none. */
type Known = (error: Error | null) => void;

/** Where datagrams without an address go to. */
type Peer =
  | { readonly state: 'none' }
  | { readonly state: 'named'; readonly waiting: Known[] }
  | { readonly state: 'connecting' | 'set'; readonly to: Endpoint };

const NO_PEER: Peer = { state: 'none' };

/** @internal */
export abstract class AddressedLink extends BoundLink {
  abstract override readonly inbox: DatagramInbox;
  abstract override readonly outbox: DatagramOutbox;
  readonly endpoints: Endpoints = new Endpoints();
  protected peer: Peer = NO_PEER;
  protected readonly resolver: Resolver = new Resolver((fn) => this.reactor.turn.callSoon(fn));
  /** Of datagrams that a call has dropped: they are told from the event loop. */
  protected late: Error[] = [];

  /** The hooks of the beginning, where they have not run. */
  protected abstract open(): void;

  /** The reactor has sent or refused so many datagrams. */
  abstract drained(datagrams?: number): void;

  /** `end()` has waited for names, and none is looked up any more. */
  protected abstract endLookedUp(): void;

  get remote(): AnyAddress {
    const { sender } = this.inbox;
    return sender === null ? this.#peerAddress : sender.address;
  }

  get hasPeer(): boolean {
    return this.peer.state === 'set';
  }

  write(data: unknown, address: unknown): boolean {
    const piece = typeof data === 'string' ? data : checkData(data);
    if (!this.outbox.accepts('write()')) return this.outbox.refuse(sizeOf(piece));
    const destination = this.#destination(address);
    if (this.phase === 'idle') this.takeFields();
    if (!this.outbox.claimRoom()) {
      this.schedule();
      return this.outbox.refuse(sizeOf(piece));
    }
    if (isTooLong(piece)) this.#refuse(piece, destination);
    else if (destination === null) this.#writeToPeer(piece);
    else if ('key' in destination) this.#writeTo(destination, piece);
    else this.#writeToName(destination.host, destination.port, piece);
    return this.outbox.flows;
  }

  connect(address: unknown): void {
    const to = destinationOf(address, this.settings.family, this.endpoints);
    if (this.deliversNothing) throw channelClosed('connect()');
    if (this.peer.state !== 'none') throw channelActive('connect()', this.readyState);
    this.reactor.assertRunning();
    this.takeFields();
    assertNotAborted(this.settings.signal);
    if ('key' in to) {
      this.ensureBound(to.family);
      this.#setPeer(to);
      return;
    }
    const waiting: Known[] = [];
    this.peer = { state: 'named', waiting };
    this.#lookUp(to.host, to.port, 'connect', (found) => {
      if (found instanceof Endpoint) this.#setPeer(found);
      else this.#peerFailed(found);
      for (const known of waiting) known(found instanceof Endpoint ? null : found);
    });
  }

  disconnect(): void {
    const { state } = this.peer;
    const isUnderWay = state === 'named' || state === 'connecting';
    if (isUnderWay && !this.deliversNothing) throw peerNotSet('disconnect()');
    if (state !== 'set' || this.closing) throw channelNotConnected('disconnect()');
    this.peer = NO_PEER;
    this.local = this.home;
    this.ask(Op.DROP_PEER);
  }

  /** The peer is set, and the socket has this address; or that has failed. */
  peerSet(errno: number, key: string): void {
    this.open();
    const peer = this.peer;
    if (this.deliversNothing || !('to' in peer)) return;
    if (errno === 0) {
      this.peer = { state: 'set', to: peer.to };
      this.local = decodeAddress(key, 0);
      if (this.channel.onConnect !== this.defaults.onConnect) {
        this.hook(() => this.channel.onConnect());
      }
      return;
    }
    this.#peerFailed(datagramFailed(errno, 'connect', peer.to.address));
  }

  get #peerAddress(): AnyAddress {
    return 'to' in this.peer ? this.peer.to.address : null;
  }

  #destination(given: unknown): Destination {
    const peer = this.peer;
    if (given === undefined || given === null) {
      if (peer.state !== 'none') return null;
      if (this.inbox.sender !== null) return this.inbox.sender;
      throw channelNotConnected('write() without an address');
    }
    const destination = destinationOf(given, this.settings.family, this.endpoints);
    if (peer.state === 'none') return destination;
    const isPeer = 'key' in destination && 'to' in peer && destination.key === peer.to.key;
    if (!isPeer) throw channelActive('write() to an address', this.readyState);
    return null;
  }

  /** Told as the operating system's refusal is, only that it never gets there. */
  #refuse(piece: string | Uint8Array, to: Destination): void {
    const size = sizeOf(piece);
    const address = to !== null && 'key' in to ? to.address : this.#peerAddress;
    this.outbox.accept(size);
    this.outbox.giveUp(size);
    this.late.push(datagramFailed(constants.errno.EMSGSIZE, Syscall.SEND, address));
    this.schedule();
  }

  #writeTo(to: Endpoint, piece: string | Uint8Array): void {
    if (this.phase === 'idle') this.ensureBound(to.family);
    this.outbox.send(to, piece, this.wantsDrain);
  }

  #writeToPeer(piece: string | Uint8Array): void {
    if (this.peer.state !== 'named') {
      this.outbox.send(null, piece, this.wantsDrain);
      return;
    }
    const { kept, size } = this.outbox.keep(piece);
    this.peer.waiting.push((error) => {
      if (error === null) this.outbox.send(null, kept, this.wantsDrain, true);
      else this.#giveUp(size, error);
    });
  }

  #writeToName(host: string, port: number, piece: string | Uint8Array): void {
    this.reactor.assertRunning();
    assertNotAborted(this.settings.signal);
    const { kept, size } = this.outbox.keep(piece);
    this.#lookUp(host, port, 'send', (found) => {
      if (found instanceof Endpoint) this.outbox.send(found, kept, this.wantsDrain, true);
      else this.#giveUp(size, found);
    });
  }

  /** A datagram that was accepted cannot be sent. From the event loop only. */
  #giveUp(size: number, error: Error): void {
    this.outbox.giveUp(size);
    if (!this.deliversNothing) this.report(error);
    this.drained();
  }

  /** Gives an address that can be used, of a channel that is bound; or says why not. */
  #lookUp(
    host: string,
    port: number,
    syscall: 'connect' | 'send',
    then: (found: Endpoint | Error) => void,
  ): void {
    this.reactor.assertRunning();
    assertNotAborted(this.settings.signal);
    if (this.phase === 'idle') {
      this.reactor.registry.begin(this);
      this.watchSignal();
    }
    const { family: given, lookup } = this.settings;
    const family = given === 4 || given === 6 ? given : this.boundFamily;
    this.resolver.resolve(host, { family, lookup }, (error, found) => {
      if (this.closing) return;
      if (error) then(Object.assign(error, { port }));
      else then(this.#firstUsable(found, port) ?? addressUnusable(syscall, found[0] ?? host, port));
      if (this.phase === 'idle' && !this.resolver.isBusy) this.reactor.registry.finish(this);
      if (this.wanted === 'ending' && !this.resolver.isBusy) this.endLookedUp();
    });
  }

  /** Null where none is an address; an error where there is one, and no socket to be had for it. */
  #firstUsable(addresses: string[], port: number): Endpoint | Error | null {
    for (const address of addresses) {
      const to = this.endpoints.ofLiteral(address, port);
      if (to !== null) return this.tryToBind(to.family) ?? to;
    }
    return null;
  }

  #setPeer(to: Endpoint): void {
    this.peer = { state: 'connecting', to };
    this.reactor.submission.setPeer(this, to.bytes);
  }

  #peerFailed(error: Error): void {
    this.peer = NO_PEER;
    if (!this.deliversNothing) this.report(error);
  }

  protected override afterClose(): void {
    super.afterClose();
    this.peer = NO_PEER;
  }
}
