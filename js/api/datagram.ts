/** A packet-oriented channel. */

import { count, flag, listenArguments, localAddress, text } from '../check/datagram-arguments.ts';
import { datagramSettings } from '../check/datagram-options.ts';
import { invalidType } from '../check/errors.ts';
import { checkOptions, datagramNames } from '../check/option-names.ts';
import { checkDescriptor, checkFlush } from '../check/options.ts';
import { DatagramLink } from '../link/datagram-link.ts';
import { datagramFields, defineFields, setReading } from '../link/fields.ts';
import { link } from '../link/link.ts';
import { currentContext } from '../reactor/context.ts';
import type {
  Address,
  AddressLike,
  ChannelError,
  CloseInfo,
  Data,
  DatagramFramesOptions,
  DatagramProperties,
  DatagramStats,
  DescriptorOptions,
  FrameFor,
  HookError,
  ReadDelimiter,
  WaitOptions,
} from '../types.ts';
import { datagramFramesOf, type FrameOf } from './adapters/frames.ts';
import type { FrameIterator } from './adapters/iterator.ts';
import { drainedOf } from './adapters/promises.ts';
import { Channel, Engine } from './engine.ts';
import type { DatagramOptions } from './options.ts';
import { warnUnhandled } from './unhandled.ts';

/**
 * A packet-oriented channel: UDP, or with `family: 'unix'` Unix datagrams.
 *
 * ```ts
 * class Echo extends Datagram {
 *   onRead(data: Buffer, addr: Address) { this.write(data); }
 * }
 * new Echo().listen(4040);
 * ```
 *
 * Datagrams are lost on their way, doubled and reordered, as the network pleases; but what arrives
 * is never merged, split or cut. An error of one datagram is told by `onError`, and the channel
 * lives on. `A` is what addresses are: `Address`, or for Unix sockets `string | null` (a sender may
 * have no name).
 */
