// Bun's own sockets, as `node-tuned` does it.

import { Outbox, serve } from '../bun.ts';
import { Commands } from './commands.ts';

serve<{ commands: Commands; outbox: Outbox }>({
  open(socket) {
    socket.data = { commands: new Commands(), outbox: new Outbox() };
  },
  data(socket, received) {
    const replies = socket.data.commands.accept(received.toString('latin1'));
    if (replies !== '') socket.data.outbox.write(socket, Buffer.from(replies, 'latin1'));
  },
  drain(socket) {
    socket.data.outbox.drain(socket);
  },
});
