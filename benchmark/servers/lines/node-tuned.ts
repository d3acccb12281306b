// `node:net` tuned by hand, within its public interface: one decode and one write for each read.

import { serve } from '../node.ts';
import { Lines } from './replies.ts';

serve((socket) => {
  const lines = new Lines();
  socket.on('data', (received: Buffer) => {
    const replies = lines.accept(received);
    if (replies !== null) socket.write(replies, 'utf8');
  });
});
