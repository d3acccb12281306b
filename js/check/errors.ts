/** Every error that the package makes: a stable `code`, and a message that quotes what was given. */

import os from 'node:os';
import { getSystemErrorMap, getSystemErrorName, inspect } from 'node:util';
import { ProxyFault, Syscall } from '../generated/wire.ts';
import type { Address, ChannelError, ErrorCode, SystemError } from '../types.ts';
import { nearest } from './nearest.ts';

function withCode<E extends Error>(error: E, code: ErrorCode): E & ChannelError {
  return Object.assign(error, { code });
}

function coded(code: ErrorCode, message: string, options?: ErrorOptions): ChannelError {
  return withCode(new Error(message, options), code);
}

/** A value as it is quoted in a message: short, on one line. */
export function quote(value: unknown): string {
  const text = shown(value);
  return text.length > 128 ? `${text.slice(0, 128)}…` : text;
}

function shown(value: unknown): string {
  try {
    return inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY });
  } catch {
    // Proxies, and what says itself how it is to be shown, may throw.
    return `${typeof value === 'function' ? 'a function' : 'an object'} that cannot be shown`;
  }
}

export function invalidType(name: string, expected: string, value: unknown): TypeError {
  return withCode(
    new TypeError(`${name} must be ${expected}, got ${quote(value)}`),
    'ERR_INVALID_ARG_TYPE',
  );
}

export function invalidValue(name: string, expected: string, value: unknown): RangeError {
  return withCode(
    new RangeError(`${name} must be ${expected}, got ${quote(value)}`),
    'ERR_INVALID_ARG_VALUE',
  );
}

export function badPort(name: string, value: unknown, least = 0): RangeError {
  return withCode(
    new RangeError(`${name} must be an integer from ${least} to 65535, got ${quote(value)}`),
    'ERR_SOCKET_BAD_PORT',
  );
}

export function illegalConstructor(name: string): TypeError {
  return withCode(
    new TypeError(`${name} is abstract: extend one of its subclasses`),
    'ERR_ILLEGAL_CONSTRUCTOR',
  );
}

/** An option that its place does not take; `known` are those that it does. */
export function unknownOption(name: string, known: string[]): TypeError {
  const near = nearest(name, known);
  const hint = near === null ? `known are ${known.sort().join(', ')}` : `did you mean '${near}'?`;
  return withCode(new TypeError(`unknown option ${quote(name)}; ${hint}`), 'ERR_UNKNOWN_OPTION');
}

export function channelClosed(what: string): ChannelError {
  return coded('ERR_CHANNEL_CLOSED', `${what}: the channel has ended or closed`);
}

export function channelActive(what: string, state: string): ChannelError {
  return coded('ERR_CHANNEL_ACTIVE', `${what}: the channel is ${state} already`);
}

export function channelNotConnected(
  what: string,
  state = 'neither connected nor connecting',
): ChannelError {
  return coded('ERR_CHANNEL_NOT_CONNECTED', `${what}: the channel is ${state}`);
}

export function channelNotBound(what: string): ChannelError {
  return channelNotConnected(what, 'not bound yet: call listen() first');
}

export function peerNotSet(what: string): ChannelError {
  return channelNotConnected(what, 'not connected yet: wait for onConnect');
}

/** `why`: one of wire's `ProxyFault`. */
export function badProxyHeader(why: number, proxy: Address | string | null): ChannelError {
  const what = {
    [ProxyFault.MISSING]: 'there is no PROXY header',
    [ProxyFault.MALFORMED]: 'the PROXY header is malformed',
    [ProxyFault.LATE]: 'the PROXY header is late',
  }[why];
  const { address } = placeOf(proxy);
  const from = address === undefined ? '' : ` on a connection from ${quote(address)}`;
  return withAddress(coded('ERR_PROXY_HEADER', `${what}${from}`), proxy);
}

export function frameOverflow(detail: string, limit: number): ChannelError {
  return coded('ERR_FRAME_OVERFLOW', `a frame outgrew bufferSize (${limit} bytes): ${detail}`);
}

export function pendingOverflow(pending: number, limit: number): ChannelError {
  return coded(
    'ERR_PENDING_OVERFLOW',
    `${pending} bytes were pending at a write, more than maxPendingBytes (${limit})`,
  );
}

export function idleTimeout(ms: number): ChannelError {
  return coded('ERR_IDLE_TIMEOUT', `nothing was sent or received for ${ms} ms (idleTimeout)`);
}

export function frameTimeout(ms: number): ChannelError {
  return coded('ERR_FRAME_TIMEOUT', `a frame was not completed within ${ms} ms (frameTimeout)`);
}

