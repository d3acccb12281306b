import { Deno } from '../deno.ts';
import { announce } from '../harness.ts';

const socket = Deno.listenDatagram({ transport: 'udp', hostname: '127.0.0.1', port: 0 });
announce({ address: socket.addr.hostname, port: socket.addr.port });
const buffer = new Uint8Array(65_536);
for (;;) {
  const [data, from] = await socket.receive(buffer);
  await socket.send(data, from);
}
