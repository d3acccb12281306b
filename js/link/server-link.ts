/** The JS half of a listening channel. */

import type { NativeBinding } from '../binding.ts';
import { type Destination, decodeAddress } from '../check/address.ts';
import {
  adoptFailed,
  badProxyHeader,
  channelActive,
  channelClosed,
  listenFailed,
  systemError,
} from '../check/errors.ts';
import type { ListenSettings, NativeSocketOptions } from '../check/options.ts';
import { Op, Tally as TallyAt } from '../generated/wire.ts';
import { type Context, currentContext } from '../reactor/context.ts';
import type { Tally } from '../reactor/handler.ts';
import type { Target } from '../reactor/submission.ts';
import type { Address, CloseInfo, ReadyState, ServerStats } from '../types.ts';
import { assertNotAborted, watchAbort } from './abort.ts';
import type { ServerHooks } from './hooks.ts';
import { Link, type Watcher } from './link.ts';
import { warnMisspelt } from './misspelt.ts';
import { AcceptedSocket } from './socket.ts';
import type { StreamLink } from './stream-link.ts';
import { trace } from './trace.ts';

type Listening = ReturnType<NativeBinding['listen']>;
type Failure = NonNullable<Listening['failure']>;
type Options = Parameters<NativeBinding['listenPath']>[2];

/** @internal What takes a server's connections when they have opened: each is paused until then. */
export interface Acceptor extends Watcher {
  accepted(connection: object): void;
  /** It has closed. */
  gone(connection: object): void;
}

/** @internal */
export class ServerLink extends Link<ServerHooks> {
  local: Address | string | null = null;
  phase: 'idle' | 'listening' | 'stopping' | 'closed' = 'idle';
  /** `close()` was called: what is still accepted is closed unseen. */
  closing = false;
  /** Where the hooks of its connections run: as `listen()` did. */
  connectionContext: Context = null;
  acceptor: Acceptor | null = null;
  #info: CloseInfo = { reason: 'close', unsentBytes: 0 };
  #gone = false;
  #opened = false;
  #unwatch = (): void => {};
  #deadline: NodeJS.Timeout | undefined;
  #waiting: (() => void)[] = [];
  /** So many are not through with `onClose`: of some the socket is gone, and its number reused. */
  #connections = 0;

  get readyState(): ReadyState {
    if (this.phase === 'idle') return this.closing ? 'closed' : 'idle';
    return this.phase === 'listening' && !this.closing ? 'listening' : 'closed';
  }

  stats(): ServerStats {
    const { tally } = this;
    return {
      accepted: tally[TallyAt.ACCEPTED] as number,
      refused: tally[TallyAt.REFUSED] as number,
      badProxyHeaders: tally[TallyAt.BAD_PROXY_HEADERS] as number,
      connections: this.channel.channels.size,
    };
  }

  /** Binds and listens, at once: what goes wrong is thrown. */
  listen(at: Destination, socket: NativeSocketOptions, settings: ListenSettings): void {
    const listen = (options: Options) =>
      typeof at === 'string'
        ? this.reactor.listenPath(at, options)
        : this.reactor.listen(at.host, at.port, options);
    this.#begin(socket, settings, listen, (failure) => listenFailed(failure, at));
  }

  /** Takes a listening socket over; what goes wrong is thrown. */
  adopt(fd: number, family: number, socket: NativeSocketOptions, settings: ListenSettings): void {
    this.reactor.assertFree(fd);
    const adopt = (options: Options) => this.reactor.adoptListener(fd, family, options);
    this.#begin(socket, settings, adopt, (failure) => adoptFailed(failure, fd));
  }

