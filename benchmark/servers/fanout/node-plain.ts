// Each line goes to everybody, as a string.

import type { Socket } from 'node:net';
import { serve } from '../node.ts';

const members = new Set<Socket>();

serve((socket) => {
  let rest = '';
  members.add(socket);
  socket.setEncoding('utf8');
  socket.on('close', () => members.delete(socket));
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      for (const member of members) member.write(`${line}\n`);
    }
  });
  socket.write('hello\n');
});
