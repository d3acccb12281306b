// Bun's own sockets, as `node-tuned` does it.

import { Outbox, serve } from '../bun.ts';
import { Lines } from './replies.ts';

serve<{ lines: Lines; outbox: Outbox }>({
  open(socket) {
    socket.data = { lines: new Lines(), outbox: new Outbox() };
  },
  data(socket, received) {
    const replies = socket.data.lines.accept(received);
    if (replies !== null) socket.data.outbox.write(socket, Buffer.from(replies));
  },
  drain(socket) {
    socket.data.outbox.drain(socket);
  },
});
