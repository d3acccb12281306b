/**
 * The JS half of a datagram channel: what state it is in, and which hooks run when.
 *
 * ```text
 *   idle ──listen(), connect(), the first write()──▶ bound ──end(), close(), an error──▶ closed
 *                                                    peer: none ⇄ connecting ⇄ set
 * ```
 */

import { constants } from 'node:os';
import { addressBytes, decodeAddress } from '../check/address.ts';
import type { DatagramSettings } from '../check/datagram-options.ts';
import { Endpoint, Endpoints } from '../check/endpoint.ts';
import {
  addressUnusable,
  adoptFailed,
  channelActive,
  channelClosed,
  channelNotBound,
  channelNotConnected,
  datagramFailed,
  datagramTruncated,
  invalidValue,
  lingerTimeout,
  listenFailed,
  optionFailed,
  peerNotSet,
} from '../check/errors.ts';
import { checkBufferSize, checkEncoding } from '../check/options.ts';
import { framingOf, NOTHING } from '../check/read-delimiter.ts';
import { Family, Op, Reason, Syscall, Tally as TallyAt } from '../generated/wire.ts';
import type { Datagrams, NativeEnd } from '../reactor/handler.ts';
import type { Reactor } from '../reactor/reactor.ts';
import type { ReframeRequest } from '../reactor/submission.ts';
import type { Tally } from '../reactor/tally.ts';
import { DatagramInbox, type DatagramReceiver } from '../read/packets.ts';
import type { Address, CloseInfo, DatagramStats, ReadDelimiter, ReadyState } from '../types.ts';
import { checkData } from '../write/outbox.ts';
import { DatagramOutbox } from '../write/packets.ts';
import { assertNotAborted, watchAbort } from './abort.ts';
import { takeFields } from './fields.ts';
import type { DatagramHooks } from './hooks.ts';
import { Link, type Owner } from './link.ts';
import { Resolver } from './resolver.ts';

/** Longer datagrams are not handed over: UDP takes 65,507 bytes, Unix sockets what their buffer holds. */
const MOST_BYTES = 16 * 1024 * 1024;

type AnyAddress = Address | string | null;

/** @internal Where a datagram shall go: to the peer, to an address, or to a name. */
export type Destination = null | Endpoint | { readonly host: string; readonly port: number };

/** @internal */
export class DatagramLink extends Link<DatagramHooks> implements DatagramReceiver {
  phase: 'idle' | 'bound' | 'closed' = 'idle';
  local: AnyAddress = null;
  settings: DatagramSettings;
  delimiter: ReadDelimiter = null;
  readonly inbox: DatagramInbox;
  readonly outbox: DatagramOutbox;
  readonly endpoints: Endpoints;
  closing = false;
  ending = false;
  paused = false;
  /** The reactor has been told of the pause. */
  #halted = false;
  /** As a stream's: the rest of what there is goes on in the next turn. */
  #awaitsTurn = false;
  #home: AnyAddress = null;
  #peer: Endpoint | null = null;
  #connection: 'none' | 'connecting' | 'set' = 'none';
  /** Datagrams for the peer that is still looked up. */
  #forPeer: ((error: Error | null) => void)[] = [];
  #resolver: Resolver;
  #opened = false;
  #due: CloseInfo | null = null;
  #why: Pick<CloseInfo, 'reason' | 'error'> = { reason: 'close' };
  /** Of datagrams that a call has dropped: they are told from the event loop. */
  #late: Error[] = [];
  #unwatch: (() => void) | undefined;
  #linger: NodeJS.Timeout | undefined;

  constructor(
    channel: DatagramHooks,
    defaults: DatagramHooks,
    engine: Owner,
    settings: DatagramSettings,
  ) {
    super(channel, defaults, engine);
    this.settings = settings;
    this.outbox = new DatagramOutbox(this.reactor, this, settings);
    this.endpoints = new Endpoints();
    this.inbox = new DatagramInbox(this, this.endpoints, this.reactor.cut, settings);
    this.#resolver = new Resolver((fn) => this.reactor.turn.callSoon(fn));
  }

  // ── What user code asks ─────────────────────────────────────────────────────────────────────

