import type { Prefix, ReadDelimiter } from '../helpers/implementation.ts';
import { Lockstep } from '../helpers/lockstep.ts';
import { textOf } from '../helpers/log.ts';
import { turn } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

const OVERFLOWN = ['overflow ERR_FRAME_OVERFLOW', 'close overflow'];

/** SPEC §3: bufferSize (R23, R24, V1, V4). */
export function limits(suite: Suite): void {
  suite.both('R24: a frame of exactly bufferSize passes', async (scene, t, side) => {
    const options = { readDelimiter: '\r\n', bufferSize: 8 };
    const { log, peer } = await scene.open(side, options);
    peer.end('12345678\r\n12345678\r\n');
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read 12345678', 'read 12345678', 'end ', 'close end']);
  });

  suite.both('R24: one byte more is an overflow', async (scene, t, side) => {
    const options = { readDelimiter: '\r\n', bufferSize: 8 };
    const { log, peer } = await scene.open(side, options);
    await peer.write('12345678\r\n123456789\r\nmore\r\n');
    const info = await log.closed();
    t.deepEqual(log.order, ['connect', 'read 12345678', ...OVERFLOWN]);
    t.is((info.error as NodeJS.ErrnoException).code, 'ERR_FRAME_OVERFLOW');
    await peer.gone();
  });

  suite.both('R23: an overflow, and FIN at once', async (scene, t, side) => {
    const prefix = scene.impl.lengthPrefix({ bytes: 1 });
    const cases: [ReadDelimiter, string][] = [
      ['\n', 'ok\n12345'],
      ['\r\n', 'ok\r\n12345\r\n'],
      [prefix, '\x02ok\x05123'],
    ];
    for (const [readDelimiter, input] of cases) {
      const { log, peer } = await scene.open(side, { readDelimiter, bufferSize: 4 });
      peer.end(input);
      await log.closed();
      t.deepEqual(log.order, ['connect', 'read ok', ...OVERFLOWN]);
    }
  });

  suite.test('R24: exactly bufferSize, however it is split', async (scene, t) => {
    const lockstep = await Lockstep.start(scene);
    const input = '1234\r\n';
    for (let at = 1; at < input.length; at++) {
      const options = { readDelimiter: '\r\n', bufferSize: 4 };
      const { log, peer } = await scene.openConnection(options);
      await lockstep.send(peer, [input.slice(0, at), input.slice(at)]);
      t.deepEqual(log.reads, ['1234'], `split at ${at}`);
    }
  });

  suite.test('R24: the overflow comes with the byte that makes it certain', async (scene, t) => {
    const lockstep = await Lockstep.start(scene);
    const cases: [delimiter: string, fits: string, tooMuch: string][] = [
      ['\n', '1234', '5'],
      ['\r\n', '1234', '5'],
      // This may still become the delimiter, and then not.
      ['\r\n', '1234\r', 'x'],
      ['\r\n', '1234\r', '\r'],
      ['ababc', '123abab', 'x'],
      // At offset 4 there still is the beginning of a delimiter, and then not.
      ['ababc', '12ababab', 'b'],
      ['ababc', '1234abab', 'a'],
    ];
    for (const [readDelimiter, fits, tooMuch] of cases) {
      const { log, peer } = await scene.openConnection({ readDelimiter, bufferSize: 4 });
      await lockstep.send(peer, [fits]);
      t.deepEqual(log.order, ['connect'], `${fits} fits, for ${readDelimiter}`);
      await lockstep.send(peer, [tooMuch]);
      await log.closed();
      t.deepEqual(log.order, ['connect', ...OVERFLOWN], `${fits}, then ${tooMuch}`);
    }
  });

  suite.test('R24: one byte more, however it is split', async (scene, t) => {
    const lockstep = await Lockstep.start(scene);
    const input = 'ok\r\n12345\r\n';
    for (let at = 1; at < input.length; at++) {
      const options = { readDelimiter: '\r\n', bufferSize: 4 };
      const { log, peer } = await scene.openConnection(options);
      await lockstep.send(peer, [input.slice(0, at), input.slice(at)]);
      await log.closed();
      t.deepEqual(log.order, ['connect', 'read ok', ...OVERFLOWN], `split at ${at}`);
    }
  });

  suite.both('V1: the default limit is 65,536 bytes', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
    t.is(channel.bufferSize, 65_536);
    await peer.write(Buffer.alloc(65_536, 'x'));
    await peer.write('\n');
    await log.frames(1);
    t.is(log.data[0]?.length, 65_536);
    await peer.write(Buffer.alloc(65_537, 'x'));
    await log.closed();
    t.deepEqual(log.order.slice(-2), OVERFLOWN);
  });

  suite.both('the limit does not bind null', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, { bufferSize: 4 });
    peer.end('x'.repeat(100_000));
    await log.closed();
    t.is(log.text.length, 100_000);
    t.is(log.order.at(-1), 'close end');
  });

  suite.both('an integer larger than bufferSize raises the limit', async (scene, t, side) => {
    const options = { readDelimiter: 100_000, bufferSize: 4 };
    const { log, peer } = await scene.open(side, options);
    peer.end('x'.repeat(250_000));
    await log.closed();
    t.deepEqual(
      log.data.map((frame) => frame.length),
      [100_000, 100_000],
    );
    t.is(log.rest?.length, 50_000);
  });

  suite.both('R24: a length header of exactly bufferSize passes', async (scene, t, side) => {
    const readDelimiter = scene.impl.lengthPrefix({ bytes: 1 });
    const { log, peer } = await scene.open(side, { readDelimiter, bufferSize: 4 });
    peer.end('\x04abcd\x04efgh');
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read abcd', 'read efgh', 'end ', 'close end']);
  });

  suite.both('a length header is judged before its body comes', async (scene, t, side) => {
    const readDelimiter = scene.impl.lengthPrefix({ bytes: 4 });
    const { log, peer } = await scene.open(side, { readDelimiter, bufferSize: 4 });
    await peer.write('\0\0\0\x01a\0\0\0\x05');
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read a', ...OVERFLOWN]);
  });

  const headers: [title: string, bytes: Prefix['bytes'], adjust: number, header: number[]][] = [
    ['less than nothing after the adjustment', 2, -3, [0, 2]],
    ['2^31', 4, 0, [0x80, 0, 0, 0]],
    ['2^32 - 1', 4, 0, [255, 255, 255, 255]],
    ['2^32 - 1, and more by the adjustment', 4, 10, [255, 255, 255, 255]],
    ['2^53', 8, 0, [0, 0x20, 0, 0, 0, 0, 0, 0]],
    ['2^63', 8, 0, [0x80, 0, 0, 0, 0, 0, 0, 0]],
    ['2^64 - 1', 8, 0, [255, 255, 255, 255, 255, 255, 255, 255]],
    ['a varint of 65,537', 'varint', 0, [0x81, 0x80, 4]],
    ['a varint of less than nothing after the adjustment', 'varint', -3, [2]],
    ['a varint of 2^64 - 1', 'varint', 0, [255, 255, 255, 255, 255, 255, 255, 255, 255, 1]],
    ['a varint that does not end', 'varint', 0, Array(10).fill(0x80)],
    ['2^64 - 1, and nothing by the adjustment', 8, 1, [255, 255, 255, 255, 255, 255, 255, 255]],
  ];
  for (const [title, bytes, adjust, header] of headers) {
    suite.test(`V4: a length header of ${title}`, async (scene, t) => {
      const readDelimiter = scene.impl.lengthPrefix({ bytes, adjust });
      const { log, peer } = await scene.openConnection({ readDelimiter });
      await peer.write(Buffer.from(header));
      await log.closed();
      t.deepEqual(log.order, ['connect', ...OVERFLOWN]);
    });
  }

  suite.both('R23: the hook may raise the limit', async (scene, t, side) => {
    const options = { readDelimiter: '\n', bufferSize: 4 };
    const { log, peer } = await scene.open(side, options, (channel) => ({
      onOverflowError: () => {
        channel.bufferSize = 8;
      },
    }));
    peer.end('ok\n12345678\nrest');
    await log.closed();
    t.deepEqual(log.order, [
      'connect',
      'read ok',
      'overflow ERR_FRAME_OVERFLOW',
      'read 12345678',
      'end rest',
      'close end',
    ]);
  });

  suite.both('R23: the hook may take another delimiter', async (scene, t, side) => {
    const options = { readDelimiter: '\n', bufferSize: 4 };
    const { log, peer } = await scene.open(side, options, (channel) => ({
      onOverflowError: () => {
        channel.readDelimiter = 3;
      },
    }));
    peer.end('ok\n12345678');
    await log.closed();
    t.deepEqual(log.order, [
      'connect',
      'read ok',
      'overflow ERR_FRAME_OVERFLOW',
      'read 123',
      'read 456',
      'end 78',
      'close end',
    ]);
  });

  suite.both('R23: the hook may take the bytes as they are', async (scene, t, side) => {
    const readDelimiter = scene.impl.lengthPrefix({ bytes: 1 });
    const { log, peer } = await scene.open(side, { readDelimiter, bufferSize: 4 }, (channel) => ({
      onOverflowError: () => {
        channel.readDelimiter = null;
      },
    }));
    peer.end('\x02ok\x05rest');
    await log.closed();
    t.is(log.reads[0], 'ok');
    // The header is not consumed.
    t.is(log.reads.slice(1).join(''), '\x05rest');
  });

  suite.both('R23: the next overflow is told again', async (scene, t, side) => {
    const lockstep = await Lockstep.start(scene);
    const options = { readDelimiter: '\n', bufferSize: 4 };
    const { channel, log, peer } = await scene.open(side, options, (channel) => ({
      onOverflowError: () => {
        channel.readDelimiter = null;
      },
    }));
    for (let count = 1; count <= 3; count++) {
      await lockstep.send(peer, ['12345678']);
      await log.until('the bytes', () => log.text.length === 8 * count);
      channel.readDelimiter = '\n';
    }
    t.is(log.count('overflow ERR_FRAME_OVERFLOW'), 3);
    channel.readDelimiter = 3;
    peer.end('abcd');
    await log.closed();
    t.deepEqual(log.order.slice(-3), ['read abc', 'end d', 'close end']);
  });

  suite.both(
    'R23: so is one that another delimiter makes of the same bytes',
    async (scene, t, side) => {
      const lockstep = await Lockstep.start(scene);
      const options = { readDelimiter: '\n', bufferSize: 4 };
      const { channel, log, peer } = await scene.open(side, options, (channel) => ({
        onOverflowError: () => {
          channel.bufferSize = 100;
        },
      }));
      await lockstep.send(peer, ['12345678']);
      await log.seen('overflow ERR_FRAME_OVERFLOW');
      await lockstep.step();
      // What the first bytes announce is more than the hook can make room for.
      channel.readDelimiter = scene.impl.lengthPrefix({ bytes: 4 });
      await log.closed();
      t.deepEqual(log.order, ['connect', 'overflow ERR_FRAME_OVERFLOW', ...OVERFLOWN]);
    },
  );

  suite.both('R23: a hook that does nothing is not called again', async (scene, t, side) => {
    const options = { readDelimiter: '\n', bufferSize: 4 };
    const { log, peer } = await scene.open(side, options, () => ({ onOverflowError: () => {} }));
    await peer.write('ok\n12345678\nmore\n');
    const info = await log.closed();
    t.deepEqual(log.order, ['connect', 'read ok', ...OVERFLOWN]);
    t.is((info.error as NodeJS.ErrnoException).code, 'ERR_FRAME_OVERFLOW');
    await turn();
    t.is(log.order.length, 4);
  });

  suite.both('R23: a change that does not help closes as well', async (scene, t, side) => {
    const options = { readDelimiter: '\n', bufferSize: 4 };
    const { log, peer } = await scene.open(side, options, (channel) => ({
      onOverflowError: () => {
        channel.readDelimiter = '\r\n';
      },
    }));
    await peer.write('12345678\n');
    await log.closed();
    t.deepEqual(log.order, ['connect', ...OVERFLOWN]);
  });

  suite.both('R23: the hook may end(): what is pending is sent', async (scene, t, side) => {
    const options = { readDelimiter: '\n', bufferSize: 4 };
    const { log, peer } = await scene.open(side, options, (channel) => ({
      onOverflowError: () => {
        channel.write('line too long');
        channel.end();
      },
    }));
    await peer.write('12345678\nmore\n');
    await peer.finished();
    t.is(peer.text, 'line too long');
    peer.end();
    await log.closed();
    t.deepEqual(log.order, ['connect', 'overflow ERR_FRAME_OVERFLOW', 'close end']);
  });

  suite.both(
    'R22: the limit lowered inside onRead binds the next frame',
    async (scene, t, side) => {
      const { log, peer } = await scene.open(side, { readDelimiter: '\n' }, (channel) => ({
        onRead: (data) => {
          if (textOf(data) === 'less') channel.bufferSize = 4;
        },
      }));
      await peer.write('12345678\nless\n1234\n12345\n');
      await log.closed();
      const expected = ['connect', 'read 12345678', 'read less', 'read 1234', ...OVERFLOWN];
      t.deepEqual(log.order, expected);
    },
  );

  suite.both('R22: the limit raised inside onRead binds the next frame', async (scene, t, side) => {
    const options = { readDelimiter: '\n', bufferSize: 4 };
    const { log, peer } = await scene.open(side, options, (channel) => ({
      onRead: () => {
        channel.bufferSize = 8;
      },
    }));
    peer.end('more\n12345678\n');
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read more', 'read 12345678', 'end ', 'close end']);
  });

  suite.both('R22: the limit lowered from outside judges what waits', async (scene, t, side) => {
    const lockstep = await Lockstep.start(scene);
    const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
    await lockstep.send(peer, ['12345']);
    channel.bufferSize = 5;
    await lockstep.step();
    t.deepEqual(log.order, ['connect']);
    channel.bufferSize = 4;
    await log.closed();
    t.deepEqual(log.order, ['connect', ...OVERFLOWN]);
  });

  suite.both('a delimiter set inside onRead is judged by the limit', async (scene, t, side) => {
    const options = { readDelimiter: 2 as ReadDelimiter, bufferSize: 4 };
    const { log, peer } = await scene.open(side, options, (channel) => ({
      onRead: () => {
        channel.readDelimiter = '\n';
      },
    }));
    await peer.write('ab12345678\n');
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read ab', ...OVERFLOWN]);
  });

  suite.both('no overflow while paused', async (scene, t, side) => {
    const lockstep = await Lockstep.start(scene);
    const options = { readDelimiter: '\n', bufferSize: 4 };
    const { channel, log, peer } = await scene.open(side, options);
    channel.pause();
    await lockstep.send(peer, ['12345678\n']);
    await lockstep.step();
    t.deepEqual(log.order, ['connect']);
    channel.bufferSize = 8;
    channel.resume();
    await log.frames(1);
    t.deepEqual(log.order, ['connect', 'read 12345678']);
  });
}
