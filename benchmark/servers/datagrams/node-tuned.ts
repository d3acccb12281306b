import { bind } from '../node-datagrams.ts';

bind((socket, data, from) => socket.send(data, from.port, from.address));
