// So many datagrams under way at a time.

import { Deno } from '../deno.ts';
import { announce } from '../harness.ts';
import { Numbered, parse } from './numbered.ts';

const underWay = 16;
let numbered: Numbered | null = null;
const socket = Deno.listenDatagram({ transport: 'udp', hostname: '127.0.0.1', port: 0 });
announce({ address: socket.addr.hostname, port: socket.addr.port });
for await (const [data, from] of socket) {
  const size = parse(data);
  numbered = size === null ? null : new Numbered(size);
  for (let index = 0; index < underWay; index += 1) void send();

  async function send(): Promise<void> {
    while (numbered !== null) await socket.send(numbered.next(), from);
  }
}
