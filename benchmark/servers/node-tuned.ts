// `node:net` tuned by hand, within its public interface: one write for each read, and as few calls
// into C++ as there can be. Complete lines are decoded together (a line feed never lies within a
// UTF-8 sequence) and sliced as a string: faster than a `Buffer.indexOf` and a decode for each line
// at every depth measured.

import net, { type AddressInfo } from 'node:net';
import { announce } from './harness.ts';
import { replies } from './replies.ts';

const lineFeed = 0x0a;

const server = net.createServer({ noDelay: true }, (socket) => {
  let rest: Buffer | null = null;
  socket.on('data', (received: Buffer) => {
    const chunk = rest === null ? received : Buffer.concat([rest, received]);
    const end = chunk.lastIndexOf(lineFeed);
    rest = end + 1 === chunk.length ? null : chunk.subarray(end + 1);
    if (end !== -1) socket.write(replies(chunk.toString('utf8', 0, end)), 'utf8');
  });
  socket.on('error', () => {});
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 1024 }, () => {
  announce(server.address() as AddressInfo);
});
