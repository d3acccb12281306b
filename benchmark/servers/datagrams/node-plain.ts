// `node:dgram` as most people write it.

import { createSocket } from 'node:dgram';
import { announce } from '../harness.ts';

const socket = createSocket('udp4');
socket.on('error', () => {});
socket.on('message', (data, from) => socket.send(data, from.port, from.address));
socket.bind(0, '127.0.0.1', () => announce(socket.address()));
