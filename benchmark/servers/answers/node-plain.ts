// A write for each part.

import { serve } from '../node.ts';
import { body } from './body.ts';

serve((socket) => {
  socket.on('data', (line: Buffer) => {
    socket.write(line);
    socket.write(body);
  });
});