export function lingerTimeout(ms: number): ChannelError {
  return coded('ERR_LINGER_TIMEOUT', `end() made no progress for ${ms} ms (lingerTimeout)`);
}

export function bufferDetached(): ChannelError {
  return coded(
    'ERR_BUFFER_DETACHED',
    'the memory of a frame not yet delivered was detached through an earlier frame',
  );
}

export function dataDetached(name: string): ChannelError {
  return coded(
    'ERR_BUFFER_DETACHED',
    `${name} is memory that was detached: it has been transferred elsewhere`,
  );
}

export function fileTruncated(name: string): ChannelError {
  return coded(
    'ERR_FILE_TRUNCATED',
    `the file ${name} has become shorter than what was to be sent of it`,
  );
}

export function unixUnsupported(): ChannelError {
  return coded('ERR_UNIX_UNSUPPORTED', `this platform (${process.platform}) has no Unix sockets`);
}

/** The system gave no thread, or no descriptors, for a reactor. */
export function engineNotStarted(cause: unknown): ChannelError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return coded('ERR_ENGINE_FAILED', `the reactor cannot start: ${why}`, { cause });
}

export function datagramTruncated(size: number, address: Address | string | null): ChannelError {
  const error = new Error(
    `a datagram of ${size} bytes was longer than the receive buffer, and is lost`,
  );
  return withAddress(withCode(error, 'ERR_DATAGRAM_TRUNCATED'), address);
}

export function senderEvicted(length: number, address: Address | string | null): ChannelError {
  const error = new Error(`${length} bytes of a sender made room for those of others`);
  return withAddress(withCode(error, 'ERR_SENDER_EVICTED'), address);
}

/** The error, with the address that it is about. */
export function withAddress<E extends ChannelError>(error: E, address: Address | string | null): E {
  return Object.assign(error, placeOf(address));
}

/** One operation of a datagram channel failed, on its way to or from this address. */
export function datagramFailed(
  errno: number,
  syscall: number | string,
  at: Address | string | null,
): SystemError {
  const { address, port } = placeOf(at);
  return systemError(errno, syscall, address, port);
}

/** As errors have it. */
function placeOf(at: Address | string | null): { address?: string; port?: number } {
  if (typeof at === 'string') return { address: at };
  return at === null ? {} : { address: at.address, port: at.port };
}

/** What the native part says of an option: an errno; -1: no socket; -2: no such option. */
export function optionFailed(errno: number, name: string): Error {
  if (errno === -1) return channelClosed(`${name}()`);
  return systemError(errno === -2 ? EINVAL : errno, name);
}

/** An address that is none, or that names an interface which this machine has not. */
export function addressUnusable(
  syscall: 'bind' | 'connect' | 'send',
  address: string,
  port?: number,
): SystemError {
  return systemError(EINVAL, syscall, address, port);
}

/** A look-up has found nothing; `why`: as the native part says. */
export function nameNotFound(host: string, why?: string): SystemError {
  const message = `getaddrinfo ENOTFOUND ${host}${why === undefined ? '' : ` (${why})`}`;
  const fields = { code: 'ENOTFOUND', errno: -3008, syscall: 'getaddrinfo', hostname: host };
  return Object.assign(new Error(message), fields);
}

/** `cause`: what has kept this side from taking what the reactor reports. */
export function engineFailed(cause?: unknown): ChannelError {
  const why =
    cause instanceof Error
      ? `what it reports cannot be taken (${cause.message})`
      : 'an internal error';
  return coded('ERR_ENGINE_FAILED', `the reactor has died of ${why}; its channels are closed`, {
    cause,
  });
}

export function engineClosed(): ChannelError {
  return coded('ERR_ENGINE_CLOSED', 'the engine has been closed');
}

/** As AbortController's own, with the signal's reason as its cause. */
export function aborted(signal: AbortSignal): ChannelError {
  const error = new Error('The operation was aborted', { cause: signal.reason });
  error.name = 'AbortError';
  return withCode(error, 'ABORT_ERR');
}

/** @internal */
export const EADDRINUSE: number =
  process.platform === 'win32' ? 10_048 : os.constants.errno.EADDRINUSE;
const EINVAL = process.platform === 'win32' ? 10_022 : os.constants.errno.EINVAL;
const ETIMEDOUT = process.platform === 'win32' ? 10_060 : os.constants.errno.ETIMEDOUT;

const SYSCALLS: Readonly<Record<number, string>> = {
  [Syscall.READ]: 'read',
  [Syscall.WRITE]: 'write',
  [Syscall.CONNECT]: 'connect',
  [Syscall.ACCEPT]: 'accept',
  [Syscall.SHUTDOWN]: 'shutdown',
  [Syscall.BIND]: 'bind',
  [Syscall.SENDFILE]: 'sendfile',
  [Syscall.SEND]: 'send',
  [Syscall.RECVMSG]: 'recvmsg',
};

