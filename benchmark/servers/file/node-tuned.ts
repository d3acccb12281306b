// A read stream with large chunks, piped.

import { createReadStream } from 'node:fs';
import { serve } from '../node.ts';
import { path } from './path.ts';

serve((socket) => {
  socket.on('data', (line: Buffer) => {
    socket.write(line);
    createReadStream(path, { highWaterMark: 256 * 1024 }).pipe(socket, { end: false });
  });
});
