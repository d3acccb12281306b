import type { AddressInfo, Socket } from 'node:net';
import os from 'node:os';

import { codedError } from './errors.ts';
import { plainHost } from './options.ts';
import type { Address } from './types.ts';

/** What a `net.Socket` knows and does not say: its descriptor, and what libuv has not sent yet. */
interface Handle {
  readonly fd: number;
  readonly writeQueueSize: number;
  /** TCP only. */
  getpeername?(out: object): number;
}

function handleOf(socket: Socket): Handle | null {
  return (socket as unknown as { _handle: Handle | null })._handle;
}

let substitute = 1_000_000;

/** The descriptor; where a platform has none (Windows), a number that no other channel has. */
export function filenoOf(socket: Socket): number {
  const fd = handleOf(socket)?.fd ?? -1;
  return fd >= 0 ? fd : substitute++;
}

/** What libuv has not sent yet; null when the socket is closed and nobody knows any more. */
export function unsentBytesOf(socket: Socket): number | null {
  return handleOf(socket)?.writeQueueSize ?? null;
}

/**
 * Whether what looks like the end was a reset. Where both data and a reset have arrived, libuv
 * reports the data and an end; but a socket that is reset has no peer any more. (Neither has one
 * that both sides have ended. Then nobody can tell.)
 */
export function wasReset(socket: Socket): boolean {
  const errno = handleOf(socket)?.getpeername?.({}) ?? 0;
  return errno !== 0 && !socket.writableEnded;
}

export function resetError(): Error {
  const errno = -os.constants.errno.ECONNRESET;
  const error = codedError('ECONNRESET', 'read ECONNRESET');
  return Object.assign(error, { errno, syscall: 'read' });
}

/**
 * Reports a failed write here instead of to the stream, which would destroy the socket at once:
 * what the peer sent before it reset the connection can still be read then.
 */
export function keepReadingAfterWriteError(socket: Socket, failed: (error: Error) => void): void {
  const write = socket._write.bind(socket);
  socket._write = (chunk, encoding, done) => {
    write(chunk, encoding, (error) => {
      if (error) failed(error);
      done();
    });
  };
}

/** The addresses of Unix sockets, which node:net does not tell. */
export const paths = new WeakMap<Socket, { local: string | null; remote: string | null }>();

/** A TCP socket that is connected. */
export function canReset(socket: Socket): boolean {
  return !socket.connecting && !socket.destroyed && !paths.has(socket);
}

/**
 * Closes it by a reset, at once. `socket.resetAndDestroy()` would send what is pending first; and
 * libuv refuses while it is about to send FIN.
 */
export function reset(socket: Socket): void {
  const atOnce = () => {
    Object.assign(socket, { resetAndClosing: true });
    socket.destroy();
  };
  const finishing = socket.writableEnded && !socket.writableFinished;
  if (finishing && socket.writableLength === 0) socket.once('finish', atOnce);
  else atOnce();
}

export function localAddressOf(socket: Socket): Address | string | null {
  const path = paths.get(socket);
  if (path) return path.local;
  return toAddress(socket.localAddress, socket.localPort);
}

export function remoteAddressOf(socket: Socket): Address | string | null {
  const path = paths.get(socket);
  if (path) return path.remote;
  return toAddress(socket.remoteAddress, socket.remotePort);
}

function toAddress(address: string | undefined, port: number | undefined): Address | null {
  if (address === undefined || port === undefined) return null;
  return plainAddress(address, port);
}

export function listeningAddress({ address, port }: AddressInfo): Address {
  return plainAddress(address, port);
}

/** As users are told: IPv4 in its own form. */
export function plainAddress(given: string, port: number): Address {
  const address = plainHost(given);
  return { address, port, family: address.includes(':') ? 'IPv6' : 'IPv4' };
}
