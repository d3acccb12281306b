// `node:net`: commands cut out of each chunk, one write for each read.

import { serve } from '../node.ts';
import { Commands } from './commands.ts';

serve((socket) => {
  const commands = new Commands();
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    const replies = commands.accept(text);
    if (replies !== '') socket.write(replies, 'latin1');
  });
});
