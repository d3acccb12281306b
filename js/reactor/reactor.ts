/**
 * A reactor, as its JS thread has it: its life, and what can be asked of it.
 *
 * ```text
 *   running: a thread from the first use on ──close(), or it has died──▶ closing ──▶ closed
 *                                                      each channel closes ──┘
 * ```
 *
 * Links talk to its parts: who they are to it (`registry`), what they ask of it (`submission`), and
 * what has to wait for the event loop (`turn`).
 */

import type { NativeBinding, NativeEngineHandle, NativeRegExpHandle } from '../binding.ts';
import type { DatagramSettings } from '../check/datagram-options.ts';
import { type Driver, possible } from '../check/driver.ts';
import {
  EADDRINUSE,
  engineClosed,
  engineFailed,
  engineNotStarted,
  invalidValue,
} from '../check/errors.ts';
import { Tally as TallyAt } from '../generated/wire.ts';
import type { EngineStats } from '../types.ts';
import { outside } from './context.ts';
import { type Cut, cutter } from './cutter.ts';
import { Dispatcher } from './dispatcher.ts';
import type { Handler, Tally } from './handler.ts';
import { Registry } from './registry.ts';
import { Submission, type Target } from './submission.ts';
import { Turn } from './turn.ts';

/** A native call's last argument. */
type OptionsOf<
  Name extends 'connect' | 'listen' | 'adopt' | 'adoptListener' | 'configureDatagram',
> = Parameters<NativeBinding[Name]>[3];
type Bound = ReturnType<NativeBinding['listen']>;

/** What a reactor has counted that never ran. */
const NOTHING: Omit<EngineStats, 'frames'> = {
  turns: 0,
  rings: 0,
  accepted: 0,
  refused: 0,
  bytesRead: 0,
  bytesWritten: 0,
  reads: 0,
  writes: 0,
  drops: 0,
  channels: 0,
  queuedBatches: 0,
  queuedSubmissions: 0,
  spareBytes: 0,
  driver: 'thread',
  handOvers: 0,
};

/** How long it is waited for a reactor that has others to serve. */
const CATCH_UP_MS = 1_000;

/** The reactors of this thread that are in use. Others may be dropped. */
const used = new Set<Reactor>();
let watchesExit = false;
let exiting = false;

/** @internal */
export class Reactor {
  readonly registry: Registry;
  readonly submission: Submission;
  readonly turn: Turn;
  readonly cut: Cut;
  #binding: NativeBinding;
  #driver: Driver;
  #native: NativeEngineHandle | null = null;
  #dispatcher: Dispatcher | null = null;
  #state: 'running' | 'closing' | 'closed' = 'running';
  /** Who waits for its end. */
  #waiting: (() => void)[] = [];
  /** How many keep the process alive. */
  #refs = 0;
  /** What the thread has been given; should it have forgotten one, it compiles that itself. */
  #shared = new WeakSet<NativeRegExpHandle>();
  #tally = new Float64Array(TallyAt.WORDS);