  get readyState(): ReadyState {
    if (this.closing || this.phase === 'closed') return 'closed';
    if (this.ending) return 'readOnly';
    if (this.#connection === 'connecting') return 'opening';
    if (this.#connection === 'set') return 'open';
    return this.phase === 'bound' ? 'listening' : 'idle';
  }

  get remote(): AnyAddress {
    return (this.inbox.sender ?? this.#peer)?.address ?? null;
  }

  get hasPeer(): boolean {
    return this.#connection === 'set';
  }

  stats(): DatagramStats {
    this.outbox.refresh();
    const { tally, inbox, outbox, frames } = this;
    const bytesRead = tally[TallyAt.RECEIVED] as number;
    const done = this.closing || this.ending;
    return {
      bytesRead,
      bytesWritten: outbox.accepted,
      pendingBytes: outbox.pending,
      refusedBytes: outbox.refused,
      waitingBytes: done ? 0 : bytesRead - inbox.consumed + inbox.length,
      frames,
      reads: tally[TallyAt.READS] as number,
      writes: tally[TallyAt.WRITES] as number,
      drops: outbox.drops,
    };
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

  setBufferSize(value: number): void {
    this.configure({ ...this.settings, bufferSize: checkBufferSize(value) });
  }

  setEncoding(value: unknown): void {
    this.inbox.setEncoding(checkEncoding(value));
    if (this.#opened && this.index >= 0) {
      this.reactor.submission.reframe(this, this.#textRequest);
    }
  }

  configure(settings: DatagramSettings): void {
    this.settings = settings;
    this.outbox.settings = settings;
    if (this.inbox.set(settings)) this.schedule();
  }

  /** Binds, at once: what goes wrong is thrown. */
  listen(host: string, port: number): void {
    if (this.closing || this.phase === 'closed') throw channelClosed('listen()');
    if (this.phase === 'bound') throw channelActive('listen()', this.readyState);
    if (this.#connection !== 'none') throw channelActive('listen()', 'connecting');
    this.#bind(host, port);
  }

  /** Takes over a socket that was bound elsewhere; `onListen` follows when the constructors have run. */
  adopt(fd: number): void {
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
    const peer = text.slice(addressBytes(text, 0));
    if (decodeAddress(peer, 0) === null) return;
    this.#peer = this.endpoints.of(peer);
    this.#connection = 'set';
  }

  write(data: unknown, address: unknown, to: (given: unknown) => Destination): boolean {
    const piece = typeof data === 'string' ? data : checkData(data);
    if (!this.outbox.accepts('write()')) return this.outbox.refuse(sizeOf(piece));
    const destination = this.#destination(address, to);
    if (this.phase === 'idle') this.takeFields();
    if (!this.outbox.hasRoom()) {
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
    if (this.closing || this.ending || this.phase === 'closed') throw channelClosed('connect()');
    if (this.#connection !== 'none') throw channelActive('connect()', this.readyState);
    this.reactor.assertRunning();
    this.takeFields();
    assertNotAborted(this.settings.signal);
    if ('key' in to) {
      this.#ensureBound(familyOf(to));
      this.#setPeer(to);
      return;
    }
    this.#connection = 'connecting';
    const { host, port } = to;
    this.#lookUp(host, port, 'connect', (found) => {
      if (found instanceof Endpoint) this.#setPeer(found);
      else this.#peerFailed(found);
    });
  }

  disconnect(): void {
    if (this.#connection === 'connecting' && !this.done) throw peerNotSet('disconnect()');
    if (this.#connection !== 'set' || this.closing) throw channelNotConnected('disconnect()');
    this.#connection = 'none';
    this.#peer = null;
    this.local = this.#home;
    this.#ask(Op.DROP_PEER);
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

  /** `onWrite` is another one: it shall hear of what is pending. */
  watchDrain(): void {
    if (this.index < 0 || this.outbox.pending === 0) return;
    this.reactor.submission.request(Op.NOTIFY, this);
  }

  pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.inbox.interrupt();
    this.#tellPause();
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.schedule();
  }

  end(): void {
    if (this.closing || this.ending) return;
    if (this.phase === 'idle' && !this.#resolver.isBusy) {
      this.close({ reason: 'end' });
      return;
    }
    this.ending = true;
    this.outbox.end('this side');
    this.inbox.clear();
    if (this.#resolver.isBusy) {
      // The reactor's own clock starts when it hears of the end.
      const error = lingerTimeout(this.settings.lingerTimeout);
      const expired = () => this.close({ reason: 'timeout', error });
      this.#linger = setTimeout(expired, this.settings.lingerTimeout);
    } else {
      this.#ask(Op.END);
    }
  }

  close(why: Pick<CloseInfo, 'reason' | 'error'> = { reason: 'close' }): void {
    if (this.closing) return;
    this.closing = true;
    this.inbox.clear();
    this.#why = this.#why.error === undefined ? why : this.#why;
    // A limit, a timeout and a failure come with an error.
    this.outbox.end(this.#why.error === undefined ? 'this side' : 'others');
    if (this.index >= 0) {
      this.reactor.submission.request(Op.CLOSE, this);
    } else {
      if (this.phase === 'idle') this.reactor.registry.begin(this);
      this.#due ??= { ...this.#why, unsentBytes: this.outbox.accepted };
      this.schedule();
    }
  }

  // ── What the reactor reports ────────────────────────────────────────────────────────────────

  datagrams(record: Datagrams): void {
    if (this.closing || this.ending) return;
    this.inbox.take(record);
  }

  /** A datagram was not sent, or not received whole; or an earlier one has not arrived. */
  failed(errno: number, syscall: number, size: number, key: string): void {
    this.#open();
    if (this.closing || this.ending) return;
    const address = decodeAddress(key, 0);
    if (errno === 0) this.report(datagramTruncated(size, address));
    else this.report(datagramFailed(errno, syscall, address));
  }

  /** The peer is set, and the socket has this address; or that has failed. */
  peerSet(errno: number, key: string): void {
    this.#open();
    if (this.closing || this.ending || this.#connection === 'none') return;
    if (errno === 0) {
      this.#connection = 'set';
      this.local = decodeAddress(key, 0);
      if (this.channel.onConnect !== this.defaults.onConnect) {
        this.hook(() => this.channel.onConnect());
      }
      return;
    }
    const address = this.#peer?.address ?? null;
    this.#peerFailed(datagramFailed(errno, 'connect', address));
  }

  /** The reactor has sent or refused so many datagrams: perhaps nothing is pending any more. */
  drained(datagrams = this.outbox.reached): void {
    this.#open();
    if (!this.closing && this.outbox.drained(datagrams)) this.hook(() => this.channel.onWrite());
  }

  /** The socket is gone. */
  closed(info: CloseInfo, tally?: Tally): void {
    if (this.phase === 'closed') return;
    this.leave(tally);
    this.outbox.settle();
    this.outbox.drops = Math.max(this.outbox.drops, this.tally[TallyAt.DROPS] as number);
    this.#due = this.closing ? { ...this.#why, unsentBytes: info.unsentBytes } : info;
    this.#finish();
  }

  protected override unsent(sent?: number): number {
    return sent === undefined ? this.outbox.pending : this.outbox.accepted - sent;
  }

  protected override errorOf(end: NativeEnd): Error {
    if (end.reason === Reason.LINGER) return lingerTimeout(this.settings.lingerTimeout);
    return super.errorOf(end);
  }

  protected override work(): void {
    this.#open();
    const { flooded } = this.outbox;
    if (flooded !== null && !this.done) {
      this.overflow(flooded);
      this.close({ reason: 'overflow', error: flooded });
    }
    if (this.#late.length > 0) {
      for (const error of this.#late.splice(0)) if (!this.done) this.report(error);
      this.drained();
    }
    this.inbox.deliverHeld();
    this.#tellPause();
    if (this.#due !== null) this.#finish();
  }

  /** What the budget of an earlier turn has left. */
  goOn(): void {
    this.#awaitsTurn = false;
    this.inbox.deliverHeld();
    this.#tellPause();
    if (this.#due !== null) this.#finish();
  }

  // ── What the inbox asks and says ────────────────────────────────────────────────────────────

  get receptive(): boolean {
    const may = !this.paused && !this.closing && !this.ending && !this.#awaitsTurn;
    return may && this.phase === 'bound';
  }

  get done(): boolean {
    return this.closing || this.ending;
  }

  get awaitsTurn(): boolean {
    return this.#awaitsTurn && !this.paused;
  }

  get listens(): boolean {
    return this.channel.onRead !== this.defaults.onRead;
  }

  deliver(frame: Buffer | string, sender: Endpoint): void {
    this.frames += 1;
    try {
      this.channel.onRead(frame as never, sender.address);
    } catch (error) {
      this.reactor.uncaught(error);
    }
    const { budget } = this.reactor.turn;
    budget.count();
    if (budget.overdrawn) this.#pauseForTurn();
  }

  overflow(error: Error): void {
    this.#why = { reason: 'overflow', error };
    this.hook(() => this.channel.onOverflowError(error as never));
    if (!this.closing) this.#why = { reason: 'close' };
  }

  report(error: Error): void {
    this.hook(() => this.channel.onError(error));
  }

  undeliverable(error: Error): void {
    this.report(error);
    this.close({ reason: 'error', error });
  }

  // ── Below ───────────────────────────────────────────────────────────────────────────────────

  /** As a pause that ends by itself. */
  #pauseForTurn(): void {
    if (this.#awaitsTurn) return;
    this.#awaitsTurn = true;
    this.inbox.interrupt();
    this.reactor.turn.goOnLater(this);
  }

  takeFields(): void {
    takeFields(this.channel, this);
  }

  get #wantsDrain(): boolean {
    return this.channel.onWrite !== this.defaults.onWrite;
  }

  /** What the reactor is told: it only has to know whether bytes become text. */
  get #textRequest(): ReframeRequest {
    const framing = framingOf(null);
    const text = this.inbox.encoding !== null;
    return { epoch: 1, framing, limit: 0, consumed: 0, adopt: false, text, last: false };
  }

  #destination(given: unknown, to: (given: unknown) => Destination): Destination {
    if (given === undefined || given === null) {
      if (this.#connection === 'none' && this.inbox.sender !== null) return this.inbox.sender;
      if (this.#connection === 'none') throw channelNotConnected('write() without an address');
      return null;
    }
    const destination = to(given);
    if (this.#connection === 'none') return destination;
    const isPeer =
      destination !== null && 'key' in destination && destination.key === this.#peer?.key;
    if (!isPeer) throw channelActive('write() to an address', this.readyState);
    return null;
  }

  /** Told as the operating system's refusal is, only that it never gets there. */
  #refuse(piece: string | Uint8Array, to: Destination): void {
    const size = sizeOf(piece);
    const address = to !== null && 'key' in to ? to.address : (this.#peer?.address ?? null);
    this.outbox.accept(size);
    this.outbox.giveUp(size);
    this.#late.push(datagramFailed(constants.errno.EMSGSIZE, Syscall.SEND, address));
    this.schedule();
  }

  #writeTo(to: Endpoint, piece: string | Uint8Array): void {
    this.#ensureBound(familyOf(to));
    this.outbox.send(to, piece, this.#wantsDrain);
  }

  #writeToPeer(piece: string | Uint8Array): void {
    if (this.#peer !== null) {
      this.outbox.send(null, piece, this.#wantsDrain);
      return;
    }
    const { kept, size } = this.#keep(piece);
    this.#forPeer.push((error) => {
      if (error === null) this.outbox.send(null, kept, this.#wantsDrain, true);
      else this.#giveUp(size, error);
    });
  }

  #writeToName(host: string, port: number, piece: string | Uint8Array): void {
    this.reactor.assertRunning();
    assertNotAborted(this.settings.signal);
    const { kept, size } = this.#keep(piece);
    this.#lookUp(host, port, 'send', (found) => {
      if (found instanceof Endpoint) this.outbox.send(found, kept, this.#wantsDrain, true);
      else this.#giveUp(size, found);
    });
  }

  /** Bytes that wait for an address: the caller may change his. */
  #keep(piece: string | Uint8Array): { kept: string | Uint8Array; size: number } {
    const kept = typeof piece === 'string' ? piece : Uint8Array.from(piece);
    const size = sizeOf(kept);
    this.outbox.accept(size);
    return { kept, size };
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
      this.#watchSignal();
    }
    const { family: given, lookup } = this.settings;
    const family = given === 4 || given === 6 ? given : this.#boundFamily;
    this.#resolver.resolve(host, { family, lookup }, (error, found) => {
      if (this.closing) return;
      if (error) then(Object.assign(error, { port }));
      else then(this.#firstUsable(found, port) ?? addressUnusable(syscall, found[0] ?? host, port));
      if (this.phase === 'idle' && !this.#resolver.isBusy) this.reactor.registry.finish(this);
      if (this.ending && !this.#resolver.isBusy) this.#endLookedUp();
    });
  }

  /** `end()` has waited for names. */
  #endLookedUp(): void {
    clearTimeout(this.#linger);
    if (this.index >= 0) this.#ask(Op.END);
    else this.close({ reason: 'end' });
  }

  /** What a bound socket can send to; 0 where that is both. */
  get #boundFamily(): 0 | 4 {
    const local = this.#home;
    return local !== null && typeof local === 'object' && local.family === 'IPv4' ? 4 : 0;
  }

  /** Null where none is an address; an error where there is one, and no socket to be had for it. */
  #firstUsable(addresses: string[], port: number): Endpoint | Error | null {
    for (const address of addresses) {
      const to = this.endpoints.ofLiteral(address, port);
      if (to !== null) return this.#tryToBind(familyOf(to)) ?? to;
    }
    return null;
  }

  #setPeer(to: Endpoint): void {
    this.#connection = 'connecting';
    this.#peer = to;
    this.reactor.submission.setPeer(this, to.bytes);
    for (const send of this.#forPeer.splice(0)) send(null);
  }

  #peerFailed(error: Error): void {
    this.#connection = 'none';
    this.#peer = null;
    if (!this.done) this.report(error);
    for (const send of this.#forPeer.splice(0)) send(error);
  }

  #tryToBind(family: 4 | 6 | 'unix'): Error | null {
    try {
      this.#ensureBound(family);
      return null;
    } catch (error) {
      return error as Error;
    }
  }

  /** A channel that writes before it listens gets a free port, for what it writes to. */
  #ensureBound(family: 4 | 6 | 'unix'): void {
    if (this.phase !== 'idle') return;
    const wanted = this.settings.family === 0 ? family : this.settings.family;
    this.#bind(wanted === 4 ? '0.0.0.0' : wanted === 6 ? '::' : '', 0);
  }

  #assertBound(what: string): void {
    if (this.closing || this.phase === 'closed') throw channelClosed(what);
    if (this.phase === 'idle') throw channelNotBound(what);
  }

  #bind(host: string, port: number): void {
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
    this.#home = local;
    this.local = local;
    this.phase = 'bound';
    this.reactor.registry.begin(this);
    this.join(index, generation);
    this.enter(descriptor);
    this.keepAlive();
    this.#watchSignal();
    this.schedule();
  }

  /**
   * `onListen`; then the reactor begins to read. What was submitted in the turn of the bind may be
   * answered before that turn's end, when another channel's batch had it submitted early.
   */
  #open(): void {
    if (this.#opened || this.phase !== 'bound' || this.closing) return;
    this.#opened = true;
    // Of one that its constructor has bound, the fields are there only now.
    try {
      this.takeFields();
    } catch (error) {
      this.reactor.uncaught(error);
      this.close({ reason: 'error', error: error as Error });
    }
    const { channel, defaults } = this;
    if (!this.done && channel.onListen !== defaults.onListen) this.hook(() => channel.onListen());
    if (!this.done && this.hasPeer && channel.onConnect !== defaults.onConnect) {
      this.hook(() => channel.onConnect());
    }
    if (this.closing) return;
    const { lingerTimeout } = this.settings;
    const timeouts = { idleTimeout: 0, frameTimeout: 0, lingerTimeout };
    this.reactor.submission.start(this, { ...timeouts, reframe: this.#textRequest });
    this.#tellPause();
    if (this.ending && !this.#resolver.isBusy) this.reactor.submission.request(Op.END, this);
  }

  /** As a stream's: goes on only when all that is held has been delivered. */
  #tellPause(): void {
    if (this.paused === this.#halted || this.index < 0 || !this.#opened) return;
    this.#halted = this.paused;
    this.#ask(this.paused ? Op.PAUSE : Op.RESUME);
  }

  #ask(op: number): void {
    if (this.index < 0) return;
    // What comes before the start, the start repeats.
    if (!this.#opened && op !== Op.DROP_PEER) return;
    this.reactor.submission.request(op, this);
  }

  #watchSignal(): void {
    this.#unwatch ??= watchAbort(this.settings.signal, () => this.close());
  }

  /** `onError`, where that is the reason, and `onClose`. */
  #finish(): void {
    const info = this.#due;
    if (info === null || this.phase === 'closed') return;
    if (!this.closing && !this.ending) {
      if (this.#awaitsTurn) return;
      const { error } = info;
      this.closing = true;
      this.outbox.end('others');
      if (error !== undefined && info.reason === 'error') this.report(error);
    }
    this.closing = true;
    this.phase = 'closed';
    this.outbox.end('others');
    clearTimeout(this.#linger);
    this.#unwatch?.();
    this.inbox.clear();
    this.outbox.settle();
    this.letGo();
    this.exit();
    this.hook(() => this.channel.onClose(info));
    this.local = null;
    this.#peer = null;
    this.reactor.registry.finish(this);
  }
}

function familyOf(to: Endpoint): 4 | 6 | 'unix' {
  const { address } = to;
  if (address === null || typeof address === 'string') return 'unix';
  return address.family === 'IPv6' ? 6 : 4;
}

function sizeOf(piece: string | Uint8Array): number {
  return typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length;
}

/** No system sends so much as one; nor is it worth its memory to ask. */
function isTooLong(piece: string | Uint8Array): boolean {
  return piece.length > MOST_BYTES;
}