  #begin(
    socket: NativeSocketOptions,
    settings: ListenSettings,
    begin: (options: Options) => Listening,
    failed: (failure: Failure) => Error,
  ): void {
    if (this.phase === 'listening') throw channelActive('listen()', 'listening');
    if (this.phase !== 'idle' || this.closing) throw channelClosed('listen()');
    this.reactor.assertRunning();
    const { backlog, ipv6Only, reusePort, mode, maxConnections, blocked, signal } = settings;
    const { proxyProtocol, proxyTimeout } = settings;
    assertNotAborted(signal);
    const options: Options = { socket, backlog, ipv6Only, reusePort };
    if (mode !== undefined) options.mode = mode;
    if (maxConnections !== undefined) options.maxConnections = maxConnections;
    if (blocked !== undefined) options.blocked = blocked;
    if (proxyProtocol !== false) {
      options.proxyTimeout = proxyTimeout;
      options.proxyOptional = proxyProtocol === 'optional';
    }
    const listening = begin(options);
    if (listening.failure) throw failed(listening.failure);
    const [index = -1, generation = 0] = listening.id;
    this.local = decodeAddress(String.fromCharCode(...listening.local), 0);
    this.phase = 'listening';
    this.reactor.registry.begin(this);
    this.join(index, generation);
    this.enter(listening.descriptor);
    this.keepAlive();
    this.#unwatch = watchAbort(signal, () => this.close());
    this.connectionContext = currentContext();
    this.schedule();
  }

  /** A socket was accepted. */
  accepted(target: Target, fileno: number, about: string, isProxied = false): void {
    const socket = new AcceptedSocket(this.reactor, target, fileno, about, isProxied);
    // After `end()`, too: they had been waiting.
    if (this.closing || this.phase === 'closed') {
      socket.close();
      return;
    }
    this.#open();
    try {
      const own = this.channel.onAccept !== this.defaults.onAccept;
      // Decoding the address costs more than the rest: only for those who look at it.
      const address = own ? socket.remoteAddr : null;
      const { channel, context } = this;
      if (context === null) channel.onAccept(socket, address);
      else context.runInAsyncScope(channel.onAccept, channel, socket, address);
      if (own) socket.closeWhenDropped();
    } catch (error) {
      socket.close();
      this.reactor.uncaught(error);
    }
    this.reactor.turn.openAll();
  }

  /** A channel has taken an accepted socket. */
  took(connection: StreamLink): void {
    this.#connections += 1;
    if (this.acceptor !== null) connection.pause();
    if (connection.fileno !== null) {
      this.channel.channels.set(connection.fileno, connection.channel);
    }
  }

  /** One of its connections has opened: its `onConnect` has run. */
  opened(connection: StreamLink): void {
    if (!connection.closing) this.acceptor?.accepted(connection.channel);
  }

  /** Connections are paused, and given to it. */
  give(acceptor: Acceptor): void {
    this.acceptor = acceptor;
    this.watch(acceptor);
  }

  takeBack(acceptor: Acceptor): void {
    if (this.acceptor !== acceptor) return;
    this.acceptor = null;
    this.unwatch(acceptor);
  }

  /** The socket of one of its connections is gone. Its number may be another's from now on. */
  socketGone(connection: StreamLink): void {
    const { fileno, channel } = connection;
    const { channels } = this.channel;
    if (fileno !== null && channels.get(fileno) === channel) channels.delete(fileno);
  }

  /** One of its connections has closed. */
  released(connection: StreamLink): void {
    this.#connections -= 1;
    this.acceptor?.gone(connection.channel);
    this.finishIfGone();
  }

  /** The reactor has refused a connection. */
  dropped(about: string): void {
    const { channel, defaults } = this;
    if (this.phase !== 'listening' || this.closing || channel.onDrop === defaults.onDrop) return;
    this.#open();
    this.hook(() => channel.onDrop(decodeAddress(about, 0)));
  }

  /** A proxy has not said whose its connection is. */
  proxyFailed(why: number, about: string): void {
    if (this.closing || this.phase === 'closed') return;
    this.#report(badProxyHeader(why, decodeAddress(about, 0)));
  }

  /** Who shall not connect from now on: the reactor knows it when this returns. */
  block(blocked: Uint8Array): void {
    if (this.index < 0) return;
    this.reactor.submission.block(this, blocked);
    this.reactor.catchUp();
  }

  /** Accepting failed for now; the reactor goes on by itself. */
  acceptFailed(errno: number): void {
    if (this.phase !== 'listening') return;
    const { local } = this;
    const { address, port } = typeof local === 'string' ? { address: local } : (local ?? {});
    this.#report(systemError(errno, 'accept', address, port));
  }

  /** Closes the listener and every connection. */
  close(info: CloseInfo = { reason: 'close', unsentBytes: 0 }): void {
    if (this.closing) return;
    this.closing = true;
    this.#info = info;
    for (const handler of this.reactor.registry.active) {
      if (handler.server === this) handler.close();
    }
    this.#stop(Op.CLOSE);
    if (this.phase === 'idle') this.#gone = true;
    this.schedule();
  }

  dispose(): void {
    this.close();
  }

  /** Stops accepting; closes when the last connection has, or after a while. */
  end(timeout: number | undefined): Promise<void> {
    if (this.phase === 'closed') return Promise.resolve();
    const closed = new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.phase === 'idle') {
      this.close();
    } else if (!this.closing) {
      this.#info = { reason: 'end', unsentBytes: 0 };
      this.#stop(Op.END);
      if (timeout !== undefined && this.#deadline === undefined) {
        // What is waited for keeps the process alive, where it is to; the wait does not.
        this.#deadline = setTimeout(() => this.close(this.#info), timeout).unref();
      }
    }
    return closed;
  }

  /** The listening socket is gone. */
  nativeGone(info: CloseInfo, tally?: Tally): void {
    this.leave(tally);
    this.#gone = true;
    this.letGo();
    // Not after `end()`: it is closed on purpose then, and its connections may finish.
    if (info.error !== undefined && this.phase === 'listening') {
      this.#report(info.error);
      this.close(info);
    }
    this.finishIfGone();
  }

  /** Closes for good once the listener and all connections have. */
  finishIfGone(): void {
    if (!this.#gone || this.phase === 'closed' || this.#connections > 0) return;
    this.phase = 'closed';
    this.closing = true;
    this.letGo();
    clearTimeout(this.#deadline);
    this.#unwatch();
    this.exit();
    this.hook(() => this.channel.onClose(this.#info));
    this.tellClosed(this.#info);
    this.local = null;
    this.reactor.registry.finish(this);
    for (const resolve of this.#waiting) resolve();
  }

  protected override work(): void {
    this.#open();
    this.finishIfGone();
  }

  #open(): void {
    if (this.#opened || this.phase !== 'listening' || this.closing) return;
    this.#opened = true;
    warnMisspelt(this.channel, this.defaults);
    if (this.channel.onListen !== this.defaults.onListen) this.hook(() => this.channel.onListen());
    this.tellOpened();
  }

  /** `Op.END`: what waits to be accepted is accepted first. */
  #stop(op: number): void {
    if (this.phase !== 'listening' && op === Op.END) return;
    if (this.phase === 'idle' || this.phase === 'closed') return;
    this.phase = 'stopping';
    this.ask(op);
  }

  #report(error: Error): void {
    trace('error', this.channel, error);
    this.hook(() => this.channel.onError(error));
  }
}