  constructor(binding: NativeBinding, driver: Driver) {
    this.#binding = binding;
    this.#driver = driver;
    this.cut = cutter(binding);
    this.registry = new Registry(() => this.#changed());
    this.submission = new Submission({
      begun: () => this.turn.endSoon(),
      submit: (records, length) => {
        if (this.#state !== 'closed') binding.submit(this.#thread, records, length);
      },
      pushOwned: (data, from) => binding.pushOwned(this.#thread, data, from),
      send: ({ index, generation }, after, records, at, data) =>
        binding.send(this.#thread, index, generation, after, records, at, data),
      pushFile: (file) => binding.pushFile(this.#thread, file),
      share: (regexp) => {
        if (this.#shared.has(regexp)) return;
        this.#shared.add(regexp);
        binding.shareRegExp(this.#thread, regexp);
      },
    });
    this.turn = new Turn(this);
  }

  // ── Its life ────────────────────────────────────────────────────────────────────────────────

  get state(): 'running' | 'closing' | 'closed' {
    return this.#state;
  }

  /** Throws where nothing can begin any more. */
  assertRunning(): void {
    if (this.#state !== 'running') throw engineClosed();
    // If the thread cannot start, that is to be known before anything has begun.
    void this.#thread;
  }

  /** Closes every channel, then the thread. Resolves when that is done. */
  close(): Promise<void> {
    if (this.#state === 'closed') return Promise.resolve();
    const closed = new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#state === 'running') {
      this.#state = 'closing';
      for (const handler of this.registry.active) handler.close();
      this.#closeSoon();
    }
    return closed;
  }

  get isReferenced(): boolean {
    return this.#refs > 0;
  }

  /** One more that keeps the process alive. */
  ref(): void {
    this.#refs += 1;
    this.#changed();
    if (this.#refs === 1 || this.#native === null) this.#binding.holdEngine(this.#thread, true);
  }

  /** One fewer. */
  unref(): void {
    this.#refs -= 1;
    this.#changed();
    if (this.#refs === 0 && this.#native !== null) this.#binding.holdEngine(this.#native, false);
  }

  stats(): EngineStats {
    // To be asked is no reason to start.
    const { frames } = this.registry;
    if (this.#native === null) return { ...NOTHING, frames };
    const { isTheLoops, bytesCopied: _, ...counted } = this.#binding.engineStats(this.#native);
    return { ...counted, frames, driver: isTheLoops ? 'loop' : 'thread' };
  }

  /**
   * Reports what a hook has thrown, as Node reports what a callback has thrown. Returns where a
   * handler of 'uncaughtException' has taken it.
   */
  uncaught(error: unknown): void {
    this.#binding.reportUncaught(error);
  }

  // ── What its turns ask ──────────────────────────────────────────────────────────────────────

  submit(): void {
    this.submission.flush();
  }

  handleAll(): boolean {
    if (this.#state === 'closed' || this.#dispatcher === null) return false;
    try {
      return this.#dispatcher.handleAll();
    } catch (error) {
      // There is no memory to take completions to. None has been taken, and none will be.
      if (this.#native !== null) this.#binding.closeEngine(this.#native);
      this.died(engineFailed(error));
      return false;
    }
  }

  /** The thread has died: every channel ends with this error, and none begins. */
  died(error: Error): void {
    if (this.#state === 'running') this.#state = 'closing';
    // Servers last: their end closes their connections, which would hear of no error then.
    const isServer = ({ accepted }: Handler) => Number(accepted !== undefined);
    const handlers = this.registry.active.sort((a, b) => isServer(a) - isServer(b));
    for (const handler of handlers) handler.lost(error);
    this.#closeSoon();
  }

  // ── What links ask at once ──────────────────────────────────────────────────────────────────

  connect(
    addresses: string[],
    port: number,
    options: OptionsOf<'connect'>,
  ): [index: number, generation: number] {
    return this.#binding.connect(this.#thread, addresses, port, options) as [number, number];
  }

  connectPath(
    path: string,
    options: Parameters<NativeBinding['connectPath']>[2],
  ): [index: number, generation: number] {
    const bytes = Buffer.from(path);
    return this.#binding.connectPath(this.#thread, bytes, options) as [number, number];
  }

  listen(host: string, port: number, options: OptionsOf<'listen'>): Bound {
    return this.#bound(() => this.#binding.listen(this.#thread, host, port, options));
  }

  listenPath(path: string, options: Parameters<NativeBinding['listenPath']>[2]): Bound {
    const bytes = Buffer.from(path);
    return this.#bound(() => this.#binding.listenPath(this.#thread, bytes, options));
  }

  bindDatagram(host: string, port: number, { family, native }: DatagramSettings): Bound {
    if (family === 'unix') {
      const path = Buffer.from(host);
      return this.#bound(() => this.#binding.bindDatagramPath(this.#thread, path, native));
    }
    return this.#bound(() => this.#binding.bindDatagram(this.#thread, host, port, native));
  }

  /** Throws for a descriptor that a channel of this JS thread has. */
  assertFree(fd: number): void {
    const taken = [...used].some(({ registry }) => registry.channels.has(fd));
    if (taken) throw invalidValue('fd', 'a descriptor that no channel has already', fd);
  }

  adopt(
    fd: number,
    family: number,
    options: OptionsOf<'adopt'>,
  ): ReturnType<NativeBinding['adopt']> {
    return this.#binding.adopt(this.#thread, fd, family, options);
  }

  adoptListener(fd: number, family: number, options: OptionsOf<'adoptListener'>): Bound {
    return this.#binding.adoptListener(this.#thread, fd, family, options);
  }

  adoptDatagram(
    fd: number,
    family: number,
    settings: DatagramSettings,
  ): ReturnType<NativeBinding['adoptDatagram']> {
    return this.#binding.adoptDatagram(this.#thread, fd, family, settings.native);
  }

  /** An errno; 0: done. */
  configureDatagram({ index, generation }: Target, option: OptionsOf<'configureDatagram'>): number {
    return this.#binding.configureDatagram(this.#thread, index, generation, option);
  }

  /** Receive and send, or an errno alone. */
  datagramBufferSizes({ index, generation }: Target): number[] {
    return this.#binding.datagramBufferSizes(this.#thread, index, generation);
  }

  /** Submits what there is, and waits until that is done. */
  catchUp(): void {
    this.submission.flush();
    if (this.#native !== null) this.#binding.catchUp(this.#native, CATCH_UP_MS);
  }

  /** How many of the channel's bytes have been sent; -1 where it is gone. */
  sent({ index, generation }: Target): number {
    return this.#binding.sent(this.#thread, index, generation);
  }

  /** How far a channel has come, until the next call; null where it is gone. */
  tally({ index, generation }: Target): Tally | null {
    const answer = this.#tally;
    if (index < 0 || this.#native === null) return null;
    return this.#binding.tally(this.#native, index, generation, answer) ? answer : null;
  }

  // ── Below ───────────────────────────────────────────────────────────────────────────────────

  /** The thread; the first use starts it. */
  get #thread(): NativeEngineHandle {
    if (this.#native !== null) return this.#native;
    if (this.#state !== 'running' || exiting) throw engineClosed();
    let native: NativeEngineHandle;
    try {
      const ring = doorbell(new WeakRef(this.turn));
      native = outside(this.#binding.openEngine, ring, possible(this.#driver));
    } catch (error) {
      throw engineNotStarted(error);
    }
    this.#native = native;
    this.#dispatcher = new Dispatcher(this.#binding, native, this);
    if (!watchesExit) {
      watchesExit = true;
      process.once('exit', () => {
        exiting = true;
        for (const reactor of used) reactor.#exit();
      });
    }
    return native;
  }

  /**
   * Binds; where the address is in use, once more when the reactors of this thread have closed what
   * `close()` was called for: its address is free from then on.
   */
  #bound(bind: () => Bound): Bound {
    const bound = bind();
    if (bound.failure?.errno !== EADDRINUSE) return bound;
    for (const reactor of used) reactor.catchUp();
    return bind();
  }

  /** Whether it is in use: with channels that are not through, or kept alive without. */
  #changed(): void {
    const { isEmpty } = this.registry;
    if (!isEmpty || this.#refs > 0) used.add(this);
    else used.delete(this);
    if (isEmpty) this.#closeSoon();
  }

  /** Where it is to close: when no channel is left, which may be now. */
  #closeSoon(): void {
    if (this.#state === 'closing') this.turn.callSoon(() => this.#closeIfEmpty());
  }

  #closeIfEmpty(): void {
    if (this.#state !== 'closing' || !this.registry.isEmpty) return;
    this.#state = 'closed';
    used.delete(this);
    this.#dispatcher?.end();
    if (this.#native !== null) this.#binding.closeEngine(this.#native);
    for (const resolve of this.#waiting) resolve();
  }

  /** The process ends: what was written is handed to the operating system as far as it takes it. */
  #exit(): void {
    if (this.#native === null) return;
    this.submission.flush();
    this.#state = 'closed';
    this.#binding.closeEngine(this.#native);
  }
}

/**
 * What the thread calls. It refers to it weakly, or no reactor could ever be dropped: so nothing
 * else is in this closure.
 */
function doorbell(turn: WeakRef<Turn>): () => void {
  return () => turn.deref()?.ring();
}
