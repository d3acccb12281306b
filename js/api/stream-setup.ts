/** What a stream is told to be: by its constructor, by its server, by `connect()`. */

import type { Destination } from '../check/address.ts';
import { channelActive, channelClosed, invalidType, invalidValue } from '../check/errors.ts';
import {
  checkOptions,
  connectionNames,
  namesOf,
  pickOptions,
  socketNames,
} from '../check/option-names.ts';
import {
  checkDescriptor,
  connectSettings,
  type StreamSettings,
  socketOptions,
  streamSettings,
} from '../check/options.ts';
import { ConnectAttempt } from '../link/connect.ts';
import { setReading } from '../link/fields.ts';
import type { ServerLink } from '../link/server-link.ts';
import { AcceptedSocket } from '../link/socket.ts';
import type { StreamLink } from '../link/stream-link.ts';
import { currentContext } from '../reactor/context.ts';
import type { DescriptorOptions } from '../types.ts';
import { serverOf } from './accepted.ts';
import { Engine } from './engine.ts';
import type { ConnectOptions } from './options.ts';

/** @internal What `connect()` of each kind of client comes to. */
export const connectTo: unique symbol = Symbol('pants.connectTo');

/** @internal The property under which a class says which sockets it takes: one of wire's `Family`. */
export const family: unique symbol = Symbol('pants.family');

/** What a constructor was given, checked. */
interface Setup {
  readonly options: ConnectOptions & DescriptorOptions;
  readonly settings: StreamSettings;
  readonly engine: Engine;
  /** Wire's `Family`. */
  readonly family: number;
  /** The socket that it wraps, and the server that has accepted it. */
  readonly accepted: { readonly socket: AcceptedSocket; readonly server: ServerLink } | null;
  /** Its socket is to have other options than the server's. */
  readonly isOwnSocket: boolean;
}

/** @internal `(options)` or `(socket, server, options)`. */
export function setupOf(family: number, first: unknown, second: unknown, third: unknown): Setup {
  const socket = AcceptedSocket.isSocket(first) ? first : null;
  const server = socket && serverOf(socket, second);
  const defaults = server?.channel.connectionDefaults;
  // A server checks its connections' options once, when it is made.
  const serverDefaults = third === undefined || third === null ? defaults : undefined;
  const options: ConnectOptions & DescriptorOptions =
    serverDefaults?.options ??
    (defaults
      ? { ...defaults.options, ...checkOptions(third, connectionNames) }
      : checkOptions(first, namesOf(family).client));
  const { engine = Engine.instance() } = options;
  if (!Engine.isEngine(engine)) throw invalidType('engine', 'an Engine', engine);
  const settings = serverDefaults?.settings ?? streamSettings(options);
  if (serverDefaults === undefined) connectSettings(options);
  const accepted = server && { socket: socket as AcceptedSocket, server };
  // What the server was told its socket has already.
  const isOwn = server !== null && serverDefaults === undefined;
  const isOwnSocket = isOwn && Object.keys(pickOptions(third as object, socketNames)).length > 0;
  return { options, settings, engine, family, accepted, isOwnSocket };
}

/** @internal Gives the link what it is to begin with: its settings it has. */
export function begin(link: StreamLink, setup: Setup): void {
  const { options, engine, family, accepted, isOwnSocket } = setup;
  setReading(link, options);
  if (accepted) {
    const { socket, server } = accepted;
    if (engine !== server.engine) throw invalidValue('engine', "left out, or the server's", engine);
    (link.channel as { server?: object }).server = server.channel;
    link.wrap(socket, server);
    if (isOwnSocket) link.setSocketOptions(socketOptions(options));
    return;
  }
  link.context = currentContext();
  const descriptor = checkDescriptor(options.fd);
  if (descriptor === undefined) return;
  link.adoptDescriptor(descriptor, family, socketOptions(options));
}

/** @internal `connect()`, with these options of its own; `all`: and the constructor's. */
export function startConnect(
  link: StreamLink,
  to: Destination,
  options: ConnectOptions,
  all: ConnectOptions,
): void {
  const settings = connectSettings(all);
  // Only for its checks: the settings are computed again below, after the class fields are read.
  streamSettings(options, link.settings);
  const { phase, closing } = link;
  if (closing || phase === 'closed') throw channelClosed('connect()');
  if (phase !== 'idle') throw channelActive('connect()', link.readyState);
  link.reactor.assertRunning();
  link.takeFields();
  link.configure(streamSettings(options, link.settings));
  setReading(link, options);
  const attempt = new ConnectAttempt(link, to, settings);
  link.connecting(attempt);
  attempt.start();
}
