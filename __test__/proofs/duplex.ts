import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { type Address, Client, Connection, Server } from 'pants-native';

const MB = 1_000_000;
const GiB = 1024 ** 3;
const CHUNK = 100_003;
/** What the process may take beside what it began with. */
const MEMORY = 300 * MB;

/** 1 GiB there and back through a channel's Duplex at each end, by `stream.pipeline`: whole, in little memory. */
export async function duplex(bytes = GiB): Promise<boolean> {
  class Echo extends Connection {
    override onConnect(): void {
      const stream = this.toDuplex();
      pipeline(stream, stream).catch(console.error);
    }
  }
  const server = new Server(Echo, { allowHalfOpen: true }).listen(0, '127.0.0.1');
  const client = new Client({ allowHalfOpen: true }).connect(server.localAddr as Address);
  const sent = createHash('sha256');
  const back = createHash('sha256');
  let received = 0;
  const before = process.memoryUsage.rss();
  let most = 0;
  const began = performance.now();
  await pipeline(Readable.from(chunks(bytes, sent)), client.toDuplex(), async (source) => {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      back.update(chunk);
      received += chunk.length;
      if (received % 64 === 0) most = Math.max(most, process.memoryUsage.rss() - before);
    }
  });
  const seconds = (performance.now() - began) / 1000;
  const { reason } = await client.closed;
  server.close();
  const whole = back.digest('hex') === sent.digest('hex');
  const holds = whole && received === bytes && reason === 'end' && most < MEMORY;
  const text = `${received} of ${bytes} bytes, SHA-256 ${whole ? 'the same' : 'DIFFERS'}`;
  const cost = `${(most / MB).toFixed(0)} MB, ${seconds.toFixed(1)} s, ${(received / MB / seconds).toFixed(0)} MB/s`;
  console.log(`  there and back: ${text}; ${cost}${holds ? '' : '  FAILED'}`);
  return holds;
}

function* chunks(bytes: number, hash: { update(chunk: Buffer): unknown }): Generator<Buffer> {
  const chunk = Buffer.from(Array.from({ length: CHUNK }, (_, at) => (at * at * 31 + at) & 0xff));
  for (let left = bytes; left > 0; left -= CHUNK) {
    const piece = chunk.subarray(0, left);
    hash.update(piece);
    yield piece;
  }
}
