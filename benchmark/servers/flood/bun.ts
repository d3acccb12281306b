import { Bun } from '../bun.ts';
import { announce } from '../harness.ts';
import { accept } from './counter.ts';

const socket = await Bun.udpSocket({
  hostname: '127.0.0.1',
  socket: {
    data(socket, data, port, address) {
      const answer = accept(data);
      if (answer !== null) socket.send(answer, port, address);
    },
  },
});
announce({ address: '127.0.0.1', port: socket.port });
