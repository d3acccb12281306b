import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { Example } from '../helpers/example.ts';
import { patternOf, temporaryDirectory } from '../helpers/files.ts';
import { Peer } from '../helpers/peer.ts';

const MiB = 1024 * 1024;

/** The server, on a directory with some files, and one connection to it. */
async function start(t: ExecutionContext) {
  const outer = temporaryDirectory(t);
  const directory = join(outer, 'served');
  mkdirSync(join(directory, 'folder'), { recursive: true });
  writeFileSync(join(outer, 'secret'), 'secret');
  writeFileSync(join(directory, 'digits'), '0123456789');
  writeFileSync(join(directory, 'empty'), '');
  if (process.platform !== 'win32') symlinkSync('../secret', join(directory, 'link'));
  const files = new Example(t, 'files', 0, directory);
  const port = await files.port();
  const peer = await Peer.connect({ address: '127.0.0.1', port, family: 'IPv4' });
  t.teardown(() => peer.socket.destroy());
  return { directory, files, peer };
}

test('files: whole, in part, and refused', async (t) => {
  const { peer } = await start(t);
  const cases = [
    ['GET digits', 'OK 10\n0123456789'],
    ['GET digits 4', 'OK 6\n456789'],
    ['GET digits 4 3\r', 'OK 3\n456'],
    ['GET digits 8 100', 'OK 2\n89'],
    ['GET digits 3 0', 'OK 0\n'],
    ['GET digits 10', 'OK 0\n'],
    ['GET digits 11', 'ERROR ERANGE\n'],
    ['GET empty', 'OK 0\n'],
    ['GET missing', 'ERROR ENOENT\n'],
    ['GET folder', 'ERROR EISDIR\n'],
    ['GET ../secret', 'ERROR EACCES\n'],
    ['GET /etc/passwd', process.platform === 'win32' ? 'ERROR ENOENT\n' : 'ERROR EACCES\n'],
    ['GET link', process.platform === 'win32' ? 'ERROR ENOENT\n' : 'ERROR EACCES\n'],
    ['PUT digits', 'ERROR what?\n'],
  ];
  peer.end(cases.map(([request]) => `${request}\n`).join(''));
  await peer.finished();
  t.is(peer.text, cases.map(([, answer]) => answer).join(''));
});

test('files: many large ones at a time to one who reads slowly', async (t) => {
  const { directory, peer } = await start(t);
  const content = patternOf(8 * MiB);
  writeFileSync(join(directory, 'large'), content);
  peer.socket.pause();
  const count = 30;
  peer.end('GET large\n'.repeat(count));
  const received = createHash('sha256');
  let length = 0;
  peer.socket.removeAllListeners('data').on('data', (chunk: Buffer) => {
    length += chunk.length;
    received.update(chunk);
  });
  peer.socket.resume();
  await peer.finished();
  const expected = createHash('sha256');
  const head = `OK ${content.length}\n`;
  for (let at = 0; at < count; at++) expected.update(head).update(content);
  t.is(length, count * (head.length + content.length));
  t.is(received.digest('hex'), expected.digest('hex'));
});
