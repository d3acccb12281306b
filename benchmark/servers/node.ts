// A `node:net` server as the benchmark asks: TCP or a Unix socket.

import net from 'node:net';
import { announce, endpoint } from './harness.ts';

export function serve(onConnection: (socket: net.Socket) => void, state?: () => unknown): void {
  const server = net.createServer({ noDelay: true }, (socket) => {
    // A client that closes at once is no fault of the server.
    socket.on('error', () => {});
    onConnection(socket);
  });
  server.listen(endpoint, () => announce(server.address() as net.AddressInfo | string, state));
}
