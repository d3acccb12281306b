// Each line goes to everybody, encoded once.

import type { Socket } from 'node:net';
import { serve } from '../node.ts';

const members = new Set<Socket>();

serve((socket) => {
  members.add(socket);
  socket.on('close', () => members.delete(socket));
  socket.on('data', (lines: Buffer) => {
    for (const member of members) member.write(lines);
  });
  socket.write('hello\n');
});
