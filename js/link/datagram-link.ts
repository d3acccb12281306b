/**
 * The JS half of a datagram channel: what state it is in, and which hooks run when.
 *
 * ```text
 *   idle ──listen(), connect(), the first write()──▶ opening ──onListen──▶ open ──▶ closed
 *   peer     none ──connect()──▶ named: looked up ──▶ connecting ──onConnect──▶ set
 *            ▲──────────────────── it has failed ◀───────┴─────── disconnect() ◀─┘
 * ```
 */

import { constants } from 'node:os';
import { decodeAddress } from '../check/address.ts';
import { type DatagramSettings, datagramSettings } from '../check/datagram-options.ts';
import { Endpoint, Endpoints } from '../check/endpoint.ts';
import {
  addressUnusable,
  channelActive,
  channelClosed,
  channelNotConnected,
  datagramFailed,
  datagramTruncated,
  invalidValue,
  lingerTimeout,
  peerNotSet,
} from '../check/errors.ts';
import { encodingOf } from '../check/options.ts';
import { framingOf, NOTHING } from '../check/read-delimiter.ts';
import { Change, Op, Syscall, Tally as TallyAt } from '../generated/wire.ts';
import type { Datagrams } from '../reactor/handler.ts';
import type { ReframeRequest, SettingsRequest } from '../reactor/submission.ts';
import { DatagramInbox, type DatagramReceiver } from '../read/packets.ts';
import type { CloseInfo, DatagramStats, ReadDelimiter, ReadyState } from '../types.ts';
import { checkData } from '../write/outbox.ts';
import { DatagramOutbox, isTooLong, sizeOf } from '../write/packets.ts';
import { assertNotAborted } from './abort.ts';
import { type AnyAddress, BoundLink } from './bound-link.ts';
import { datagramFields } from './fields.ts';
import type { DatagramHooks, Hook } from './hooks.ts';
import type { Owner } from './link.ts';
import { Resolver } from './resolver.ts';

/** @internal Where a datagram shall go: to the peer, to an address, or to a name. */
export type Destination = null | Endpoint | { readonly host: string; readonly port: number };

/** Called when the peer's address is known, or there will be none. */
type Known = (error: Error | null) => void;

/** Where datagrams without an address go to. */
type Peer =
  | { readonly state: 'none' }
  | { readonly state: 'named'; readonly waiting: Known[] }
  | { readonly state: 'connecting' | 'set'; readonly to: Endpoint };

const NO_PEER: Peer = { state: 'none' };

/** @internal */
export class DatagramLink extends BoundLink implements DatagramReceiver {
  readonly inbox: DatagramInbox;
  readonly outbox: DatagramOutbox;
  readonly endpoints: Endpoints;
  #peer: Peer = NO_PEER;
  #resolver: Resolver;
  /** Of datagrams that a call has dropped: they are told from the event loop. */
  #late: Error[] = [];
  #linger: NodeJS.Timeout | undefined;

  constructor(
    channel: DatagramHooks,
    defaults: DatagramHooks,
    engine: Owner,
    settings: DatagramSettings,
  ) {
    super(channel, defaults, engine, settings);
    this.outbox = new DatagramOutbox(this.reactor, this, settings);
    this.endpoints = new Endpoints();
    this.inbox = new DatagramInbox(this, this.endpoints, this.reactor.cut, settings);
    this.#resolver = new Resolver((fn) => this.reactor.turn.callSoon(fn));
  }

  // ── What user code asks ─────────────────────────────────────────────────────────────────────

