import { Outbox, serve } from '../bun.ts';
import { body } from './body.ts';

serve<Outbox>({
  open(socket) {
    socket.data = new Outbox();
  },
  data(socket, line) {
    socket.data.write(socket, Buffer.from(line));
    socket.data.write(socket, body);
  },
  drain(socket) {
    socket.data.drain(socket);
  },
});
