// Bun's own sockets, as `node-tuned` does it.

import { Outbox, serve } from '../bun.ts';
import { Frames } from './frames.ts';

serve<{ frames: Frames; outbox: Outbox }>({
  open(socket) {
    socket.data = { frames: new Frames(), outbox: new Outbox() };
  },
  data(socket, received) {
    const answers = socket.data.frames.accept(received);
    if (answers !== null) socket.data.outbox.write(socket, answers);
  },
  drain(socket) {
    socket.data.outbox.drain(socket);
  },
});
