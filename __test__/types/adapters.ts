// What the adapters take and give: compiled, never run.

import type { Duplex } from 'node:stream';
import type { ReadableStream, WritableStream } from 'node:stream/web';

import {
  type Address,
  type ChannelDuplex,
  Client,
  type CloseInfo,
  type Connection,
  Datagram,
  type Frame,
  type FrameIterator,
  Server,
  Stream,
} from 'pants-native';

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

class Lines extends Client {
  override readDelimiter = '\n';
  override readEncoding = 'utf8';
}

class Bytes extends Stream {
  override readEncoding = null;
}

export async function loops(): Promise<void> {
  for await (const line of new Lines()) same<typeof line, string>(true);
  for await (const bytes of new Bytes()) same<typeof bytes, Buffer>(true);
  for await (const frame of new Client()) same<typeof frame, Frame>(true);
  const frames = new Lines().frames({
    signal: AbortSignal.timeout(1),
    highWaterMark: 1,
    rest: true,
  });
  same<typeof frames, FrameIterator<string>>(true);
  const { done, value } = await frames.next();
  if (done) same<typeof value, undefined>(true);
  // @ts-expect-error: there is no such option
  new Lines().frames({ highwatermark: 1 });
  for await (const connection of new Server()) same<typeof connection, Connection>(true);
  for await (const [data, addr] of new Datagram()) {
    same<typeof data, Frame>(true);
    same<typeof addr, Address>(true);
  }
  // @ts-expect-error: datagrams leave no rest
  new Datagram().frames({ rest: true });
}

export function streams(): Duplex {
  const duplex: ChannelDuplex = new Client().connect(80).toDuplex();
  duplex.setNoDelay().setKeepAlive(true, 1000).setTimeout(1000).unref().ref();
  duplex.connect(80, 'localhost', () => {}).connect({ path: '/run/sock' });
  const address: string | undefined = duplex.remoteAddress;
  void address;
  // @ts-expect-error: a server is no stream
  new Server().toDuplex();
  return duplex;
}

export async function webStreams(client: Client): Promise<void> {
  same<typeof client.readable, ReadableStream<Uint8Array>>(true);
  const reader = client.readable.getReader({ mode: 'byob' });
  await reader.read(new Uint8Array(16));
  const writable: WritableStream<string | Uint8Array> = client.writable;
  await writable.getWriter().write('text');
}
