// Bytes as they arrive, with back-pressure, without the machinery of a pipe.

import { serve } from '../node.ts';

serve((socket) => {
  socket.on('data', (received: Buffer) => {
    if (!socket.write(received)) socket.pause();
  });
  socket.on('drain', () => socket.resume());
});
