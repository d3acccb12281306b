import type { Socket } from 'node:dgram';
import dns from 'node:dns';
import { isIP } from 'node:net';

import { copyBytes, decoded } from './bytes.ts';
import { Channel } from './channel.ts';
import { DatagramInbox, type DatagramReceiver } from './datagram-inbox.ts';
import { codedError, notBound, notConnected, notFound, unusable, valueError } from './errors.ts';
import { type FrameSource, Frames, type FramesOptions } from './frames.ts';
import { warnMisspelt } from './misspelt.ts';
import { ADDRESS, checkNames, MADE_WITH, names } from './names.ts';
import {
  checkDatagramOptions,
  checkFlush,
  type Endpoint,
  parseAddress,
  plainHost,
} from './options.ts';
import { type Delimiter, parseDelimiter } from './read-delimiter.ts';
import { checkProperty, DATAGRAM_PROPERTIES, DEFAULTS } from './settings.ts';
import { plainAddress } from './socket.ts';
import type {
  Address,
  CloseInfo,
  Data,
  DatagramOptions,
  ReadDelimiter,
  ReadyState,
  Writable,
} from './types.ts';
import { addressOf, bindUdp, familyNumber, filenoOfUdp, forSocket, isUsable } from './udp.ts';
import { warnUnhandled } from './unhandled.ts';

/** What a look-up gives. */
interface Found {
  readonly address: string;
  readonly family: number;
}

/** Datagrams over node:dgram, one by one. Nothing is bounded here but what must be reported. */
export class Datagram extends Channel {
  declare readDelimiter: ReadDelimiter;
  declare readEncoding: string | null;
  declare bufferSize: number;
  declare highWaterMark: number;
  declare maxPendingBytes: number;
  declare lingerTimeout: number;

