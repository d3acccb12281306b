import { type BunSocket, Outbox, serve } from '../bun.ts';

const members = new Set<BunSocket<Outbox>>();

serve<Outbox>({
  open(socket) {
    socket.data = new Outbox();
    members.add(socket);
    socket.data.write(socket, Buffer.from('hello\n'));
  },
  data(_socket, received) {
    // A copy: the buffer is Bun's, and some may have to wait.
    const lines = Buffer.from(received);
    for (const member of members) member.data.write(member, lines);
  },
  drain(socket) {
    socket.data.drain(socket);
  },
  close(socket) {
    members.delete(socket);
  },
});
