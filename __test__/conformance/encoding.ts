import type { ReadDelimiter } from '../helpers/implementation.ts';
import { Lockstep } from '../helpers/lockstep.ts';
import { turn } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

const TEXT = 'aé€😀z';

/** SPEC §3: readEncoding (R26). */
export function encoding(suite: Suite): void {
  suite.both('strings instead of Buffers', async (scene, t, side) => {
    const options = { readDelimiter: '\n', readEncoding: 'utf8' } as const;
    const { channel, log, peer } = await scene.open(side, options);
    t.is(channel.readEncoding, 'utf8');
    peer.end(Buffer.from(`${TEXT}\n\n${TEXT}`));
    await log.closed();
    t.deepEqual(log.data, [TEXT, '']);
    t.is(log.rest, TEXT);
  });

  suite.test('an encoding by any of its names; it reads back as it was given', async (scene, t) => {
    const names: string[] = ['UTF8', 'Utf-8', 'UCS2', 'Utf-16LE', 'BINARY'];
    for (const name of names as BufferEncoding[]) {
      const { channel, log, peer } = await scene.openConnection({ readEncoding: name });
      const bytes = Buffer.from(TEXT, name);
      // In the middle of a character.
      await peer.write(bytes.subarray(0, 3));
      await turn();
      peer.end(bytes.subarray(3));
      await log.closed();
      t.is(log.data.join('') + log.rest, bytes.toString(name), name);
      t.is(channel.readEncoding, name);
    }
  });

  const encodings: BufferEncoding[] = ['utf8', 'utf-8', 'utf16le', 'ucs2', 'latin1', 'binary'];
  for (const readEncoding of [...encodings, 'hex', 'base64', 'base64url', 'ascii'] as const) {
    suite.test(`each frame is decoded as a whole, ${readEncoding}`, async (scene, t) => {
      const readDelimiter = scene.impl.lengthPrefix({ bytes: 1 });
      const { log, peer } = await scene.openConnection({ readDelimiter, readEncoding });
      const bodies = ['plain', TEXT, '', '\0\x7f\n'].map((text) => Buffer.from(text));
      const wire = bodies.flatMap((body) => [Buffer.from([body.length]), body]);
      const lockstep = await Lockstep.start(scene);
      await lockstep.send(
        peer,
        Array.from(Buffer.concat(wire), (byte) => Buffer.from([byte])),
      );
      t.deepEqual(
        log.data,
        bodies.map((body) => body.toString(readEncoding)),
      );
    });
  }

  suite.test(
    'R26: without a delimiter no character breaks, wherever it is split',
    async (scene, t) => {
      const lockstep = await Lockstep.start(scene);
      for (const readEncoding of ['utf8', 'utf16le'] as const) {
        const bytes = Buffer.from(TEXT, readEncoding);
        for (let at = 1; at < bytes.length; at++) {
          const { log, peer } = await scene.openConnection({ readEncoding });
          await lockstep.send(peer, [bytes.subarray(0, at), bytes.subarray(at)]);
          t.is(log.data.join(''), TEXT, `${readEncoding}, split at ${at}`);
          if (readEncoding === 'utf8')
            t.true(log.data.every((text) => !`${text}`.includes('\ufffd')));
          t.true(log.data.every((text) => text !== ''));
        }
      }
    },
  );

  suite.test('R26: without a delimiter, byte by byte', async (scene, t) => {
    const lockstep = await Lockstep.start(scene);
    const { log, peer } = await scene.openConnection({ readEncoding: 'utf8' });
    await lockstep.send(
      peer,
      Array.from(Buffer.from(TEXT), (byte) => Buffer.from([byte])),
    );
    t.deepEqual(log.data, Array.from(TEXT));
  });

  suite.both('R26: bytes that are no UTF-8 come as U+FFFD', async (scene, t, side) => {
    const options = { readDelimiter: '\n', readEncoding: 'utf8' } as const;
    const { log, peer } = await scene.open(side, options);
    peer.end('a\xffb\n\xe2\x82\n\xc3');
    await log.closed();
    t.deepEqual(log.data, ['a\ufffdb', '\ufffd']);
    t.is(log.rest, '\ufffd');
  });

  suite.both('half a character at the end goes to onEnd', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, { readEncoding: 'utf8' });
    peer.end('ab\xe2\x82');
    await log.closed();
    t.is(log.data.join(''), 'ab');
    t.is(log.rest, '\ufffd');
  });

  suite.both('half a character waits for the next delimiter', async (scene, t, side) => {
    const lockstep = await Lockstep.start(scene);
    const { channel, log, peer } = await scene.open(side, { readEncoding: 'utf8' });
    await lockstep.send(peer, ['ab\xe2\x82']);
    channel.readDelimiter = '\n';
    await lockstep.send(peer, ['\xacc\n']);
    t.deepEqual(log.data, ['ab', '€c']);
  });

  suite.both('half a character, and then Buffers are asked for', async (scene, t, side) => {
    const lockstep = await Lockstep.start(scene);
    const { channel, log, peer } = await scene.open(side, { readEncoding: 'utf8' });
    await lockstep.send(peer, ['ab\xe2\x82']);
    channel.readEncoding = null;
    await log.frames(2);
    t.deepEqual(log.data, ['ab', Buffer.from([0xe2, 0x82])]);
  });

  suite.both('changed inside onRead, it holds from the next frame', async (scene, t, side) => {
    const encodings = ['hex', null, 'latin1', 'utf8'];
    const { log, peer } = await scene.open(
      side,
      { readDelimiter: 2 as ReadDelimiter, readEncoding: 'utf8' },
      (channel) => ({
        onRead: () => {
          channel.readEncoding = encodings.shift() ?? null;
        },
      }),
    );
    peer.end('abcdef\xc3\xa9\xc3\xa9');
    await log.closed();
    t.deepEqual(log.data, ['ab', '6364', Buffer.from('ef'), 'Ã©', 'é']);
  });

  suite.both('onEnd gets a string, even an empty one', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, { readEncoding: 'utf8' });
    peer.end();
    await log.closed();
    t.is(log.rest, '');
    await turn();
  });
}
