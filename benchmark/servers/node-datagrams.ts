// A `node:dgram` socket tuned by hand: addresses are numeric, so nothing is looked up.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { announce } from './harness.ts';

export function bind(onMessage: (socket: Socket, data: Buffer, from: RemoteInfo) => void): void {
  const socket = createSocket({
    type: 'udp4',
    lookup: (host, _options, callback) => callback(null, host, 4),
  });
  // A client that has gone.
  socket.on('error', () => {});
  socket.on('message', (data, from) => onMessage(socket, data, from));
  socket.bind(0, '127.0.0.1', () => announce(socket.address()));
}
