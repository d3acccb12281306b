/** The engine: one reactor, and the channels of this JS thread that use it. */

import { type InspectOptionsStylized, inspect } from 'node:util';

import {
  binding,
  type NativeBinding,
  type NativeEngineHandle,
  type NativeRegExpHandle,
} from '../binding.ts';
import type { DatagramSettings } from '../check/datagram-options.ts';
import {
  EADDRINUSE,
  engineClosed,
  engineFailed,
  engineNotStarted,
  invalidValue,
} from '../check/errors.ts';
import { Op, Tally } from '../generated/wire.ts';
import { inspectAs } from '../inspect.ts';
import type { DatagramLink } from '../link/datagram-link.ts';
import type { ServerLink } from '../link/server-link.ts';
import type { StreamLink } from '../link/stream-link.ts';
import { Budget } from '../reactor/budget.ts';
import { Dispatcher } from '../reactor/dispatcher.ts';
import { encodeReframe, reframeBytes, Submission, type Target } from '../reactor/submission.ts';
import { CUT_WORDS, type Cut } from '../read/cut.ts';
import type { EngineStats } from '../types.ts';
import type { ParseAddress } from '../write/endpoint.ts';
import type { Channel } from './channel.ts';
import { Timers } from './timers.ts';

type Link = StreamLink | ServerLink | DatagramLink;

/** Something that user code has set off, and that waits for the event loop. */
interface Soon {
  runSoon(): void;
}

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
};

/** How long a bind waits for a reactor that has others to serve. */
const CATCH_UP_MS = 1_000;

/** The engines of this thread that are in use: with open channels, or started. Others may be dropped. */
const used = new Set<Engine>();
let watchesExit = false;
let exiting = false;

/**
 * Owns a reactor thread and the channels that use it.
 *
 * An engine that nobody has any more stops by itself when it is collected, once its channels have
 * closed; `close()` does not wait for that.
 *
 * Most programs never name it: channels use `Engine.instance()`, the one of this JS thread (the
 * main thread's, or each worker's own), which starts with the first channel. It keeps the process
 * alive as long as one of its channels is open and not `unref()`ed.
 */
export class Engine {
  static #default: Engine | undefined;

  /** This JS thread's engine. */
  static instance(): Engine {
    if (Engine.#default === undefined || Engine.#default.#state !== 'running') {
      Engine.#default = new Engine();
    }
    return Engine.#default;
  }

  /** @internal Whether it is one itself; a Proxy of one is none. */
  static isEngine(value: unknown): value is Engine {
    return typeof value === 'object' && value !== null && #holds in value;
  }

  /** The open channels, by descriptor. */
  readonly channels: Map<number, Channel> = new Map();

  /** @internal What is to be submitted when this turn ends. */
  readonly submission: Submission;
  /** @internal How often something was submitted. */
  turn = 0;
  /** @internal How long hooks may run. */
  readonly budget: Budget = new Budget();
  #binding: NativeBinding = binding;
  #native: NativeEngineHandle | null = null;
  #dispatcher: Dispatcher | null = null;
  #state: 'running' | 'closing' | 'closed' = 'running';
  #timers = new Timers();
  /** By the index of the native channel. */
  #links: (Link | undefined)[] = [];
  /** Closed natively, and their index is another's by now: the news of it is still on its way. */
  #displaced = new Map<string, Link>();
  /** Begun, and not through with `onClose`: with a native channel, before it, or after it. */
  #active = new Set<Link>();
  /** Frames that channels which have closed were given. */
  #frames = 0;
  #holds = 0;
  #started = false;
  #draining = false;
  #ticking = false;
  #ringing = false;
  #soon: Soon[] = [];
  #adopted: StreamLink[] = [];
  #reframed = new Set<StreamLink>();
  #closed: (() => void)[] = [];
  /** What the reactor has been given; should it have forgotten one, it compiles that itself. */
  #shared = new WeakSet<NativeRegExpHandle>();
  #cutPayload = Buffer.allocUnsafeSlow(256);
  #cutPayloadWords = new Uint32Array(this.#cutPayload.buffer);
  #cutAnswer = new Uint32Array(CUT_WORDS);
  #tally = new Float64Array(Tally.WORDS);

