import { Bun } from '../bun.ts';
import { announce } from '../harness.ts';

const socket = await Bun.udpSocket({
  hostname: '127.0.0.1',
  socket: {
    data(socket, data, port, address) {
      socket.send(data, port, address);
    },
  },
});
announce({ address: '127.0.0.1', port: socket.port });
