// `node:net`, bytes as they arrive, with back-pressure.

import net, { type AddressInfo } from 'node:net';
import { announce } from './harness.ts';

const server = net.createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {});
  socket.pipe(socket);
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 1024 }, () => {
  announce(server.address() as AddressInfo);
});