  #settings = { ...DEFAULTS, maxSenders: 1024 };
  #delimiter: Delimiter = { kind: 'none' };
  #options: DatagramOptions = {};
  #socket: Socket | null = null;
  #phase: 'idle' | 'bound' | 'closed' = 'idle';
  /** `end()` or `close()` was called: a write throws from then on. */
  #endedHere = false;
  #refusedBytes = 0;
  #localAddr: Address | null = null;
  #peer: 'none' | 'connecting' | 'set' = 'none';
  #peerAddr: Address | null = null;
  #sender: Address | null = null;
  #referenced = true;
  #paused = false;
  #ended = false;
  #flooded: Error | null = null;
  /** What onOverflowError is being told: closing is for that reason. */
  #overflown: Error | null = null;
  readonly #source: FrameSource & { info: CloseInfo | null } = {
    info: null,
    frames: null as Frames<unknown> | null,
    deliver: () => this.#inbox.deliver(),
    dispose: () => this._dispose(),
  };
  readonly #inbox = new DatagramInbox(this.#receiver());
  /** Names that are looked up, each with what waits for the answer. */
  #lookups = new Map<string, ((error: Error | null, ip: string) => void)[]>();
  #forPeer: ((failed: Error | null) => void)[] = [];
  #bytesRead = 0;
  #bytesWritten = 0;
  #bytesSent = 0;
  #pendingBytes = 0;
  #pendingCount = 0;

  constructor(options: DatagramOptions = {}) {
    super();
    checkNames(options, names.datagram, MADE_WITH);
    this.#configure(options);
  }

  static {
    for (const name of DATAGRAM_PROPERTIES) {
      Object.defineProperty(Datagram.prototype, name, {
        get(this: Datagram): unknown {
          return Reflect.get(this.#settings, name);
        },
        set(this: Datagram, value: never) {
          checkProperty(name, value);
          this.#change({ [name]: value });
          setImmediate(() => this.#inbox.deliver());
        },
      });
    }
  }

  override onError(error: Error): void {
    warnUnhandled(this, 'onError', error);
  }

  // State

  get readyState(): ReadyState {
    if (this.#phase === 'closed') return 'closed';
    if (this.#ended) return 'readOnly';
    if (this.#peer === 'connecting') return 'opening';
    if (this.#peer === 'set') return 'open';
    return this.#phase === 'bound' ? 'listening' : 'idle';
  }

  override get listening(): boolean {
    return this.#phase === 'bound' && !this.#ended;
  }

  override get connected(): boolean {
    return this.#peer === 'set' && this.#phase === 'bound';
  }

  get localAddr(): Address | null {
    return this.#localAddr;
  }

  get remoteAddr(): Address | null {
    return this.#sender ?? this.#peerAddr;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Node does not tell. */
  get drops(): number {
    return 0;
  }

  ref(): this {
    this.#referenced = true;
    this.#socket?.ref();
    return this;
  }

  unref(): this {
    this.#referenced = false;
    this.#socket?.unref();
    return this;
  }

  async drained({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    const isIdle = this.#pendingCount === 0 && this.#phase !== 'closed';
    if (!isIdle || signal?.aborted) await this._waits.next('drained', signal);
  }

  frames(options?: FramesOptions): Frames<[Data, Address]> {
    if (options !== undefined && 'rest' in options) throw codedError('ERR_UNKNOWN_OPTION', 'rest');
    const frames = new Frames<[Data, Address]>(this.#source, options);
    this.resume();
    return frames;
  }

  [Symbol.asyncIterator](): Frames<[Data, Address]> {
    return this.frames();
  }

  protected override _dispose(): void {
    this.end();
  }

  // Hooks that are others than a stream's

  override onRead(_data: Data, _addr?: Address): void {}

  // What users do

  listen(target?: unknown, options: DatagramOptions = {}): this {
    if (this.#phase === 'closed') throw codedError('ERR_CHANNEL_CLOSED', 'already closed');
    if (this.#phase === 'bound') throw codedError('ERR_CHANNEL_ACTIVE', 'already bound');
    const isObject = typeof target === 'object' && !Array.isArray(target);
    const { family: _, ...given } = { ...(isObject ? (target as DatagramOptions) : {}) };
    checkNames(options, names.datagram);
    checkNames(given, names.datagram, ADDRESS);
    const merged = { ...given, ...options };
    checkDatagramOptions(merged);
    const at = target === undefined ? { host: '', port: 0 } : parseAddress(target, '');
    this.#configure(merged);
    this.#bind(at);
    return this;
  }

  write(data: Writable, target?: unknown, flush = false): boolean {
    checkFlush(flush, 'an address is one argument: [host, port]');
    const bytes = copyBytes(data);
    if (this.#endedHere) {
      throw codedError('ERR_CHANNEL_CLOSED', 'write after the channel was ended or closed');
    }
    if (this.#phase === 'closed') {
      this.#refusedBytes += bytes.length;
      return false;
    }
    const to = this.#destination(target);
    if (this.#flooded !== null || this.#pendingBytes > this.#settings.maxPendingBytes) {
      this.#flood();
      this.#refusedBytes += bytes.length;
      return false;
    }
    this.#bytesWritten += bytes.length;
    this.#pendingBytes += bytes.length;
    this.#pendingCount += 1;
    if (to === null) this.#sendToPeer(bytes);
    else this.#resolve(to.host, 'send', (error, ip) => this.#send(bytes, to.port, error, ip));
    return this.#pendingBytes <= this.#settings.highWaterMark;
  }

  flush(): void {}

  connect(target: unknown): this {
    if (this.#phase === 'closed' || this.#ended) {
      throw codedError('ERR_CHANNEL_CLOSED', 'already closed');
    }
    if (this.#peer !== 'none') throw codedError('ERR_CHANNEL_ACTIVE', 'already connected');
    const { host, port } = this.#parse(target);
    this.#peer = 'connecting';
    if (isIP(host) !== 0) this.#peerAddr = plainAddress(host, port);
    this.#resolve(host, 'connect', (error, ip) => {
      if (error !== null) this.#connectFailed(Object.assign(error, { port }));
      else this.#connectTo(ip, port);
    });
    return this;
  }

  disconnect(): this {
    if (this.#peer !== 'set' || this.#phase !== 'bound') {
      throw codedError('ERR_CHANNEL_NOT_CONNECTED', 'disconnect: not connected yet, or no more');
    }
    this.#socket?.disconnect();
    this.#peer = 'none';
    this.#peerAddr = null;
    return this;
  }

  pause(): void {
    this.#paused = true;
  }

  stats(): { refusedBytes: number } {
    return { refusedBytes: this.#refusedBytes };
  }

  resume(): void {
    this.#paused = false;
    setImmediate(() => this.#inbox.deliver());
  }

  end(): void {
    if (this.#phase === 'closed' || this.#ended) return;
    this.#ended = true;
    this.#endedHere = true;
    setImmediate(() => this.#endIfSent());
  }

  close(): void {
    const overflow = this.#flooded ?? this.#overflown;
    if (overflow !== null) {
      this.#finish('overflow', overflow);
    } else {
      this.#endedHere ||= this.#phase !== 'closed';
      this.#finish('close');
    }
  }

  setBroadcast(on: boolean): void {
    this.#bound('setBroadcast').setBroadcast(on);
  }

  setTTL(ttl: number): void {
    this.#bound('setTTL').setTTL(ttl);
  }

  setMulticastTTL(ttl: number): void {
    this.#bound('setMulticastTTL').setMulticastTTL(ttl);
  }

  setMulticastLoopback(on: boolean): void {
    this.#bound('setMulticastLoopback').setMulticastLoopback(on);
  }

  setMulticastInterface(by: string): void {
    this.#bound('setMulticastInterface').setMulticastInterface(by);
  }

  addMembership(group: string, by?: string): void {
    this.#bound('addMembership').addMembership(plainHost(group), by && plainHost(by));
  }

  dropMembership(group: string, by?: string): void {
    this.#bound('dropMembership').dropMembership(plainHost(group), by && plainHost(by));
  }

  addSourceSpecificMembership(source: string, group: string, by?: string): void {
    const socket = this.#bound('addSourceSpecificMembership');
    socket.addSourceSpecificMembership(source, group, by);
  }

  dropSourceSpecificMembership(source: string, group: string, by?: string): void {
    const socket = this.#bound('dropSourceSpecificMembership');
    socket.dropSourceSpecificMembership(source, group, by);
  }

  setRecvBufferSize(size: number): void {
    this.#bound('setRecvBufferSize').setRecvBufferSize(size);
  }

  setSendBufferSize(size: number): void {
    this.#bound('setSendBufferSize').setSendBufferSize(size);
  }

  getRecvBufferSize(): number {
    return this.#bound('getRecvBufferSize').getRecvBufferSize();
  }

  getSendBufferSize(): number {
    return this.#bound('getSendBufferSize').getSendBufferSize();
  }

  // Below

  #configure(options: DatagramOptions): void {
    checkDatagramOptions(options);
    const given = Object.entries(options).filter(([, value]) => value !== undefined);
    this.#options = { ...this.#options, ...Object.fromEntries(given) };
    this.#change(Object.fromEntries(given));
  }

  #change(settings: object): void {
    const next = { ...this.#settings, ...settings };
    const delimiter = parseDelimiter(next.readDelimiter);
    if (delimiter.kind === 'nothing') throw valueError('readDelimiter', 'none for datagrams', 0);
    this.#settings = next;
    this.#delimiter = delimiter;
  }

  #adoptFields(): void {
    for (const name of DATAGRAM_PROPERTIES) {
      if (!Object.hasOwn(this, name)) continue;
      const value = Reflect.get(this, name) as never;
      checkProperty(name, value);
      Reflect.deleteProperty(this, name);
      Reflect.set(this, name, value);
    }
  }

  #bound(what: string): Socket {
    if (this.#phase === 'closed') throw codedError('ERR_CHANNEL_CLOSED', `${what}: closed`);
    if (this.#socket === null) throw notBound(what);
    return this.#socket;
  }

  #bind(at: Endpoint): Socket {
    this.#adoptFields();
    const socket = bindUdp(at, this.#options);
    this.#socket = socket;
    this.#phase = 'bound';
    this.#localAddr = addressOf(socket);
    if (!this.#referenced) socket.unref();
    this._opened(filenoOfUdp(socket));
    socket.on('message', (bytes, from) => {
      this.#bytesRead += bytes.length;
      if (this.#ended) return;
      this.#inbox.push(plainAddress(from.address, from.port), bytes);
      this.#inbox.deliver();
    });
    socket.on('error', (error) => this.#report(error));
    // Before anything can be received.
    process.nextTick(() => {
      if (this.#phase !== 'bound' || this.#ended) return;
      warnMisspelt(this, Datagram.prototype);
      this._hook(() => this.onListen());
      this._waits.tell('opened');
    });
    return socket;
  }

  #bindFor(ip: string): Socket {
    if (this.#socket !== null) return this.#socket;
    const family = familyNumber(this.#options) || isIP(ip);
    return this.#bind({ host: family === 6 ? '::' : '0.0.0.0', port: 0 });
  }

  #parse(target: unknown): Endpoint {
    const loopback = familyNumber(this.#options) === 6 ? '::1' : '127.0.0.1';
    const { host, port } = parseAddress(target, loopback, 1);
    return { host: host === '' ? loopback : host, port };
  }

  /** Null: the peer. */
  #destination(target: unknown): Endpoint | null {
    if (target === undefined || target === null) {
      if (this.#peer !== 'none') return null;
      if (this.#sender === null) throw notConnected('write without an address');
      return { host: this.#sender.address, port: this.#sender.port };
    }
    const to = this.#parse(target);
    if (this.#peer === 'none') return to;
    const { address, port } = this.#peerAddr ?? {};
    if (to.host === address && to.port === port) return null;
    throw codedError('ERR_CHANNEL_ACTIVE', 'connected to another address');
  }

  #resolve(host: string, syscall: string, then: (error: Error | null, ip: string) => void): void {
    if (isUsable(host)) {
      then(null, host);
      return;
    }
    const waiting = this.#lookups.get(host);
    if (waiting !== undefined) {
      waiting.push(then);
      return;
    }
    this.#lookups.set(host, [then]);
    const answered = (error: Error | null, answer: Found[] | string = [], of = 4) => {
      const found = typeof answer === 'string' ? [{ address: answer, family: of }] : answer;
      const usable = found.filter(({ address }) => isUsable(address));
      const best = usable.find(({ family }) => family === 4) ?? usable[0];
      const [first] = found;
      const none = first === undefined ? notFound(host) : unusable(syscall, first.address);
      const failure = error ?? (best === undefined ? none : null);
      setImmediate(() => {
        const all = this.#lookups.get(host) ?? [];
        this.#lookups.delete(host);
        if (this.#phase === 'closed') return;
        for (const one of all) one(failure, best?.address ?? '');
        this.#endIfSent();
      });
    };
    const lookup = this.#options.lookup ?? dns.lookup;
    const family = familyNumber(this.#options) || this.#socketFamily;
    lookup(host, { all: true, family }, answered as never);
  }

  get #socketFamily(): 0 | 4 {
    return this.#localAddr?.family === 'IPv4' ? 4 : 0;
  }

  #sendToPeer(bytes: Buffer): void {
    const send = (failed: Error | null) => {
      if (failed !== null) this.#sent(bytes, failed);
      else this.#socket?.send(bytes, (error) => this.#sent(bytes, error));
    };
    if (this.#peer === 'set') send(null);
    else this.#forPeer.push(send);
  }

  #send(bytes: Buffer, port: number, error: Error | null, ip: string): void {
    if (error !== null) {
      this.#sent(bytes, Object.assign(error, { port }));
      return;
    }
    const socket = this.#bindFor(ip);
    socket.send(bytes, port, forSocket(socket, ip), (failure) => this.#sent(bytes, failure));
  }

  #sent(bytes: Buffer, error: Error | null): void {
    this.#pendingBytes -= bytes.length;
    this.#pendingCount -= 1;
    if (error === null) this.#bytesSent += bytes.length;
    else this.#report(error);
    if (this.#pendingCount > 0) return;
    if (this.#phase !== 'closed') {
      this._hook(() => this.onWrite());
      this._waits.tell('drained');
    }
    this.#endIfSent();
  }

  #connectTo(ip: string, port: number): void {
    const socket = this.#bindFor(ip);
    socket.connect(port, forSocket(socket, ip), (error?: Error) => {
      if (this.#phase === 'closed') return;
      if (error) {
        this.#connectFailed(error);
        return;
      }
      this.#peer = 'set';
      this.#peerAddr = plainAddress(ip, port);
      for (const send of this.#forPeer.splice(0)) send(null);
      setImmediate(() => {
        if (this.#phase === 'bound' && !this.#ended) this._hook(() => this.onConnect());
      });
    });
  }

  #connectFailed(error: Error): void {
    this.#peer = 'none';
    this.#peerAddr = null;
    this.#report(error);
    for (const send of this.#forPeer.splice(0)) send(error);
  }

  #report(error: Error & { address?: string }): void {
    // What an ICMP message says is about the peer, and Node does not say who that is.
    const { address, port } = this.#peerAddr ?? {};
    if (error.address !== undefined) error.address = plainHost(error.address);
    else Object.assign(error, address !== undefined && { address, port });
    if (this.#phase !== 'closed' && !this.#ended) this._hook(() => this.onError(error));
  }

  #flood(): void {
    if (this.#flooded !== null) return;
    const error = codedError('ERR_PENDING_OVERFLOW', 'too much is pending');
    this.#flooded = error;
    setImmediate(() => {
      if (this.#phase === 'closed' || this.#ended) return;
      this._hook(() => this.onOverflowError(error));
      this.close();
    });
  }

  #receiver(): DatagramReceiver {
    const channel = this;
    return {
      get receptive() {
        const isWanted = !channel.#paused && channel.#source.frames?.wants !== false;
        return channel.#phase === 'bound' && !channel.#ended && isWanted;
      },
      get done() {
        return channel.#ended;
      },
      get inboxSettings() {
        return { ...channel.#settings, delimiter: channel.#delimiter };
      },
      read: (bytes, sender) => this.#read(bytes, sender),
      overflow: (error, sender) => this.#overflow(error, sender),
      report: (error) => this.#report(error),
    };
  }

  #read(bytes: Buffer, sender: Address): void {
    const data = decoded(bytes, this.#settings.readEncoding as BufferEncoding | null);
    const { frames } = this.#source;
    if (frames !== null) {
      frames.give([data, sender]);
      return;
    }
    this.#sender = sender;
    this._hook(() => this.onRead(data, sender));
    this.#sender = null;
  }

  #overflow(error: Error, sender: Address): void {
    this.#sender = sender;
    this.#overflown = error;
    this._hook(() => this.onOverflowError(error));
    this.#overflown = null;
    this.#sender = null;
  }

  #endIfSent(): void {
    if (!this.#ended || this.#pendingCount > 0 || this.#lookups.size > 0) return;
    this.#finish('end');
  }

  #finish(reason: CloseInfo['reason'], error?: Error): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#ended = true;
    const unsentBytes = this.#bytesWritten - this.#bytesSent;
    const info: CloseInfo = { reason, unsentBytes, ...(error !== undefined && { error }) };
    const done = () => {
      this._closed();
      this._hook(() => this.onClose(info));
      this._waits.tellClosed(info);
      this.#source.info = info;
      this.#source.frames?.finish(info.error ?? null);
      this.#localAddr = null;
      this.#peerAddr = null;
    };
    if (this.#socket === null) setImmediate(done);
    else this.#socket.close(() => setImmediate(done));
  }
}
