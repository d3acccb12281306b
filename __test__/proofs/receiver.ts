/**
 * Run by transfer.ts: listens, prints its port, takes one connection to its end, and prints how
 * much came and its SHA-256. Plain node:net, in a process of its own.
 */
import { createHash } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';

const server = createServer((socket) => {
  server.close();
  const hash = createHash('sha256');
  let length = 0;
  socket.on('data', (chunk) => {
    length += chunk.length;
    hash.update(chunk);
  });
  socket.on('end', () => console.log(JSON.stringify({ length, sha256: hash.digest('hex') })));
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
