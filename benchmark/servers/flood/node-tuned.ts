import { bind } from '../node-datagrams.ts';
import { accept } from './counter.ts';

bind((socket, data, from) => {
  const answer = accept(data);
  if (answer !== null) socket.send(answer, from.port, from.address);
});
