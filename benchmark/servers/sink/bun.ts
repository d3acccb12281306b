// Batches with one call each; a turn of the event loop between two.

import { Bun, type BunDatagramSocket } from '../bun.ts';
import { announce } from '../harness.ts';
import { Numbered, parse } from './numbered.ts';

const batch = 512;
let numbered: Numbered | null = null;
let full = false;
/** Data, port and address of each. */
let packets: (Uint8Array | number | string)[] = [];

const socket = await Bun.udpSocket({
  hostname: '127.0.0.1',
  socket: {
    data(socket, data, port, address) {
      const size = parse(data);
      numbered = size === null ? null : new Numbered(size);
      packets = [];
      send(socket, port, address);
    },
    drain() {
      full = false;
    },
  },
});
announce({ address: '127.0.0.1', port: socket.port });

function send(socket: BunDatagramSocket, port: number, address: string): void {
  if (numbered === null) return;
  if (!full) {
    while (packets.length < batch * 3) packets.push(numbered.next(), port, address);
    const sent = socket.sendMany(packets);
    full = sent < batch;
    packets = packets.slice(sent * 3);
  }
  setImmediate(send, socket, port, address);
}
