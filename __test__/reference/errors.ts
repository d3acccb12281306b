import os from 'node:os';
import { inspect } from 'node:util';

/** An error with the stable `code` that programs test for. */
export interface CodedError extends Error {
  code: string;
}

export function codedError(code: string, message: string): CodedError {
  return Object.assign(new Error(message), { code });
}

export function typeError(name: string, expected: string, value: unknown): CodedError {
  const message = `${name} must be ${expected}, got ${inspect(value)}`;
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' });
}

export function valueError(name: string, expected: string, value: unknown): CodedError {
  const message = `${name} must be ${expected}, got ${inspect(value)}`;
  return Object.assign(new RangeError(message), { code: 'ERR_INVALID_ARG_VALUE' });
}

export function illegalConstructor(name: string): CodedError {
  return Object.assign(new TypeError(`${name} is abstract`), { code: 'ERR_ILLEGAL_CONSTRUCTOR' });
}

export function badPort(name: string, value: unknown, least: number): CodedError {
  const message = `${name} must be an integer from ${least} to 65535, got ${inspect(value)}`;
  return Object.assign(new RangeError(message), { code: 'ERR_SOCKET_BAD_PORT' });
}

export function abortError(cause: unknown): CodedError {
  const error = new Error('the connect was aborted', { cause });
  error.name = 'AbortError';
  return Object.assign(error, { code: 'ABORT_ERR' });
}

export function unusable(syscall: string, address: string): CodedError {
  const errno = -os.constants.errno.EINVAL;
  return Object.assign(codedError('EINVAL', `${syscall} EINVAL ${address}`), {
    errno,
    syscall,
    address,
  });
}

export function notFound(hostname: string): CodedError {
  const error = codedError('ENOTFOUND', `getaddrinfo ENOTFOUND ${hostname}`);
  return Object.assign(error, { syscall: 'getaddrinfo', hostname });
}

export function notBound(what: string): CodedError {
  return codedError('ERR_CHANNEL_NOT_CONNECTED', `${what} on a channel that is not bound yet`);
}

export function notConnected(what: string): CodedError {
  const message = `${what} on a channel that is not connected`;
  return codedError('ERR_CHANNEL_NOT_CONNECTED', message);
}