  /** An engine of its own, with a reactor thread of its own. */
  constructor() {
    this.submission = new Submission({
      submit: (records, length) => {
        this.turn += 1;
        this.#binding.submit(this.#reactor, records, length);
      },
      pushOwned: (data) => this.#binding.pushOwned(this.#reactor, data),
      pushFile: (file) => this.#binding.pushFile(this.#reactor, file),
      share: (regexp) => {
        if (this.#shared.has(regexp)) return;
        this.#shared.add(regexp);
        this.#binding.shareRegExp(this.#reactor, regexp);
      },
    });
  }

  /** Counters since the engine began; none is above 0 before its first channel. */
  stats(): EngineStats {
    let frames = this.#frames;
    for (const link of this.#active) frames += link.frames;
    // To be asked is no reason to start.
    const counted = this.#native === null ? NOTHING : this.#binding.engineStats(this.#native);
    return { ...counted, frames };
  }

  /**
   * Closes every channel, cancels every timer and stops the reactor. Resolves when all that is
   * done. The engine cannot be used afterwards; `Engine.instance()` makes another.
   */
  close(): Promise<void> {
    if (this.#state === 'closed') return Promise.resolve();
    const closed = new Promise<void>((resolve) => this.#closed.push(resolve));
    if (this.#state === 'running') {
      this.#state = 'closing';
      this.stop();
      this.#timers.clear();
      for (const link of [...this.#active]) link.close();
      this.callSoon(() => this.#closeIfEmpty());
    }
    return closed;
  }

  /** Runs `fn(...args)` in the next turn of the event loop. Returns a function that cancels it. */
  callback<A extends unknown[]>(fn: (...args: A) => void, ...args: A): () => void {
    return this.#timers.callback(fn, args);
  }

  /** Runs `fn(...args)` in every turn of the event loop. Returns a function that cancels it. */
  loop<A extends unknown[]>(fn: (...args: A) => void, ...args: A): () => void {
    return this.#timers.loop(fn, args);
  }

  /**
   * Runs `fn(...args)` once, after so many seconds. Returns a function that cancels it. Any time is
   * taken, of years, too; 0 is as soon as timers run, which is a millisecond for Node.
   *
   * @throws `ERR_INVALID_ARG_VALUE` for less than 0, `NaN` and `Infinity`; `ERR_INVALID_ARG_TYPE`
   */
  defer<A extends unknown[]>(seconds: number, fn: (...args: A) => void, ...args: A): () => void {
    return this.#timers.defer(seconds, fn, args);
  }

  /**
   * Runs `fn(...args)` every so many seconds. Returns a function that cancels it. What holds of
   * `defer()` holds of each time; `cycle(0)` is every millisecond, and lets all else have its turn.
   *
   * @throws `ERR_INVALID_ARG_VALUE` for less than 0, `NaN` and `Infinity`; `ERR_INVALID_ARG_TYPE`
   */
  cycle<A extends unknown[]>(seconds: number, fn: (...args: A) => void, ...args: A): () => void {
    return this.#timers.cycle(seconds, fn, args);
  }

  /**
   * Keeps the process alive until `stop()`, also without a channel. Node's event loop runs by
   * itself: this is for programs that were written for an engine that has to be started.
   */
  start(): void {
    if (this.#started || this.#state !== 'running') return;
    this.#started = true;
    used.add(this);
    this.hold(1);
  }

  /** Takes `start()` back. Open channels go on, and keep the process alive themselves. */
  stop(): void {
    if (!this.#started) return;
    this.#started = false;
    this.hold(-1);
    this.#unused();
  }

  /** Sends now what was written in this turn. */
  flush(): void {
    this.submission.flush();
  }

  /** @internal For `console.log()`. */
  [inspect.custom](depth: number, options: InspectOptionsStylized): string {
    const isEngine = Object.hasOwn(this, 'channels');
    const shown = isEngine ? { state: this.#state, channels: this.channels.size } : {};
    return inspectAs(this, shown, depth, options);
  }

  // ── For the links ───────────────────────────────────────────────────────────────────────────

  /** @internal Throws where nothing can begin any more. */
  assertRunning(): void {
    if (this.#state !== 'running') throw engineClosed();
    // If the reactor cannot start, that is to be known before anything has begun.
    void this.#reactor;
  }

  /** @internal Submits at the end of this turn. */
  submitSoon(): void {
    // While completions are handled, each batch ends with a submission.
    if (!this.#draining) this.#tickSoon();
  }

  /** @internal Runs the link from the event loop. */
  soon(link: Soon): void {
    this.#soon.push(link);
    this.#tickSoon();
  }

  /** @internal Runs a function from the event loop. */
  callSoon(fn: () => void): void {
    this.soon({ runSoon: fn });
  }

  /** @internal The budget was overdrawn before the link had delivered all that it holds. */
  goOnLater(link: StreamLink | DatagramLink): void {
    this.#dispatcher?.goOnLater(link);
    this.#ringSoon();
  }

  /** @internal Tells the reactor how to cut the link's bytes when this turn's hooks are through. */
  reframeSoon(link: StreamLink): void {
    this.#reframed.add(link);
    this.submitSoon();
  }

  /** @internal An accepted socket has been wrapped: it opens when its constructor has run. */
  adopt(link: StreamLink): void {
    this.#adopted.push(link);
    this.submitSoon();
  }

  /** @internal The constructors of what was adopted last have run. */
  openAdopted(): void {
    if (this.#adopted.length === 0) return;
    for (const link of this.#adopted.splice(0)) link.open();
  }

  /** @internal A constructor has thrown: who has adopted its socket closes unseen. */
  discardAdopted(socket: object): void {
    const at = this.#adopted.findIndex((link) => link.socket === socket);
    for (const link of at < 0 ? [] : this.#adopted.splice(at, 1)) {
      link.silent = true;
      link.close();
    }
  }

  /** @internal The link begins to connect or to listen, or has been accepted. */
  begin(link: Link): void {
    this.#active.add(link);
    used.add(this);
  }

  /** @internal The link has told its channel that it has closed. */
  finish(link: Link): void {
    if (this.#active.delete(link)) this.#frames += link.frames;
    this.#unused();
    if (this.#state === 'closing') this.callSoon(() => this.#closeIfEmpty());
  }

  /** @internal The link is that of a native channel now. */
  link(link: Link): void {
    const former = this.#links[link.index];
    if (former !== undefined) this.#displaced.set(displacedKey(former), former);
    this.#links[link.index] = link;
  }

  /** @internal The native channel is gone. */
  unlink(link: Link): void {
    if (this.#links[link.index] === link) this.#links[link.index] = undefined;
    else this.#displaced.delete(displacedKey(link));
  }

  /** @internal Closes the native channel and hears no more of it. */
  abandon(link: Link): void {
    this.submission.request(Op.CLOSE, link);
    this.submitSoon();
    this.unlink(link);
    link.index = -1;
  }

  /** @internal */
  find(index: number, generation: number): Link | undefined {
    const link = this.#links[index];
    if (link?.generation === generation) return link;
    if (this.#displaced.size === 0) return undefined;
    return this.#displaced.get(displacedKey({ index, generation }));
  }

  /** @internal Closes a socket that no channel has taken. */
  closeSocket(socket: Target): void {
    this.submission.request(Op.CLOSE, socket);
    this.submitSoon();
  }

  /** @internal */
  sent(target: Target): number {
    return this.#binding.sent(this.#reactor, target.index, target.generation);
  }

  /** @internal */
  connect(
    addresses: string[],
    port: number,
    options: Parameters<NativeBinding['connect']>[3],
  ): [index: number, generation: number] {
    return this.#binding.connect(this.#reactor, addresses, port, options) as [number, number];
  }

  /** @internal */
  listen(
    host: string,
    port: number,
    options: Parameters<NativeBinding['listen']>[3],
  ): ReturnType<NativeBinding['listen']> {
    return this.#bound(() => this.#binding.listen(this.#reactor, host, port, options));
  }

  /** @internal */
  connectPath(
    path: string,
    options: Parameters<NativeBinding['connectPath']>[2],
  ): [index: number, generation: number] {
    const bytes = Buffer.from(path);
    return this.#binding.connectPath(this.#reactor, bytes, options) as [number, number];
  }

  /** @internal */
  listenPath(
    path: string,
    options: Parameters<NativeBinding['listenPath']>[2],
  ): ReturnType<NativeBinding['listenPath']> {
    const bytes = Buffer.from(path);
    return this.#bound(() => this.#binding.listenPath(this.#reactor, bytes, options));
  }

  /** @internal A descriptor that no channel of this thread has. */
  assertFree(fd: number): void {
    const taken = [...used].some(({ channels }) => channels.has(fd));
    if (taken) throw invalidValue('fd', 'a descriptor that no channel has already', fd);
  }

  /** @internal */
  adoptSocket(
    fd: number,
    family: number,
    options: Parameters<NativeBinding['adopt']>[3],
  ): ReturnType<NativeBinding['adopt']> {
    return this.#binding.adopt(this.#reactor, fd, family, options);
  }

  /** @internal */
  adoptListener(
    fd: number,
    family: number,
    options: Parameters<NativeBinding['adoptListener']>[3],
  ): ReturnType<NativeBinding['adoptListener']> {
    return this.#binding.adoptListener(this.#reactor, fd, family, options);
  }

  /** @internal */
  bindDatagram(
    host: string,
    port: number,
    settings: DatagramSettings,
  ): ReturnType<NativeBinding['bindDatagram']> {
    const { family, native } = settings;
    if (family === 'unix') {
      const path = Buffer.from(host);
      return this.#bound(() => this.#binding.bindDatagramPath(this.#reactor, path, native));
    }
    return this.#bound(() => this.#binding.bindDatagram(this.#reactor, host, port, native));
  }

  /**
   * Binds; where the address is in use, once more when the reactors of this thread have closed what
   * `close()` was called for: its address is free from then on.
   */
  #bound(bind: () => ReturnType<NativeBinding['listen']>): ReturnType<NativeBinding['listen']> {
    const bound = bind();
    if (bound.failure?.errno !== EADDRINUSE) return bound;
    for (const engine of used) engine.#catchUp();
    return bind();
  }

  #catchUp(): void {
    this.submission.flush();
    if (this.#native !== null) this.#binding.catchUp(this.#native, CATCH_UP_MS);
  }

  /** @internal */
  adoptDatagram(
    fd: number,
    family: number,
    settings: DatagramSettings,
  ): ReturnType<NativeBinding['adoptDatagram']> {
    return this.#binding.adoptDatagram(this.#reactor, fd, family, settings.native);
  }

  /** @internal An errno; 0: done. */
  configureDatagram(
    { index, generation }: Target,
    option: Parameters<NativeBinding['configureDatagram']>[3],
  ): number {
    return this.#binding.configureDatagram(this.#reactor, index, generation, option);
  }

  /** @internal Receive and send, or an errno alone. */
  datagramBufferSizes({ index, generation }: Target): number[] {
    return this.#binding.datagramBufferSizes(this.#reactor, index, generation);
  }

  /** @internal How far a channel has come, until the next call; null where it is gone. */
  tally({ index, generation }: Target): Float64Array | null {
    const answer = this.#tally;
    if (index < 0 || this.#native === null) return null;
    return this.#binding.tally(this.#native, index, generation, answer) ? answer : null;
  }

  /** @internal */
  readonly parseAddress: ParseAddress = (host, port, target) =>
    this.#binding.parseAddress(host, port, target);

  /** @internal Cuts frames natively; the answer holds until the next cut. */
  readonly cut: Cut = (reframe, bytes, from, scan, most, search) => {
    const needed = reframeBytes(reframe);
    if (needed > this.#cutPayload.length) {
      this.#cutPayload = Buffer.allocUnsafeSlow((needed + 3) & ~3);
      this.#cutPayloadWords = new Uint32Array(this.#cutPayload.buffer);
    }
    encodeReframe(this.#cutPayload, this.#cutPayloadWords, 0, reframe);
    this.#binding.cut(this.#cutPayload, bytes, from, scan, most, this.#cutAnswer, search);
    return this.#cutAnswer;
  };

  /** @internal Open channels that are not `unref()`ed: more, or fewer. */
  hold(by: 1 | -1): void {
    this.#holds += by;
    if (this.#holds === (by === 1 ? 1 : 0) && this.#native !== null) {
      this.#binding.holdEngine(this.#native, by === 1);
    } else if (by === 1 && this.#native === null) {
      this.#binding.holdEngine(this.#reactor, true);
    }
  }

  /**
   * @internal Reports what a hook has thrown, as Node reports what a callback has thrown. Returns
   * where a handler of 'uncaughtException' has taken it.
   */
  uncaught(error: unknown): void {
    this.#binding.reportUncaught(error);
  }

  // ── For the dispatcher ──────────────────────────────────────────────────────────────────────

  /** @internal Does what the hooks of a batch have set off, and submits it. */
  settle(): void {
    this.openAdopted();
    if (this.#reframed.size > 0) {
      for (const link of this.#reframed) link.reframe();
      this.#reframed.clear();
    }
    this.submission.flush();
  }

  /** @internal The reactor has died: every channel ends with this error, and none begins. */
  failed(error: Error): void {
    if (this.#state === 'running') this.#state = 'closing';
    // Servers last: their end closes their connections, which would hear of no error then.
    const isServer = (link: Link) => Number(!('outbox' in link));
    for (const link of [...this.#active].sort((a, b) => isServer(a) - isServer(b))) {
      const unsentBytes = 'outbox' in link ? link.outbox.pending : 0;
      link.closed({ reason: 'error', error, unsentBytes });
    }
    this.callSoon(() => this.#closeIfEmpty());
  }

  // ── Below ───────────────────────────────────────────────────────────────────────────────────

  /** The reactor; the first use starts it. */
  get #reactor(): NativeEngineHandle {
    if (this.#native !== null) return this.#native;
    if (this.#state !== 'running' || exiting) throw engineClosed();
    let native: NativeEngineHandle;
    // The reactor refers to the doorbell: weakly, or no engine could ever be dropped.
    const engine = new WeakRef(this);
    try {
      native = this.#binding.openEngine(() => {
        const rung = engine.deref();
        if (rung !== undefined) rung.#ring();
      });
    } catch (error) {
      throw engineNotStarted(error);
    }
    this.#native = native;
    this.#dispatcher = new Dispatcher(this.#binding, native, this);
    if (!watchesExit) {
      watchesExit = true;
      process.once('exit', () => {
        exiting = true;
        for (const engine of used) engine.#exit();
      });
    }
    return native;
  }

  /** What the doorbell calls. */
  #ring = (): void => {
    if (this.#state === 'closed' || this.#dispatcher === null) return;
    let more = true;
    this.#draining = true;
    this.budget.begin();
    try {
      more = this.#dispatcher.drain();
    } catch (error) {
      // There is no memory to take completions to. None has been taken, and none will be.
      more = false;
      if (this.#native !== null) this.#binding.closeEngine(this.#native);
      this.failed(engineFailed(error));
    } finally {
      this.#draining = false;
      if (more) this.#ringSoon();
    }
  };

  /** Nobody rings for what is left; timers and other input have their turn in between. */
  #ringSoon(): void {
    if (this.#ringing) return;
    this.#ringing = true;
    const again = () => {
      this.#ringing = false;
      this.#ring();
    };
    // An immediate keeps the process alive, or, where it is not to, may wait for other input.
    if (this.#holds > 0) setImmediate(again);
    else setTimeout(again, 1).unref();
  }

  #tickSoon(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    setImmediate(this.#tick);
  }

  /** The end of a turn: what user code has set off is done, and all is submitted. */
  #tick = (): void => {
    this.#ticking = false;
    this.budget.begin();
    this.openAdopted();
    // Also on a closed engine: a channel that never began hears that it has closed.
    const due = this.#soon.splice(0);
    let done = 0;
    while (done < due.length && !this.budget.spent) {
      const soon = due[done] as Soon;
      done += 1;
      try {
        soon.runSoon();
      } catch (error) {
        // As in the dispatcher: whatever it is, the others are not to miss their turn for it.
        this.uncaught(error);
      }
      this.budget.count();
    }
    if (done < due.length) {
      this.#soon.unshift(...due.slice(done));
      this.#tickSoon();
    }
    if (this.#state !== 'closed') this.settle();
  };

  #unused(): void {
    if (this.#active.size === 0 && !this.#started) used.delete(this);
  }

  #closeIfEmpty(): void {
    if (this.#state !== 'closing' || this.#active.size > 0) return;
    this.#state = 'closed';
    used.delete(this);
    if (this.#native !== null) this.#binding.closeEngine(this.#native);
    for (const resolve of this.#closed) resolve();
  }

  /** The process ends: what was written is handed to the operating system as far as it takes it. */
  #exit(): void {
    if (this.#native === null) return;
    this.submission.flush();
    this.#state = 'closed';
    this.#binding.closeEngine(this.#native);
  }
}

function displacedKey({ index, generation }: Target): string {
  return `${index} ${generation}`;
}
