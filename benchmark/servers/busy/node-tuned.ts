import { Lines } from '../lines/replies.ts';
import { serve } from '../node.ts';
import { loopState, work } from './work.ts';

serve((socket) => {
  const lines = new Lines(work);
  socket.on('data', (received: Buffer) => {
    const replies = lines.accept(received);
    if (replies !== null) socket.write(replies, 'utf8');
  });
}, loopState);
