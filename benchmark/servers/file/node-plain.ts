// A read stream, piped.

import { createReadStream } from 'node:fs';
import { serve } from '../node.ts';
import { path } from './path.ts';

serve((socket) => {
  socket.on('data', (line: Buffer) => {
    socket.write(line);
    createReadStream(path).pipe(socket, { end: false });
  });
});
