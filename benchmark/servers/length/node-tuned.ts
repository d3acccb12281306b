// `node:net`: frames cut out of each chunk, one write for each read.

import { serve } from '../node.ts';
import { Frames } from './frames.ts';

serve((socket) => {
  const frames = new Frames();
  socket.on('data', (received: Buffer) => {
    const answers = frames.accept(received);
    if (answers !== null) socket.write(answers);
  });
});
