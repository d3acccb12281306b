import { createSocket, type Socket, type SocketOptions } from 'node:dgram';
import { isIP } from 'node:net';
import os from 'node:os';

import { codedError } from './errors.ts';
import type { Endpoint } from './options.ts';
import { plainAddress } from './socket.ts';
import type { Address, DatagramOptions } from './types.ts';

/** Addresses are looked up before they come here; so nothing has to wait for a look-up. */
const answer: NonNullable<SocketOptions['lookup']> = (host, _options, callback) => {
  callback(null, host, isIP(host));
};

/** `bind()` reports its errors as events; ours throws. They come while it is called. */
export function bindUdp(at: Endpoint, options: DatagramOptions): Socket {
  if (at.host === 'localhost') return bindUdp({ ...at, host: '127.0.0.1' }, options);
  if (at.host === '' && familyNumber(options) === 4) {
    return bindUdp({ ...at, host: '0.0.0.0' }, options);
  }
  const host = at.host === '' ? '::' : at.host;
  if (isIP(host) === 0) {
    const error = codedError('ENOTFOUND', `the reference listens on addresses only, not ${host}`);
    throw Object.assign(error, { syscall: 'getaddrinfo', hostname: host });
  }
  return at.port === 0 ? bindAny(host, options) : bindTo(host, at.port, options);
}

/** A port that was not asked for is lost with the peer, by `disconnect()`: so this asks for it. */
function bindAny(host: string, options: DatagramOptions): Socket {
  for (;;) {
    const any = bindTo(host, 0, options);
    const { port } = addressOf(any);
    any.close();
    try {
      return bindTo(host, port, options);
    } catch (error) {
      // Somebody else was faster.
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}

function bindTo(host: string, port: number, options: DatagramOptions): Socket {
  const { reuseAddr = false, ipv6Only = false, recvBufferSize, sendBufferSize } = options;
  const sizes = {
    ...(recvBufferSize !== undefined && { recvBufferSize }),
    ...(sendBufferSize !== undefined && { sendBufferSize }),
  };
  const type = isIP(host) === 6 ? 'udp6' : 'udp4';
  const socket = createSocket({ type, reuseAddr, ipv6Only, lookup: answer, ...sizes });
  let failure: Error | null = null;
  socket.once('error', (error) => {
    failure = error;
  });
  socket.bind({ address: host, port, exclusive: true });
  socket.removeAllListeners('error');
  if (failure !== null) {
    socket.close();
    throw failure;
  }
  if (options.broadcast) socket.setBroadcast(true);
  return socket;
}

export function familyNumber({ family = 0 }: DatagramOptions): 0 | 4 | 6 {
  if (family === 'unix') throw codedError('ERR_UNIX_UNSUPPORTED', 'not in the reference');
  if (family === 'IPv4') return 4;
  return family === 'IPv6' ? 6 : family;
}

export function addressOf(socket: Socket): Address {
  const { address, port } = socket.address();
  return plainAddress(address, port);
}

export function filenoOfUdp(socket: Socket): number {
  const symbol = Object.getOwnPropertySymbols(socket).find(
    ({ description }) => description === 'state symbol',
  );
  const state = Reflect.get(socket, symbol ?? Symbol()) as { handle: { fd: number } };
  return state.handle.fd;
}

/** Node takes any zone, and leaves out one that it does not know. */
export function isUsable(host: string): boolean {
  const [, zone] = host.split('%');
  const known = zone === undefined || /^\d+$/.test(zone) || zone in os.networkInterfaces();
  return isIP(host) !== 0 && known;
}

/** A socket for both families knows IPv4 by its form in IPv6. */
export function forSocket(socket: Socket, host: string): string {
  return socket.address().family === 'IPv6' && isIP(host) === 4 ? `::ffff:${host}` : host;
}
