// `node:net` as most people write it: split what has arrived, one write for each line.

import net, { type AddressInfo } from 'node:net';
import { announce } from './harness.ts';

const server = net.createServer((socket) => {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) socket.write(`${line}\n`);
  });
  socket.on('error', () => {});
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 1024 }, () => {
  announce(server.address() as AddressInfo);
});
