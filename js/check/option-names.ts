/** Which options each place takes. A name that it does not take is refused, with the nearest one. */

import { Family } from '../generated/wire.ts';
import type {
  Address,
  AnyListenOptions,
  ConnectCallOptions,
  DatagramCallOptions,
  DatagramFramesOptions,
  DescriptorOptions,
  EngineOptions,
  FlowCallOptions,
  FramesOptions,
  KeepAliveOptions,
  LengthPrefixOptions,
  ListenOptions,
  SocketOptions,
  StreamCallOptions,
  UnixConnectCallOptions,
  UnixListenOptions,
  WaitOptions,
} from '../types.ts';
import { invalidType, unknownOption } from './errors.ts';
import { isReadable } from './values.ts';

/** The names of a type's properties: the compiler refuses one too many as well as one too few. */
type Names<T> = { readonly [K in keyof T]-?: true };

const ENGINE = { engine: true } as const;
const DESCRIPTOR: Names<DescriptorOptions> = { fd: true };
const CONNECTION_CLASS = { ConnectionClass: true } as const;
/** What an address may have beside options, `localAddr`'s own family included. */
const HOST_PORT: Names<Address & { host: string }> = {
  host: true,
  address: true,
  port: true,
  family: true,
};
const PATH = { path: true } as const;

/** @internal */
export const socketNames: Names<SocketOptions> = {
  noDelay: true,
  keepAlive: true,
  recvBufferSize: true,
  sendBufferSize: true,
  userTimeout: true,
  typeOfService: true,
};

const FLOW: Names<FlowCallOptions> = {
  readDelimiter: true,
  readEncoding: true,
  bufferSize: true,
  highWaterMark: true,
  maxPendingBytes: true,
  lingerTimeout: true,
};

const STREAM: Names<StreamCallOptions> = {
  ...socketNames,
  ...FLOW,
  allowHalfOpen: true,
  idleTimeout: true,
  frameTimeout: true,
};

const UNIX_CONNECT: Names<UnixConnectCallOptions> = {
  ...STREAM,
  connectTimeout: true,
  signal: true,
};

const CONNECT: Names<ConnectCallOptions> = {
  ...UNIX_CONNECT,
  localAddress: true,
  localPort: true,
  family: true,
  lookup: true,
};

const ANY_LISTEN: Names<AnyListenOptions> = {
  ...STREAM,
  backlog: true,
  maxConnections: true,
  proxyProtocol: true,
  signal: true,
};
const LISTEN: Names<ListenOptions> = {
  ...ANY_LISTEN,
  ipv6Only: true,
  reusePort: true,
  blockList: true,
};
const UNIX_LISTEN: Names<UnixListenOptions> = { ...ANY_LISTEN, mode: true };

const DATAGRAM: Names<DatagramCallOptions> = {
  ...FLOW,
  family: true,
  maxSenders: true,
  reuseAddr: true,
  reusePort: true,
  ipv6Only: true,
  broadcast: true,
  recvBufferSize: true,
  sendBufferSize: true,
  mode: true,
  lookup: true,
  signal: true,
};

/** @internal */
export const datagramFramesNames: Names<DatagramFramesOptions> = {
  signal: true,
  highWaterMark: true,
  keepOpen: true,
};
/** @internal */
export const framesNames: Names<FramesOptions> = { ...datagramFramesNames, rest: true };
/** @internal */
export const waitNames: Names<WaitOptions> = { signal: true };
/** @internal */
export const engineNames: Names<EngineOptions> = { driver: true };
/** @internal */
export const keepAliveNames: Names<KeepAliveOptions> = { idle: true, interval: true, count: true };
/** @internal */
export const lengthPrefixNames: Names<LengthPrefixOptions> = {
  bytes: true,
  endian: true,
  adjust: true,
};

/** Of the classes of one family: what their constructors and calls take. */
interface FamilyNames {
  /** The options of `connect()`, and with an address among them; the constructor's. */
  readonly connect: object;
  readonly connectTo: object;
  readonly client: object;
  /** The options of `listen()`, with an address, with a descriptor; the constructor's. */
  readonly listen: object;
  readonly listenAt: object;
  readonly adopt: object;
  readonly server: object;
}

function familyNames(connect: object, listen: object, address: object): FamilyNames {
  return {
    connect,
    connectTo: { ...connect, ...address },
    client: { ...connect, ...ENGINE, ...DESCRIPTOR },
    listen,
    listenAt: { ...listen, ...address, ...DESCRIPTOR },
    adopt: { ...listen, ...DESCRIPTOR },
    server: { ...listen, ...ENGINE, ...DESCRIPTOR, ...CONNECTION_CLASS },
  };
}

const inet = familyNames(CONNECT, LISTEN, HOST_PORT);
const unix = familyNames(UNIX_CONNECT, UNIX_LISTEN, PATH);
const either = familyNames(CONNECT, { ...LISTEN, ...UNIX_LISTEN }, { ...HOST_PORT, ...PATH });

/** @internal By a class's family: one of wire's `Family`. */
export function namesOf(family: number): FamilyNames {
  if (family === Family.INET) return inet;
  return family === Family.UNIX ? unix : either;
}

/** @internal What the constructor of a connection takes. */
export const connectionNames: object = { ...STREAM, ...ENGINE };

/** @internal */
export const datagramNames: Readonly<Record<'channel' | 'listen' | 'listenAt', object>> = {
  channel: { ...DATAGRAM, ...ENGINE, ...DESCRIPTOR },
  listen: DATAGRAM,
  listenAt: { ...DATAGRAM, ...HOST_PORT, ...PATH },
};

/**
 * @internal What was given as options, read once: what a getter throws comes out of here, before
 * anything has happened. `ERR_UNKNOWN_OPTION` for a name that is not among `names`.
 */
export function checkOptions(value: unknown, names: object): Record<string, unknown> {
  if (value === undefined || value === null) return {};
  if (!isReadable(value) || Array.isArray(value)) {
    throw invalidType('options', 'an object', value);
  }
  const options: Record<string, unknown> = { ...value };
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(names, name)) throw unknownOption(name, Object.keys(names));
  }
  return options;
}

/** @internal Those of them that are among `names`. */
export function pickOptions(options: object, names: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(names, name)));
}

/** @internal An address that may have options beside it, both read once. */
export function splitAddress(
  given: unknown,
  names: object,
  optionNames: object,
): { address: unknown; options: Record<string, unknown> } {
  const isObject = isReadable(given) && !Array.isArray(given) && !ArrayBuffer.isView(given);
  if (!isObject) return { address: given, options: {} };
  const both = checkOptions(given, names);
  return { address: both, options: pickOptions(both, optionNames) };
}
