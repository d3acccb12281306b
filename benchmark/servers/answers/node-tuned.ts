// Both parts in one system call.

import { serve } from '../node.ts';
import { body } from './body.ts';

serve((socket) => {
  socket.on('data', (line: Buffer) => {
    socket.cork();
    socket.write(line);
    socket.write(body);
    socket.uncork();
  });
});
