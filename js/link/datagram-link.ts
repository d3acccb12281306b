/**
 * The JS half of a datagram channel: what state it is in, and which hooks run when.
 *
 * ```text
 *   idle ──listen(), connect(), the first write()──▶ opening ──onListen──▶ open ──▶ closed
 * ```
 */

import { decodeAddress } from '../check/address.ts';
import { type DatagramSettings, datagramSettings } from '../check/datagram-options.ts';
import type { Endpoint } from '../check/endpoint.ts';
import {
  channelActive,
  channelClosed,
  datagramFailed,
  datagramTruncated,
  invalidValue,
  lingerTimeout,
} from '../check/errors.ts';
import { encodingOf } from '../check/options.ts';
import { framingOf, NOTHING } from '../check/read-delimiter.ts';
import { Change, Op, Tally as TallyAt } from '../generated/wire.ts';
import type { Datagrams } from '../reactor/handler.ts';
import type { ReframeRequest, SettingsRequest } from '../reactor/submission.ts';
import { DatagramInbox, type DatagramReceiver } from '../read/packets.ts';
import type { CloseInfo, DatagramStats, ReadDelimiter, ReadyState } from '../types.ts';
import { DatagramOutbox } from '../write/packets.ts';
import { AddressedLink } from './addressed-link.ts';
import { datagramFields } from './fields.ts';
import type { DatagramHooks, Hook } from './hooks.ts';
import type { Owner } from './link.ts';

/** @internal */
export class DatagramLink extends AddressedLink implements DatagramReceiver {
  readonly inbox: DatagramInbox;
  readonly outbox: DatagramOutbox;
  #linger: NodeJS.Timeout | undefined;

  constructor(
    channel: DatagramHooks,
    defaults: DatagramHooks,
    engine: Owner,
    settings: DatagramSettings,
  ) {
    super(channel, defaults, engine, settings);
    this.outbox = new DatagramOutbox(this.reactor, this, settings);
    this.inbox = new DatagramInbox(this, this.endpoints, this.reactor.cut, settings);
  }

  // ── What user code asks ─────────────────────────────────────────────────────────────────────

  get readyState(): ReadyState {
    if (this.closing || this.phase === 'closed') return 'closed';
    if (this.wanted === 'ending') return 'readOnly';
    if (this.peer.state === 'set') return 'open';
    if (this.peer.state !== 'none') return 'opening';
    return this.isBound ? 'listening' : 'idle';
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
    if (this.peer.state !== 'none') throw channelActive('listen()', 'connecting');
    this.bind(host, port);
  }

  /** Takes over a socket that was bound elsewhere; `onListen` follows when the constructors have run. */
  adopt(fd: number): void {
    const peer = this.takeOver(fd);
    if (decodeAddress(peer, 0) === null) return;
    this.peer = { state: 'set', to: this.endpoints.of(peer) };
  }

  /** What is written before `onListen` is submitted before the start; so is this. */
  override watchDrain(): void {
    if (this.outbox.pending > 0) this.ask(Op.WANTS_DRAIN);
  }

  end(): void {
    if (this.deliversNothing) return;
    if (this.phase === 'idle' && !this.resolver.isBusy) {
      this.close({ reason: 'end' });
      return;
    }
    this.wanted = 'ending';
    this.outbox.end('this side');
    this.inbox.clear();
    // The reactor's own clock starts when it hears of the end.
    if (this.resolver.isBusy) this.#watchLinger();
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
    if (this.deliversNothing) return;
    if (this.taker !== null) this.waiting += record.count;
    this.inbox.take(record);
    if (this.taker !== null) this.tellPause();
  }

  /** A datagram was not sent, or not received whole; or an earlier one has not arrived. */
  failed(errno: number, syscall: number, size: number, key: string): void {
    this.open();
    if (this.deliversNothing) return;
    const address = decodeAddress(key, 0);
    if (errno === 0) this.report(datagramTruncated(size, address));
    else this.report(datagramFailed(errno, syscall, address));
  }

  /** The reactor has sent or refused so many datagrams: perhaps nothing is pending any more. */
  drained(datagrams = this.outbox.reached): void {
    this.open();
    if (this.closing || !this.outbox.drained(datagrams)) return;
    this.hook(() => this.channel.onWrite());
    this.tellDrained();
  }

  protected override work(): void {
    this.open();
    // What `end()` was called behind is sent, also where more was not accepted.
    if (!this.deliversNothing) this.flood();
    if (this.late.length > 0) {
      for (const error of this.late.splice(0)) if (!this.deliversNothing) this.report(error);
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

  /** What the reactor is told: it only has to know whether bytes become text. */
  get #textRequest(): ReframeRequest {
    const framing = framingOf(null);
    const text = this.inbox.encoding !== null;
    return { epoch: 1, framing, limit: 0, passedOn: 0, mayCut: false, text, last: false };
  }

  /** `end()` has waited for names. */
  protected endLookedUp(): void {
    clearTimeout(this.#linger);
    if (this.index >= 0) this.askStarted(Op.END);
    else this.close({ reason: 'end' });
  }

  /**
   * `onListen`; then the reactor begins to read. What was submitted in the turn of the bind may be
   * answered before that turn's end, when another channel's batch had it submitted early.
   */
  protected open(): void {
    if (this.closing || !this.enterOpen()) return;
    const { channel, defaults } = this;
    if (!this.deliversNothing && channel.onListen !== defaults.onListen)
      this.hook(() => channel.onListen());
    this.tellOpened();
    if (!this.deliversNothing && this.hasPeer && channel.onConnect !== defaults.onConnect) {
      this.hook(() => channel.onConnect());
    }
    if (this.closing) return;
    this.reactor.submission.start(this, this.settingsRequest(Change.LINGER), this.#textRequest);
    this.tellPause();
    if (this.wanted === 'ending' && !this.resolver.isBusy) this.askStarted(Op.END);
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
}