  get readyState(): ReadyState {
    if (this.closing || this.phase === 'closed') return 'closed';
    if (this.writing === 'ending') return 'readOnly';
    if (this.#peer.state === 'set') return 'open';
    if (this.#peer.state !== 'none') return 'opening';
    return this.isBound ? 'listening' : 'idle';
  }

  get remote(): AnyAddress {
    const { sender } = this.inbox;
    return sender === null ? this.#peerAddress : sender.address;
  }

  get hasPeer(): boolean {
    return this.#peer.state === 'set';
  }

  /** Datagrams that arrived and were lost. */
  get drops(): number {
    this.outbox.refresh();
    return this.outbox.drops;
  }

  override stats(): DatagramStats {
    const { drops } = this;
    return { ...super.stats(), drops };
  }

  setDelimiter(value: ReadDelimiter): void {
    const framing = framingOf(value);
    // A datagram that nobody cuts cannot be held back from whoever sends it.
    if (framing === NOTHING) {
      throw invalidValue('readDelimiter', 'a value that cuts datagrams', value);
    }
    this.delimiter = value;
    if (this.inbox.set(this.settings, framing)) this.schedule();
  }

  setEncoding(value: unknown): void {
    this.inbox.setEncoding(encodingOf(value));
    this.encoding = (value ?? null) as BufferEncoding | null;
    if (this.phase !== 'open' || this.index < 0) return;
    this.reactor.submission.reframe(this, this.#textRequest);
  }

  override configure(settings: DatagramSettings): void {
    super.configure(settings);
    if (this.inbox.set(settings)) this.schedule();
  }

  /** Binds, at once: what goes wrong is thrown. */
  listen(host: string, port: number): void {
    if (this.closing || this.phase === 'closed') throw channelClosed('listen()');
    if (this.isBound) throw channelActive('listen()', this.readyState);
    if (this.#peer.state !== 'none') throw channelActive('listen()', 'connecting');
    this.bind(host, port);
  }

  /** Takes over a socket that was bound elsewhere; `onListen` follows when the constructors have run. */
  adopt(fd: number): void {
    const peer = this.takeOver(fd);
    if (decodeAddress(peer, 0) === null) return;
    this.#peer = { state: 'set', to: this.endpoints.of(peer) };
  }

  write(data: unknown, address: unknown, to: (given: unknown) => Destination): boolean {
    const piece = typeof data === 'string' ? data : checkData(data);
    if (!this.outbox.accepts('write()')) return this.outbox.refuse(sizeOf(piece));
    const destination = this.#destination(address, to);
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

  connect(to: Exclude<Destination, null>): void {
    if (this.done) throw channelClosed('connect()');
    if (this.#peer.state !== 'none') throw channelActive('connect()', this.readyState);
    this.reactor.assertRunning();
    this.takeFields();
    assertNotAborted(this.settings.signal);
    if ('key' in to) {
      this.ensureBound(to.family);
      this.#setPeer(to);
      return;
    }
    const waiting: Known[] = [];
    this.#peer = { state: 'named', waiting };
    this.#lookUp(to.host, to.port, 'connect', (found) => {
      if (found instanceof Endpoint) this.#setPeer(found);
      else this.#peerFailed(found);
      for (const known of waiting) known(found instanceof Endpoint ? null : found);
    });
  }

  disconnect(): void {
    const { state } = this.#peer;
    const isUnderWay = state === 'named' || state === 'connecting';
    if (isUnderWay && !this.done) throw peerNotSet('disconnect()');
    if (state !== 'set' || this.closing) throw channelNotConnected('disconnect()');
    this.#peer = NO_PEER;
    this.local = this.home;
    this.ask(Op.DROP_PEER);
  }

  /** What is written before `onListen` is submitted before the start; so is this. */
  override watchDrain(): void {
    if (this.outbox.pending > 0) this.ask(Op.NOTIFY);
  }

  end(): void {
    if (this.done) return;
    if (this.phase === 'idle' && !this.#resolver.isBusy) {
      this.close({ reason: 'end' });
      return;
    }
    this.writing = 'ending';
    this.outbox.end('this side');
    this.inbox.clear();
    // The reactor's own clock starts when it hears of the end.
    if (this.#resolver.isBusy) this.#watchLinger();
    else this.askStarted(Op.END);
  }

  #watchLinger(): void {
    const error = lingerTimeout(this.settings.lingerTimeout);
    const expired = () => this.close({ reason: 'timeout', error });
    clearTimeout(this.#linger);
    this.#linger = setTimeout(expired, this.settings.lingerTimeout);
  }

  dispose(): void {
    this.end();
  }

  // ── What the reactor reports ────────────────────────────────────────────────────────────────

  datagrams(record: Datagrams): void {
    if (this.done) return;
    if (this.taker !== null) this.waiting += record.count;
    this.inbox.take(record);
    if (this.taker !== null) this.tellPause();
  }

  /** A datagram was not sent, or not received whole; or an earlier one has not arrived. */
  failed(errno: number, syscall: number, size: number, key: string): void {
    this.#open();
    if (this.done) return;
    const address = decodeAddress(key, 0);
    if (errno === 0) this.report(datagramTruncated(size, address));
    else this.report(datagramFailed(errno, syscall, address));
  }

  /** The peer is set, and the socket has this address; or that has failed. */
  peerSet(errno: number, key: string): void {
    this.#open();
    const peer = this.#peer;
    if (this.done || !('to' in peer)) return;
    if (errno === 0) {
      this.#peer = { state: 'set', to: peer.to };
      this.local = decodeAddress(key, 0);
      if (this.channel.onConnect !== this.defaults.onConnect) {
        this.hook(() => this.channel.onConnect());
      }
      return;
    }
    this.#peerFailed(datagramFailed(errno, 'connect', peer.to.address));
  }

  /** The reactor has sent or refused so many datagrams: perhaps nothing is pending any more. */
  drained(datagrams = this.outbox.reached): void {
    this.#open();
    if (this.closing || !this.outbox.drained(datagrams)) return;
    this.hook(() => this.channel.onWrite());
    this.tellDrained();
  }

  protected override work(): void {
    this.#open();
    // What `end()` was called behind is sent, also where more was not accepted.
    if (!this.done) this.flood();
    if (this.#late.length > 0) {
      for (const error of this.#late.splice(0)) if (!this.done) this.report(error);
      this.drained();
    }
    this.deliverHeld();
  }

  // ── What the inbox says ─────────────────────────────────────────────────────────────────────

  deliver(frame: Buffer | string, sender: Endpoint): void {
    this.frames += 1;
    try {
      const { reader, context } = this;
      const { address } = sender;
      if (context === null) reader.onRead(frame as never, address);
      else context.runInAsyncScope(reader.onRead as Hook, reader, frame, address);
    } catch (error) {
      this.reactor.uncaught(error);
    }
    this.counted();
  }

  overflow(error: Error): void {
    this.tellOverflow(error);
  }

  // ── Below ───────────────────────────────────────────────────────────────────────────────────

  get #peerAddress(): AnyAddress {
    return 'to' in this.#peer ? this.#peer.to.address : null;
  }

  /** What the reactor is told: it only has to know whether bytes become text. */
  get #textRequest(): ReframeRequest {
    const framing = framingOf(null);
    const text = this.inbox.encoding !== null;
    return { epoch: 1, framing, limit: 0, consumed: 0, mayCut: false, text, last: false };
  }

  #destination(given: unknown, to: (given: unknown) => Destination): Destination {
    const peer = this.#peer;
    if (given === undefined || given === null) {
      if (peer.state !== 'none') return null;
      if (this.inbox.sender !== null) return this.inbox.sender;
      throw channelNotConnected('write() without an address');
    }
    const destination = to(given);
    if (peer.state === 'none') return destination;
    const isEndpoint = destination !== null && 'key' in destination;
    const isPeer = isEndpoint && 'to' in peer && destination.key === peer.to.key;
    if (!isPeer) throw channelActive('write() to an address', this.readyState);
    return null;
  }

  /** Told as the operating system's refusal is, only that it never gets there. */
  #refuse(piece: string | Uint8Array, to: Destination): void {
    const size = sizeOf(piece);
    const address = to !== null && 'key' in to ? to.address : this.#peerAddress;
    this.outbox.accept(size);
    this.outbox.giveUp(size);
    this.#late.push(datagramFailed(constants.errno.EMSGSIZE, Syscall.SEND, address));
    this.schedule();
  }

  #writeTo(to: Endpoint, piece: string | Uint8Array): void {
    if (this.phase === 'idle') this.ensureBound(to.family);
    this.outbox.send(to, piece, this.wantsDrain);
  }

  #writeToPeer(piece: string | Uint8Array): void {
    if (this.#peer.state !== 'named') {
      this.outbox.send(null, piece, this.wantsDrain);
      return;
    }
    const { kept, size } = this.outbox.keep(piece);
    this.#peer.waiting.push((error) => {
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
    if (!this.done) this.report(error);
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
    this.#resolver.resolve(host, { family, lookup }, (error, found) => {
      if (this.closing) return;
      if (error) then(Object.assign(error, { port }));
      else then(this.#firstUsable(found, port) ?? addressUnusable(syscall, found[0] ?? host, port));
      if (this.phase === 'idle' && !this.#resolver.isBusy) this.reactor.registry.finish(this);
      if (this.writing === 'ending' && !this.#resolver.isBusy) this.#endLookedUp();
    });
  }

  /** `end()` has waited for names. */
  #endLookedUp(): void {
    clearTimeout(this.#linger);
    if (this.index >= 0) this.askStarted(Op.END);
    else this.close({ reason: 'end' });
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
    this.#peer = { state: 'connecting', to };
    this.reactor.submission.setPeer(this, to.bytes);
  }

  #peerFailed(error: Error): void {
    this.#peer = NO_PEER;
    if (!this.done) this.report(error);
  }

