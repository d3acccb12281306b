/**
 * Run by transfer.ts: `sender.ts <port> <how> <bytes> [<path> <offset>]`. Sends so much over one
 * channel, ends it, and prints what became of it and how much memory this process had at most.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';

import { Client } from 'pants-native';

const MiB = 1024 * 1024;

const [, , port = '', how = '', bytes = '', path = '', offset = '0'] = process.argv;
const total = Number(bytes);
const hash = createHash('sha256');

/** Memory that nobody has touched but for a mark in each MiB: it takes hardly any. */
function marked(length: number, first: number): Buffer {
  const data = Buffer.alloc(length);
  for (let at = 0; at < length; at += MiB) data.write(`MiB ${first + at / MiB} `, at);
  return data;
}

/** A MiB at a time, and no more than `write()` wants. */
function writeWithPressure(client: Client): void {
  const block = Buffer.alloc(MiB, 'the quick brown fox jumps over the lazy dog. ');
  let left = total;
  const more = () => {
    let go = true;
    while (go && left > 0) {
      const piece = block.subarray(0, Math.min(MiB, left));
      piece.write(`${left} bytes are left `);
      hash.update(piece);
      left -= piece.length;
      go = client.write(piece);
    }
    if (left === 0) client.end();
  };
  client.onWrite = () => {
    if (left > 0) more();
  };
  more();
}

/** All at once: nine tenths in one write, the rest in another. */
function writeHuge(client: Client): void {
  const first = Math.ceil((0.9 * total) / MiB) * MiB;
  for (const [from, length] of [
    [0, first],
    [first, total - first],
  ] as const) {
    const data = marked(length, from / MiB);
    client.write(data);
    // A hash takes less than 2 GiB at a time.
    for (let at = 0; at < length; at += MiB) hash.update(data.subarray(at, at + MiB));
  }
  mostPending = client.pendingBytes;
  client.end();
}

function sendFile(client: Client): void {
  client.writeFile(path, total, Number(offset));
  mostPending = client.pendingBytes;
  client.end();
}

const ways: Record<string, (client: Client) => void> = {
  pressure: writeWithPressure,
  huge: writeHuge,
  file: sendFile,
};

let mostPending = 0;
const client = new Client({ maxPendingBytes: Number.MAX_SAFE_INTEGER });
client.onConnect = () => ways[how]?.(client);
client.onClose = ({ reason, unsentBytes, error }) => {
  const { bytesWritten } = client;
  const result = { reason, error: error?.message, unsentBytes, bytesWritten, mostPending };
  console.log(JSON.stringify({ ...result, sha256: hash.digest('hex'), memory: mostMemory() }));
};
client.connect('127.0.0.1', Number(port));

/** In bytes. */
function mostMemory(): number {
  const status = '/proc/self/status';
  const kept = existsSync(status) ? /VmHWM:\s*(\d+) kB/.exec(readFileSync(status, 'latin1')) : null;
  return 1024 * (kept === null ? process.resourceUsage().maxRSS : Number(kept[1]));
}