/** Winsock's numbers, by the names that Node gives the same errors on other systems. */
const WINSOCK: Readonly<Record<number, string>> = {
  10013: 'EACCES',
  10022: 'EINVAL',
  10024: 'EMFILE',
  10040: 'EMSGSIZE',
  10042: 'ENOPROTOOPT',
  10047: 'EAFNOSUPPORT',
  10048: 'EADDRINUSE',
  10049: 'EADDRNOTAVAIL',
  10050: 'ENETDOWN',
  10051: 'ENETUNREACH',
  10053: 'ECONNABORTED',
  10054: 'ECONNRESET',
  10055: 'ENOBUFS',
  10057: 'ENOTCONN',
  10060: 'ETIMEDOUT',
  10061: 'ECONNREFUSED',
  10065: 'EHOSTUNREACH',
};

function errnoName(errno: number): string {
  if (errno === 0) return 'EIO';
  if (process.platform === 'win32') return WINSOCK[errno] ?? `WSA${errno}`;
  return getSystemErrorName(-errno);
}

/** The number and the words that Node has for an error, which are libuv's, by its name. */
const SYSTEM_ERRORS = new Map(
  [...getSystemErrorMap()].map(([errno, [code, words]]) => [code, { errno, words }]),
);

/**
 * An error of the operating system with the fields that Node gives it, and with its message: Node
 * has words for what `listen` says, and for nothing else.
 */
export function systemError(
  errno: number,
  syscall: number | string,
  address?: string,
  port?: number,
): SystemError {
  const code = errnoName(errno);
  const call = typeof syscall === 'number' ? (SYSCALLS[syscall] ?? 'socket') : syscall;
  const known = SYSTEM_ERRORS.get(code);
  const words = call === 'listen' && known !== undefined ? `: ${known.words}` : '';
  const where = address === undefined ? '' : ` ${address}${port ? `:${port}` : ''}`;
  const error: SystemError = Object.assign(new Error(`${call} ${code}${words}${where}`), {
    code,
    errno: known?.errno ?? -errno,
    syscall: call,
  });
  if (address !== undefined) error.address = address;
  if (port !== undefined) error.port = port;
  return error;
}

/** As `fs.readFileSync()` has it. */
export function isDirectory(file: unknown): SystemError {
  const error = systemError(os.constants.errno.EISDIR, 'read');
  error.message = `EISDIR: illegal operation on a directory, read ${quote(file)}`;
  if (typeof file === 'string') error.path = file;
  return error;
}

/** An error of the operating system about a path; it does not say what about one that is too long. */
export function pathError(errno: number, syscall: string, path: string): SystemError {
  const error = systemError(errno, syscall, path);
  const bytes = Buffer.byteLength(path);
  if (error.code === 'EINVAL' && bytes > 100) error.message += ` (${bytes} bytes is too long)`;
  return error;
}

/** `connect` ran out of time; which attempts were still under way is in `errors`. */
export function connectTimedOut(ms: number, address: string, port: number): SystemError {
  const error = systemError(ETIMEDOUT, 'connect', address, port);
  error.message += ` (connectTimeout ${ms} ms)`;
  return error;
}

/** One error for all attempts of a connect: the only one, or an AggregateError of them. */
export function connectFailed(attempts: SystemError[]): SystemError {
  const [first] = attempts;
  if (first === undefined) return systemError(0, 'connect');
  if (attempts.length === 1) return first;
  const message = attempts.map((attempt) => attempt.message).join('; ');
  const { code, errno, syscall, address, port } = first;
  const fields = { code, errno, syscall, ...(address !== undefined && { address }) };
  return Object.assign(
    new AggregateError(attempts, message),
    fields,
    port !== undefined && { port },
  );
}

/** What the native part says of a call, before it is an error. */
interface Failure {
  errno: number;
  syscall: string;
  address: string;
  message: string;
}

/** `listen` has failed. */
export function listenFailed(
  failure: Failure,
  at: string | { host: string; port: number },
): SystemError {
  const { errno, syscall, address, message } = failure;
  if (typeof at === 'string') return pathError(errno, syscall, at);
  if (errno === 0) return nameNotFound(at.host, message);
  return systemError(errno, syscall, address, at.port);
}

/** A descriptor was not taken over. */
export function adoptFailed({ errno, syscall, address }: Failure, fd: number): Error {
  if (errno === 0) return invalidValue('fd', address, fd);
  const error = systemError(errno, syscall);
  error.message += ` (descriptor ${fd})`;
  return error;
}