  /**
   * `onListen`; then the reactor begins to read. What was submitted in the turn of the bind may be
   * answered before that turn's end, when another channel's batch had it submitted early.
   */
  #open(): void {
    if (this.closing || !this.enterOpen()) return;
    const { channel, defaults } = this;
    if (!this.done && channel.onListen !== defaults.onListen) this.hook(() => channel.onListen());
    this.tellOpened();
    if (!this.done && this.hasPeer && channel.onConnect !== defaults.onConnect) {
      this.hook(() => channel.onConnect());
    }
    if (this.closing) return;
    this.reactor.submission.start(this, this.settingsRequest(Change.LINGER), this.#textRequest);
    this.tellPause();
    if (this.writing === 'ending' && !this.#resolver.isBusy) this.askStarted(Op.END);
  }

  // ── Settings ────────────────────────────────────────────────────────────────────────────────

  protected get fields(): readonly string[] {
    return datagramFields;
  }

  protected checked(options: object): DatagramSettings {
    return datagramSettings(options, this.settings);
  }

  protected settingsRequest(change: number): SettingsRequest {
    const { lingerTimeout } = this.settings;
    return { change, idleTimeout: 0, frameTimeout: 0, lingerTimeout, socket: null };
  }

  protected override changed(change: number): void {
    super.changed(change);
    if (change === Change.LINGER && this.#linger !== undefined) this.#watchLinger();
  }

  // ── How it ends ─────────────────────────────────────────────────────────────────────────────

  protected gone(): void {
    this.outbox.settle();
    this.outbox.drops = Math.max(this.outbox.drops, this.tally[TallyAt.DROPS] as number);
  }

  protected isBehind(): boolean {
    return this.awaitsTurn;
  }

  protected override release(info: CloseInfo): CloseInfo {
    clearTimeout(this.#linger);
    this.outbox.settle();
    return super.release(info);
  }

  protected override afterClose(): void {
    super.afterClose();
    this.#peer = NO_PEER;
  }
}
