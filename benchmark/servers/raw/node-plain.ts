// `socket.pipe(socket)`.

import { serve } from '../node.ts';

serve((socket) => {
  socket.pipe(socket);
});
