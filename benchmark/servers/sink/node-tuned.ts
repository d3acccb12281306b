// So many datagrams under way at a time, and a turn of the event loop between two batches: what has
// left at once calls back before anything is received.

import type { RemoteInfo, Socket } from 'node:dgram';
import { bind } from '../node-datagrams.ts';
import { Numbered, parse } from './numbered.ts';

const most = 512;
let underWay = 0;
let numbered: Numbered | null = null;

bind((socket, data, from) => {
  const size = parse(data);
  numbered = size === null ? null : new Numbered(size);
  send(socket, from);
});

function send(socket: Socket, to: RemoteInfo): void {
  if (numbered === null) return;
  for (; underWay < most; underWay += 1) {
    socket.send(numbered.next(), to.port, to.address, hasLeft);
  }
  setImmediate(send, socket, to);
}

function hasLeft(): void {
  underWay -= 1;
}
