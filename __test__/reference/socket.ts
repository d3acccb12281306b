import type { AddressInfo, Socket } from 'node:net';

import type { Address } from './types.ts';

/** What a `net.Socket` knows and does not say: its descriptor, and what libuv has not sent yet. */
interface Handle {
  readonly fd: number;
  readonly writeQueueSize: number;
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

export function unsentBytesOf(socket: Socket): number {
  return handleOf(socket)?.writeQueueSize ?? 0;
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

export function localAddressOf(socket: Socket): Address | null {
  return toAddress(socket.localAddress, socket.localPort);
}

export function remoteAddressOf(socket: Socket): Address | null {
  return toAddress(socket.remoteAddress, socket.remotePort);
}

function toAddress(address: string | undefined, port: number | undefined): Address | null {
  if (address === undefined || port === undefined) return null;
  return { address, port, family: address.includes(':') ? 'IPv6' : 'IPv4' };
}

export function listeningAddress(info: AddressInfo): Address {
  return { address: info.address, port: info.port, family: info.family as Address['family'] };
}
