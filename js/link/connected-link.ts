/** The socket of a stream: how the channel comes to it, who is at its ends, its options. */

import { adoptFailed } from '../check/errors.ts';
import type { NativeSocketOptions, StreamSettings } from '../check/options.ts';
import { Change } from '../generated/wire.ts';
import type { Context } from '../reactor/context.ts';
import type { Target } from '../reactor/submission.ts';
import type { Address, PeerCredentials, ProxyInfo } from '../types.ts';
import type { Outbox } from '../write/outbox.ts';
import { watchAbort } from './abort.ts';
import { Ends } from './ends.ts';
import { FlowLink } from './flow-link.ts';
import type { StreamHooks } from './hooks.ts';
import type { AcceptedSocket } from './socket.ts';
import { trace } from './trace.ts';

/** A server, as far as its connections need it. */
interface Home {
  readonly closing: boolean;
  /** Where the hooks of its connections run. */
  readonly connectionContext: Context;
  /** A channel has taken an accepted socket. */
  took(connection: ConnectedLink): void;
  /** It has opened. */
  opened(connection: ConnectedLink): void;
  /** The socket of one of its connections is gone. Its number may be another's from now on. */
  socketGone(connection: ConnectedLink): void;
  /** One of its connections has closed. */
  released(connection: ConnectedLink): void;
}

/** One `connect()` that is under way. */
interface Attempt {
  readonly settings: { readonly signal?: AbortSignal | undefined };
  /** It is over, one way or the other: nothing of it stays behind. */
  over(): void;
  /** What became of it, as one error. */
  failure(detail: string): Error;
}

/** @internal */
export abstract class ConnectedLink extends FlowLink<StreamHooks, StreamSettings> {
  server: Home | null = null;
  ends: Ends | null = null;
  attempt: Attempt | null = null;
  #unwatch: (() => void) | null = null;
  /** Options of the socket that it was not made with. */
  protected socketOptions: NativeSocketOptions | null = null;

  abstract override readonly outbox: Outbox;

  /** The socket is there: the hooks of the beginning. */
  abstract open(): void;

  get localAddr(): Address | string | null {
    return this.ends?.localAddr ?? null;
  }

  get remoteAddr(): Address | string | null {
    return this.ends?.remoteAddr ?? null;
  }

  get proxy(): ProxyInfo | null {
    return this.ends?.proxy ?? null;
  }

  get peerCredentials(): PeerCredentials | null {
    return this.ends?.peerCredentials ?? null;
  }

  /** Other options of the socket, which has them when it opens; before, `connect()` makes it so. */
  setSocketOptions(options: NativeSocketOptions): void {
    if (this.phase === 'idle') return;
    this.socketOptions = options;
    this.changed(Change.SOCKET);
  }

  /** `connect()` was called; `attempt` will report. */
  connecting(attempt: Attempt): void {
    this.attempt = attempt;
    this.phase = 'connecting';
    this.outbox.begin();
    this.reactor.registry.begin(this);
    this.keepAlive();
  }

  /** The connect has succeeded; its signal closes the channel from now on. */
  connected(fileno: number, about: string): void {
    const signal = this.attempt?.settings.signal;
    this.attempt?.over();
    this.attempt = null;
    this.#unwatch = watchAbort(signal, () => this.close());
    this.#attach(fileno, new Ends(about));
    this.open();
  }

  /** A server's socket is wrapped; `onConnect` follows when its constructors have run. */
  wrap(socket: AcceptedSocket, server: Home): void {
    this.server = server;
    this.context = server.connectionContext;
    this.#take(socket, socket.fileno, socket.take());
    server.took(this);
    this.reactor.turn.openSoon(this);
    // `server.close()` closes every connection, also one that is wrapped afterwards.
    if (server.closing) this.close();
  }

  /** A socket that was connected elsewhere; `onConnect` follows when the constructors have run. */
  adoptDescriptor(fd: number, family: number, options: NativeSocketOptions): void {
    const { reactor } = this;
    reactor.assertRunning();
    reactor.assertFree(fd);
    const { id, about, failure } = reactor.adopt(fd, family, options);
    if (failure) throw adoptFailed(failure, fd);
    const [index = -1, generation = 0] = id;
    const text = String.fromCharCode(...about);
    this.#take({ index, generation }, fd, new Ends(text));
    this.schedule();
  }

  /** The constructor has thrown: it closes unseen. */
  discard(): void {
    this.silent = true;
    this.close();
  }

  protected override fail(error: Error): void {
    if (this.phase !== 'connecting') {
      super.fail(error);
    } else {
      trace('error', this.channel, error);
      this.hook(() => this.channel.onConnectError(error));
    }
  }

  protected override exit(): void {
    this.#unwatch?.();
    this.server?.socketGone(this);
    super.exit();
  }

  protected afterClose(): void {
    this.ends = null;
    this.server?.released(this);
  }

  #take(socket: Target, fileno: number, ends: Ends): void {
    this.outbox.begin();
    this.reactor.registry.begin(this);
    this.join(socket.index, socket.generation);
    this.#attach(fileno, ends);
    this.keepAlive();
  }

  #attach(fileno: number, ends: Ends): void {
    this.ends = ends;
    this.phase = 'attached';
    this.enter(fileno);
  }
}