export class Datagram<A extends Address | string | null = Address>
  extends Channel
  implements DatagramProperties
{
  /** @internal */
  readonly [link]: DatagramLink;

  declare readDelimiter: ReadDelimiter;
  declare readEncoding: DatagramProperties['readEncoding'];
  declare bufferSize: number;
  declare highWaterMark: number;
  declare maxPendingBytes: number;
  declare lingerTimeout: number;
  declare maxSenders: number;

  /**
   * `new Datagram({ fd })` takes over a socket that was bound elsewhere, UDP or Unix, also one that
   * has a peer. It receives from the start; `onListen` follows from the event loop. A Unix socket's
   * file is left to who made it.
   *
   * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_UNKNOWN_OPTION`. For `fd` also what
   *   the operating system says (`EBADF`, `ENOTSOCK`, …), and `ERR_INVALID_ARG_VALUE` for a socket of
   *   another kind, one that is not bound, or one that a channel has; then the descriptor is still
   *   the caller's
   */
  constructor(options?: DatagramOptions & DescriptorOptions) {
    super(link);
    const { fd, ...given }: DatagramOptions & DescriptorOptions = checkOptions(
      options,
      datagramNames.channel,
    );
    const { engine = Engine.instance() } = given;
    if (!Engine.isEngine(engine)) throw invalidType('engine', 'an Engine', engine);
    const settings = datagramSettings(given);
    const channel = this as unknown as Datagram<Address | string | null>;
    this[link] = new DatagramLink(channel, Datagram.prototype, engine, settings);
    this[link].context = currentContext();
    setReading(this[link], given);
    const descriptor = checkDescriptor(fd);
    if (descriptor !== undefined) this[link].adopt(descriptor);
  }

  /** Whether it receives: it is bound, and not closed. */
  override get listening(): boolean {
    return this[link].isBound && !this[link].deliversNothing;
  }

  /**
   * Whether it has a peer, by `connect()`: until it has closed, after `end()` too. Whether one may
   * write is told by `readyState`.
   */
  override get connected(): boolean {
    return this[link].hasPeer && !this[link].closing;
  }

  /** This end's address, as soon as it is bound; `null` before, and after `onClose`. */
  get localAddr(): A | null {
    return this[link].local as A | null;
  }

  /** Inside `onRead`: the sender. Otherwise the peer that `connect()` has set, or `null`. */
  get remoteAddr(): A | null {
    return this[link].remote as A | null;
  }

  /** Bytes of datagrams received, those included that `onRead` was not given yet. */
  get bytesRead(): number {
    return this[link].stats().bytesRead;
  }

  /** Bytes accepted by `write()`, pending ones included. */
  get bytesWritten(): number {
    return this[link].outbox.accepted;
  }

  /** Bytes accepted by `write()`, and not yet taken or refused by the operating system. */
  get pendingBytes(): number {
    return this[link].outbox.pending;
  }

  /**
   * Datagrams that arrived and were lost: by the operating system, because the receive buffer was
   * full (where it tells, on Linux), or here, because one was longer than 64 KiB (Unix sockets).
   */
  get drops(): number {
    return this[link].drops;
  }

  /** Counters since the channel began; they can be read in `onClose` and after it, too. */
  override stats(): DatagramStats {
    return this[link].stats();
  }

  /**
   * Binds, and receives from then on: `(port)`, `(port, host)`, `([host, port])`, `({ host, port,
   * …options })`, with `family: 'unix'` `(path)`. Without a host: every interface, IPv6 and IPv4
   * alike; without a port, or with 0: a free one. Of a name's addresses, IPv4 comes first; it is
   * looked up while the call waits.
   *
   * @throws what the operating system says, as Node has it (`EADDRINUSE`, `EACCES`, …);
   *   `ERR_CHANNEL_ACTIVE`, `ERR_CHANNEL_CLOSED`, `ERR_ENGINE_CLOSED`, `ABORT_ERR`; for wrong
   *   arguments `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_SOCKET_BAD_PORT`
   */
  listen(port?: number, host?: string | null, options?: DatagramOptions): this;
  listen(address: AddressLike | string, options?: DatagramOptions): this;
  listen(address: AddressLike & DatagramOptions): this;
  listen(first?: unknown, second?: unknown, third?: unknown): this {
    const hosted = typeof second === 'string' || second === null || third !== undefined;
    const { family } = this[link].settings;
    const { address, options } = listenArguments(first, hosted ? third : second, family);
    const settings = datagramSettings(options, this[link].settings);
    const at = localAddress(address, hosted ? second : undefined, settings.family);
    const before = this[link].settings;
    this[link].configure(settings);
    try {
      setReading(this[link], options);
      this[link].listen(at.host, at.port);
    } catch (error) {
      this[link].configure(before);
      throw error;
    }
    return this;
  }

  /**
   * Sends one datagram: to `addr`, or without it to the peer that `connect()` has set, or inside
   * `onRead` to the sender. The bytes are taken at the call. Datagrams to one address leave in the
   * order of the calls; those of one turn of the event loop leave together, unless `flush` is true.
   *
   * A channel that is not bound yet is bound to a free port. A host's name is looked up by
   * `dns.lookup`, once for all that ask while the answer is on its way; IPv4 comes first. A port
   * without a host: this machine. What cannot be sent is told by `onError`, with its address.
   * Unix sockets are reliable: one whose receiver does not read waits for it, and so do those behind it.
   *
   * Where the channel has closed by no wish of this side, the data is dropped, counted in
   * `stats().refusedBytes`, and false returned.
   *
   * @returns false above `highWaterMark` pending (a datagram counts as 64 bytes at least): wait for
   *   `onWrite`
   *
   * @throws `ERR_CHANNEL_NOT_CONNECTED` without an address where there is none to answer or send
   *   to; `ERR_CHANNEL_ACTIVE` with one, where `connect()` has set another; `ERR_CHANNEL_CLOSED`
   *   after `end()` or `close()`; `ERR_INVALID_ARG_TYPE` (also for a `flush` that is no boolean),
   *   `ERR_INVALID_ARG_VALUE`, `ERR_BUFFER_DETACHED`; `ERR_SOCKET_BAD_PORT`, also for port 0
   */
  write(data: Data, addr?: AddressLike | A | null, flush = false): boolean {
    const now = checkFlush(flush, 'an address is one argument: [host, port] or { host, port }');
    const goOn = this[link].write(data, addr);
    if (now) this[link].reactor.submission.flush();
    return goOn;
  }

  /** Sends now what this turn has written, to any channel of this engine. */
  flush(): void {
    this[link].reactor.submission.flush();
  }

  /**
   * Sets the peer: datagrams without an address go to it, and only its own are received. `onConnect`
   * follows; where it fails, `onError`, and the channel lives on without a peer. What is written
   * meanwhile waits.
   *
   * @throws as `write()` and `listen()`; `ERR_CHANNEL_ACTIVE` where there is a peer
   */
  connect(addr: AddressLike | A): this {
    this[link].connect(addr);
    return this;
  }

  /**
   * Takes the peer back, behind what was written to it.
   *
   * @throws `ERR_CHANNEL_NOT_CONNECTED`, also between `connect()` and `onConnect`
   */
  disconnect(): this {
    this[link].disconnect();
    return this;
  }

  /**
   * Resolves with the next `onWrite`, after that hook, or at once where nothing is pending: the whole
   * of back-pressure is `if (!channel.write(data)) await channel.drained();`. Rejects when the channel
   * closes before: with what has closed it, or `ERR_CHANNEL_CLOSED`; `ABORT_ERR` by the signal.
   */
  drained(options?: WaitOptions): Promise<void> {
    return drainedOf(this[link], options);
  }

  /**
   * The datagrams, or with a delimiter the frames, each with its sender, instead of `onRead`;
   * `for await (const [data, addr] of channel)` is the same with the defaults. The other hooks run as
   * ever. From this call on what is not asked for waits; when `highWaterMark` of them do, the rest is
   * left to the receive buffer.
   *
   * It ends when the channel closes, and throws what has closed it, where that is an error. What is told
   * to `onError` ends nothing: the channel lives on. Leaving the loop early ends the channel, as by
   * `end()`, unless `keepOpen` is true. Inside the loop's body no address is that of the sender by
   * itself: `channel.write(answer, addr)`.
   *
   * @throws as a stream's `frames()`
   */
  frames(options?: DatagramFramesOptions): FrameIterator<[FrameOf<this['readEncoding']>, A]> {
    return datagramFramesOf(this[link], options);
  }

  /** As `frames()`. */
  [Symbol.asyncIterator](): FrameIterator<[FrameOf<this['readEncoding']>, A]> {
    return datagramFramesOf(this[link], undefined);
  }

  /** Delivers nothing until `resume()`; what arrives waits in the receive buffer, or is dropped. */
  pause(): this {
    this[link].pause();
    return this;
  }

  /** Takes `pause()` back. What has waited follows from the event loop, never inside this call. */
  resume(): this {
    this[link].resume();
    return this;
  }

  /** Sends what is pending, then closes. Further hooks: `onWrite`, `onClose`. */
  end(): void {
    this[link].end();
  }

  /** Closes at once: what is pending is dropped, and counted in `onClose`'s `unsentBytes`. */
  close(): void {
    this[link].close();
  }

  /** Whether it may send to broadcast addresses. @throws as `setTTL` */
  setBroadcast(on: boolean): void {
    this[link].setOption('setBroadcast', flag('flag', on));
  }

  /**
   * How many hops a datagram may take, 1 to 255.
   *
   * @throws what the operating system says (`EINVAL`, …); `ERR_CHANNEL_NOT_CONNECTED` before
   *   `listen()`; `ERR_CHANNEL_CLOSED`, `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
   */
  setTTL(ttl: number): void {
    this[link].setOption('setTTL', count('ttl', ttl));
  }

  /** How many hops a datagram to a group may take, 0 to 255. @throws as `setTTL` */
  setMulticastTTL(ttl: number): void {
    this[link].setOption('setMulticastTTL', count('ttl', ttl));
  }

  /** Whether what it sends to a group comes back to this machine. @throws as `setTTL` */
  setMulticastLoopback(on: boolean): void {
    this[link].setOption('setMulticastLoopback', flag('flag', on));
  }

  /**
   * By which interface it sends to groups: its IPv4 address, or for IPv6 `'::%eth0'`.
   *
   * @throws as `setTTL`
   */
  setMulticastInterface(multicastInterface: string): void {
    const given = text('multicastInterface', multicastInterface);
    this[link].setOption('setMulticastInterface', 0, { interface: given });
  }

  /** Receives what is sent to a group, by one interface. @throws as `setTTL` */
  addMembership(multicastAddress: string, multicastInterface?: string): void {
    this.#membership('addMembership', multicastAddress, multicastInterface);
  }

  /** Takes `addMembership()` back. @throws as `setTTL` */
  dropMembership(multicastAddress: string, multicastInterface?: string): void {
    this.#membership('dropMembership', multicastAddress, multicastInterface);
  }

  /** Receives what one source sends to a group. @throws as `setTTL` */
  addSourceSpecificMembership(source: string, group: string, multicastInterface?: string): void {
    this.#membership('addSourceSpecificMembership', group, multicastInterface, source);
  }

  /** Takes `addSourceSpecificMembership()` back. @throws as `setTTL` */
  dropSourceSpecificMembership(source: string, group: string, multicastInterface?: string): void {
    this.#membership('dropSourceSpecificMembership', group, multicastInterface, source);
  }

  /** `SO_RCVBUF`, in bytes. @throws as `setTTL` */
  setRecvBufferSize(size: number): void {
    this[link].setOption('setRecvBufferSize', count('size', size));
  }

  /** `SO_SNDBUF`, in bytes. @throws as `setTTL` */
  setSendBufferSize(size: number): void {
    this[link].setOption('setSendBufferSize', count('size', size));
  }

  /** `SO_RCVBUF`, in bytes as the operating system counts them. @throws as `setTTL` */
  getRecvBufferSize(): number {
    return this[link].bufferSizes('getRecvBufferSize').recv;
  }

  /** `SO_SNDBUF`, in bytes as the operating system counts them. @throws as `setTTL` */
  getSendBufferSize(): number {
    return this[link].bufferSizes('getSendBufferSize').send;
  }

  /** The channel is bound: after `listen()`, or after what has bound it without. */
  onListen(): void {}

  /** `connect()` has set the peer. */
  onConnect(): void {}

  /**
   * A datagram, or with a delimiter a frame: a Buffer, or a string where `readEncoding` is set.
   * `addr` is its sender; nobody may change it.
   */
  onRead(_data: FrameFor<this>, _addr: A): void {}

  /** Everything written so far has been handed to the operating system; once per drain. */
  onWrite(): void {}

  /**
   * A sender's frame outgrew `bufferSize`: what waited of this sender is dropped, unless the hook
   * sets another `readDelimiter` or `bufferSize`. Or more than `maxPendingBytes` was pending: then
   * the channel closes. The default closes the channel, as every channel's does. Where a sender can
   * be anyone, override it: then one who sends too much harms nobody but himself.
   */
  onOverflowError(_error: ChannelError): void {
    this.close();
  }

  /**
   * One operation failed, and the channel lives on: `address` and `port` of the error tell whose
   * datagram was not sent or not received whole. Also, with syscall `recvmsg`, where the network has
   * answered that one did not arrive (ICMP: `ECONNREFUSED`, `EHOSTUNREACH`, …): on Linux of every
   * channel, elsewhere of one that has a peer.
   *
   * The default tells of it by `process.emitWarning()`, a `PantsWarning`, once for each class and code.
   */
  onError(error: HookError): void {
    warnUnhandled(this, 'onError', error);
  }

  /** The channel has closed. Exactly once, and the last hook. */
  onClose(_info: CloseInfo): void {}

  #membership(name: string, group: unknown, by: unknown, source?: unknown): void {
    this[link].setOption(name, 0, {
      group: text('multicastAddress', group),
      interface: by === undefined ? undefined : text('multicastInterface', by),
      source: source === undefined ? undefined : text('sourceAddress', source),
    });
  }
}

defineFields(Datagram.prototype, datagramFields);
