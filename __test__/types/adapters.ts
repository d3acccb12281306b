// What the adapters take and give: compiled, never run.

import { Client, type CloseInfo, Datagram, Server, type Stream } from 'pants-native';

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function same<A, B>(_equal: Equal<A, B>): void {}

export class Mine extends Client {
  readonly mine = 1;
}

export async function promises(): Promise<void> {
  await using client = new Mine();
  const opened = await client.connect('localhost', 80).opened;
  same<typeof opened, Mine>(true);
  const info = await client.closed;
  same<typeof info, CloseInfo>(true);
  if (!client.write('x')) await client.drained();
  await client.drained({ signal: AbortSignal.timeout(1) });
  // @ts-expect-error: there is no such option
  await client.drained({ timeout: 1 });
  await using datagram = new Datagram();
  await datagram.drained();
  await using server = new Server();
  (await server.opened).listen(80);
  // @ts-expect-error: a server writes nothing
  await server.drained();
  const stream: Stream = client;
  await stream.opened;
}
