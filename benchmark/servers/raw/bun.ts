// Bytes as they arrive. What the socket does not take has to wait, and the buffer is Bun's.

import { Outbox, serve } from '../bun.ts';

serve<Outbox>({
  open(socket) {
    socket.data = new Outbox();
  },
  data(socket, received) {
    socket.data.write(socket, received);
  },
  drain(socket) {
    socket.data.drain(socket);
  },
});
