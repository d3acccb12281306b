// `node:net` as most people write it: split what has arrived, one write for each line.

import { serve } from '../node.ts';

serve((socket) => {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) socket.write(`${line}\n`);
  });
});
