import type { Prefix, ReadDelimiter } from '../helpers/implementation.ts';
import { Lockstep } from '../helpers/lockstep.ts';
import { eventually } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

interface Case {
  title: string;
  delimiter: (lengthPrefix: Suite['impl']['lengthPrefix']) => ReadDelimiter;
  input: string;
  frames: string[];
  rest?: string;
}

const CASES: Case[] = [
  {
    title: 'R14: a string delimiter is dropped',
    delimiter: () => '\r\n',
    input: 'one\r\ntwo\r\nthree',
    frames: ['one', 'two'],
    rest: 'three',
  },
  {
    title: 'R18: empty frames are delivered',
    delimiter: () => '\n',
    input: 'a\n\n\nb\n',
    frames: ['a', '', '', 'b'],
  },
  {
    title: 'R18: nothing but delimiters',
    delimiter: () => 'ab',
    input: 'ababab',
    frames: ['', '', ''],
  },
  {
    title: 'R16: the leftmost match counts, without overlaps',
    delimiter: () => 'aa',
    input: 'xaaaybaaaaz',
    frames: ['x', 'ayb', ''],
    rest: 'z',
  },
  {
    title: 'R16: no match reaches back into what is consumed',
    delimiter: () => 'aa',
    input: 'QWEaaaXYaaa',
    frames: ['QWE', 'aXY'],
    rest: 'a',
  },
  {
    title: 'R16: a delimiter that begins with its own beginning, \\r\\r\\n',
    delimiter: () => '\r\r\n',
    input: '1\r\r\r\n2\r\r\n3\r\n\r\r\n',
    frames: ['1\r', '2', '3\r\n'],
  },
  {
    title: 'R16: aab in aaab',
    delimiter: () => 'aab',
    input: 'aaabaabaaaab',
    frames: ['a', '', 'aa'],
  },
  {
    title: 'R16: a long delimiter of one repeated byte but the last',
    delimiter: () => `${'a'.repeat(40)}b`,
    input: `${'a'.repeat(45)}bx${'a'.repeat(39)}b${'a'.repeat(40)}b`,
    frames: ['aaaaa', `x${'a'.repeat(39)}b`],
  },
  {
    title: 'R17: \\r at the end is no line end yet',
    delimiter: () => '\r\n',
    input: 'a\r\rb\r\n\r',
    frames: ['a\r\rb'],
    rest: '\r',
  },
  {
    title: 'R19: a delimiter longer than the data',
    delimiter: () => 'a long delimiter',
    input: 'a long',
    frames: [],
    rest: 'a long',
  },
  {
    title: 'R19: a delimiter of 255 bytes',
    delimiter: () => Uint8Array.from({ length: 255 }, (_, at) => at),
    input: `head${Buffer.from(Array.from({ length: 255 }, (_, at) => at)).toString('latin1')}tail`,
    frames: ['head'],
    rest: 'tail',
  },
  {
    title: 'a delimiter of bytes',
    delimiter: () => Buffer.from([0, 255]),
    input: 'a\0\xff\0b\0\xff',
    frames: ['a', '\0b'],
  },
  {
    title: 'a string delimiter is UTF-8',
    delimiter: () => '€',
    input: 'a\xe2\x82\xacb\xe2\x82\xac\xe2\x82',
    frames: ['a', 'b'],
    rest: '\xe2\x82',
  },
  {
    title: 'an integer cuts frames of that many bytes',
    delimiter: () => 3,
    input: 'abcdefgh',
    frames: ['abc', 'def'],
    rest: 'gh',
  },
  {
    title: 'an integer of one',
    delimiter: () => 1,
    input: 'abc',
    frames: ['a', 'b', 'c'],
  },
  {
    title: 'a length header of 1 byte; empty bodies are delivered',
    delimiter: (lengthPrefix) => lengthPrefix({ bytes: 1 }),
    input: '\x03abc\0\x01d\x02e',
    frames: ['abc', '', 'd'],
    rest: '\x02e',
  },
  {
    title: 'a length header of 2 bytes is big endian',
    delimiter: (lengthPrefix) => lengthPrefix({ bytes: 2 }),
    input: `\x01\x00${'x'.repeat(256)}\0\x01y\0`,
    frames: ['x'.repeat(256), 'y'],
    rest: '\0',
  },
  {
    title: 'a length header of 2 bytes, little endian',
    delimiter: (lengthPrefix) => lengthPrefix({ bytes: 2, endian: 'little' }),
    input: `\x00\x01${'x'.repeat(256)}\x01\0y`,
    frames: ['x'.repeat(256), 'y'],
  },
  {
    title: 'a length header of 4 bytes, adjusted by its own size',
    delimiter: (lengthPrefix) => lengthPrefix({ bytes: 4, adjust: -4 }),
    input: '\0\0\0\x06ab\0\0\0\x04\0\0\0\x05c',
    frames: ['ab', '', 'c'],
  },
  {
    title: 'a length header of 4 bytes, little endian',
    delimiter: (lengthPrefix) => lengthPrefix({ bytes: 4, endian: 'little', adjust: 1 }),
    input: '\0\0\0\0a\x01\0\0\0bc',
    frames: ['a', 'bc'],
  },
  {
    title: 'a length header of 8 bytes',
    delimiter: (lengthPrefix) => lengthPrefix({ bytes: 8 }),
    input: '\0\0\0\0\0\0\0\x02ab\0\0\0\0\0\0\0\0',
    frames: ['ab', ''],
  },
  {
    title: 'a length header of 8 bytes, little endian',
    delimiter: (lengthPrefix) => lengthPrefix({ bytes: 8, endian: 'little' }),
    input: '\x02\0\0\0\0\0\0\0ab\x01',
    frames: ['ab'],
    rest: '\x01',
  },
  {
    title: 'a length header that is a varint',
    delimiter: (lengthPrefix) => lengthPrefix({ bytes: 'varint' }),
    input: '\x02ab\0\x01c\x05de',
    frames: ['ab', '', 'c'],
    rest: '\x05de',
  },
];

const PREFIXES: Prefix[] = [
  { bytes: 1, adjust: 200 },
  { bytes: 2 },
  { bytes: 2, endian: 'little', adjust: -2 },
  { bytes: 4, adjust: -4 },
  { bytes: 8 },
  { bytes: 8, endian: 'little', adjust: -8 },
  { bytes: 'varint' },
  { bytes: 'varint', adjust: -1_000_000_000 },
];

/** SPEC §3: what each delimiter cuts, however the bytes come. */
export function framing(suite: Suite): void {
  suite.both('encode(): a frame that its own delimiter cuts', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side);
    for (const prefix of PREFIXES) {
      const delimiter = scene.impl.lengthPrefix(prefix);
      const bodies = [200, 201, 327, 328, 20_000].map((length) => Buffer.alloc(length, 'x'));
      if (prefix.bytes === 1) bodies.length = 3;
      else bodies.push(Buffer.alloc(0));
      channel.readDelimiter = delimiter;
      const before = log.data.length;
      for (const body of bodies) await peer.write(delimiter.encode(body));
      await log.frames(before + bodies.length);
      t.deepEqual(log.data.slice(before), bodies, JSON.stringify(prefix));
    }
  });

  suite.test('encode(): header and body, as one Buffer', (scene, t) => {
    const { lengthPrefix } = scene.impl;
    const hex = (prefix: Prefix, body: Parameters<ReturnType<typeof lengthPrefix>['encode']>[0]) =>
      lengthPrefix(prefix).encode(body).toString('hex');
    t.is(hex({ bytes: 1 }, 'ab'), '026162');
    t.is(hex({ bytes: 2 }, new Uint16Array([1])), '00020100');
    t.is(hex({ bytes: 4, endian: 'little', adjust: -4 }, new ArrayBuffer(1)), '0500000000');
    t.is(hex({ bytes: 8 }, ''), '0000000000000000');
    t.is(hex({ bytes: 'varint' }, 'x'.repeat(300)).slice(0, 6), 'ac0278');
    t.is(hex({ bytes: 'varint' }, '€'), '03e282ac');
    t.is(hex({ bytes: 'varint', adjust: -(2 ** 31) }, ''), '8080808008');
    const tooLong = (prefix: Prefix, body: string) =>
      t.throws(() => lengthPrefix(prefix).encode(body), { code: 'ERR_INVALID_ARG_VALUE' });
    tooLong({ bytes: 1 }, 'x'.repeat(256));
    tooLong({ bytes: 1, adjust: -1 }, 'x'.repeat(255));
    tooLong({ bytes: 2 }, 'x'.repeat(65_536));
    tooLong({ bytes: 8, adjust: 1 }, '');
    tooLong({ bytes: 'varint', adjust: 3 }, 'ab');
    const encode = lengthPrefix({ bytes: 1 }).encode as (body: unknown) => Buffer;
    for (const body of [undefined, null, 1, {}, ['x']]) {
      const call = () => encode.call(lengthPrefix({ bytes: 1 }), body);
      t.throws(call, { code: 'ERR_INVALID_ARG_TYPE' });
    }
  });

  for (const { title, delimiter, input, frames, rest = '' } of CASES) {
    const expected = ['connect', ...frames.map((frame) => `read ${frame}`), `end ${rest}`];

    suite.both(`${title}; all at once`, async (scene, t, side) => {
      const readDelimiter = delimiter(scene.impl.lengthPrefix);
      const { log, peer } = await scene.open(side, { readDelimiter });
      peer.end(input);
      await log.closed();
      t.deepEqual(log.order, [...expected, 'close end']);
    });

    suite.test(`R13: ${title}; byte by byte`, async (scene, t) => {
      const readDelimiter = delimiter(scene.impl.lengthPrefix);
      const { log, peer } = await scene.openConnection({ readDelimiter });
      const lockstep = await Lockstep.start(scene);
      await lockstep.send(peer, Array.from(input));
      t.deepEqual(log.reads, frames);
      peer.end();
      await log.closed();
      t.deepEqual(log.order, [...expected, 'close end']);
    });
  }

  suite.test('R15: a delimiter split at each position', async (scene, t) => {
    const lockstep = await Lockstep.start(scene);
    const input = 'first--=--second--=--third';
    for (let at = 1; at < input.length; at++) {
      const { log, peer } = await scene.openConnection({ readDelimiter: '--=--' });
      await lockstep.send(peer, [input.slice(0, at), input.slice(at)]);
      peer.end();
      await log.closed();
      const expected = ['connect', 'read first', 'read second', 'end third', 'close end'];
      t.deepEqual(log.order, expected, `split at ${at}`);
    }
  });

  suite.both('null delivers data as it arrives', async (scene, t, side) => {
    const lockstep = await Lockstep.start(scene);
    const { channel, log, peer } = await scene.open(side);
    t.is(channel.readDelimiter, null);
    await lockstep.send(peer, ['a', 'bc', 'def']);
    t.deepEqual(log.reads, ['a', 'bc', 'def']);
    peer.end('last');
    await log.closed();
    t.deepEqual(log.order.slice(-3), ['read last', 'end ', 'close end']);
  });

  suite.both('R27: every byte value, in every kind of frame', async (scene, t, side) => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
    const { channel, log, peer } = await scene.open(side);
    await peer.write(all);
    await eventually('256 bytes', () => log.text.length === 256);
    t.is(log.text, all.toString('latin1'));

    log.data.length = 0;
    channel.readDelimiter = 256;
    await peer.write(all);
    await log.frames(1);
    channel.readDelimiter = scene.impl.lengthPrefix({ bytes: 2 });
    await peer.write(Buffer.concat([Buffer.from([1, 0]), all]));
    await log.frames(2);
    channel.readDelimiter = 'the end';
    await peer.write(Buffer.concat([all, Buffer.from('the end')]));
    await log.frames(3);
    t.deepEqual(log.data, [all, all, all]);
  });

  suite.test('R14: 100,000 frames in one write', async (scene, t) => {
    const { log, peer } = await scene.openConnection({ readDelimiter: '\n', readEncoding: 'utf8' });
    const lines = Array.from({ length: 100_000 }, (_, at) => `line ${at}`);
    peer.end(`${lines.join('\n')}\n`);
    await log.closed();
    t.true(JSON.stringify(log.data) === JSON.stringify(lines));
    t.deepEqual(log.order.slice(-2), ['end ', 'close end']);
  });

  suite.test('V3: a flood of empty frames', async (scene, t) => {
    const { log, peer } = await scene.openConnection({ readDelimiter: '\n', readEncoding: 'utf8' });
    peer.end('\n'.repeat(200_000));
    await log.closed();
    t.is(log.data.length, 200_000);
    t.true(log.data.every((frame) => frame === ''));
  });

  suite.test('R25: a frame of 8 MiB under the limit', async (scene, t) => {
    const body = Buffer.alloc(8 * 1024 * 1024, 'abcdefghijklmnopqrstuvwxyz01234');
    const options = { readDelimiter: '\n', bufferSize: body.length };
    const { log, peer } = await scene.openConnection(options);
    await peer.write(body);
    peer.end('\n');
    await log.closed();
    t.is(log.data.length, 1);
    t.true(body.equals(log.data[0] as Buffer));
  });

  suite.test('R31: what was handed to onRead is never written to again', async (scene, t) => {
    const { log, peer } = await scene.openConnection({ readDelimiter: '\n' });
    const lines = Array.from({ length: 2_000 }, (_, at) => `${at} ${'x'.repeat(at % 100)}`);
    for (let at = 0; at < lines.length; at += 50) {
      await peer.write(`${lines.slice(at, at + 50).join('\n')}\n`);
      // What was read before is kept while more is read.
      await log.frames(at + 50);
    }
    t.deepEqual(log.reads, lines);
  });

  suite.test('R31: nor what is large, or came beside it', async (scene, t) => {
    const all = await Promise.all([1, 2, 3].map(() => scene.openConnection()));
    const sent = all.map((): Buffer[] => []);
    const sizes = [10, 200_000, 3_000, 65_536, 1, 20_000];
    for (let round = 0; round < 60; round++) {
      const writes = all.map(({ peer }, at) => {
        const piece = Buffer.alloc(sizes[(round + at) % sizes.length] ?? 1, `${at}${round},`);
        sent[at]?.push(piece);
        return peer.write(piece);
      });
      await Promise.all(writes);
    }
    for (const { peer } of all) peer.end();
    await Promise.all(all.map(({ log }) => log.closed()));
    all.forEach(({ log }, at) => {
      t.true(Buffer.concat(log.data as Buffer[]).equals(Buffer.concat(sent[at] ?? [])));
    });
  });

  suite.test('R31: what user code does to a frame harms nothing later', async (scene, t) => {
    const { log, peer } = await scene.openConnection({ readDelimiter: '\n' }, () => ({
      onRead: (data) => {
        if (typeof data !== 'string') data.fill(0x21);
      },
    }));
    const lines = Array.from({ length: 2_000 }, (_, at) => `${at}`);
    for (let at = 0; at < lines.length; at += 500) {
      await peer.write(`${lines.slice(at, at + 500).join('\n')}\n`);
      await log.frames(at + 500);
    }
    t.deepEqual(
      log.hooks.filter((hook) => hook.startsWith('read')),
      lines.map((line) => `read ${line}`),
    );
  });

  suite.both('frames are Buffers', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, { readDelimiter: '\n' });
    peer.end('line\nrest');
    await log.closed();
    t.true(Buffer.isBuffer(log.data[0]));
    t.true(Buffer.isBuffer(log.rest));
  });

  suite.test('a delimiter of bytes is taken when it is set', async (scene, t) => {
    const delimiter = Buffer.from('\n');
    const { log, peer } = await scene.openConnection({ readDelimiter: delimiter });
    delimiter.fill('x');
    await peer.write('axb\n');
    await log.frames(1);
    t.deepEqual(log.reads, ['axb']);
  });

  suite.test('a class field sets the delimiter, the encoding and the limit', async (scene, t) => {
    const seen: unknown[] = [];
    class Lines extends scene.impl.Connection {
      override readDelimiter = '\r\n';
      override readEncoding = 'utf8';
      override bufferSize = 5;

      override onRead(line: string): void {
        seen.push(line);
      }
      override onOverflowError(error: NodeJS.ErrnoException): void {
        seen.push(error.code);
        super.onOverflowError(error);
      }
      override onConnect(): void {
        seen.push([this.readDelimiter, this.readEncoding, this.bufferSize]);
      }
    }
    const peer = await scene.peer(scene.listening(new scene.impl.Server(Lines)));
    await peer.write('h\xc3\xa9ll\r\nagain!\r\n');
    await peer.gone();
    t.deepEqual(seen, [['\r\n', 'utf8', 5], 'héll', 'ERR_FRAME_OVERFLOW']);
  });

  suite.test('a class field does so for a client too', async (scene, t) => {
    const seen: unknown[] = [];
    class Lines extends scene.impl.Client {
      override readDelimiter = '\r\n';
      override readEncoding = 'utf8';
      override bufferSize = 5;

      override onRead(line: string): void {
        seen.push(line);
      }
      override onOverflowError(error: NodeJS.ErrnoException): void {
        seen.push(error.code);
        super.onOverflowError(error);
      }
    }
    const listening = await scene.peerServer();
    const client = new Lines({ readDelimiter: '\n', bufferSize: 100 });
    client.connect('127.0.0.1', listening.port);
    t.deepEqual(
      [client.readDelimiter, client.readEncoding, client.bufferSize],
      ['\r\n', 'utf8', 5],
    );
    const peer = await listening.peer();
    await peer.write('h\xc3\xa9ll\r\nagain!\r\n');
    await peer.gone();
    t.deepEqual(seen, ['héll', 'ERR_FRAME_OVERFLOW']);
  });

  suite.test('the options of connect() win over class fields', async (scene, t) => {
    class Lines extends scene.impl.Client {
      override readDelimiter = '\r\n';
      override bufferSize = 5;
    }
    const listening = await scene.peerServer();
    const client = new Lines();
    client.connect({ host: '127.0.0.1', port: listening.port, readDelimiter: ';' });
    t.teardown(() => client.close());
    t.deepEqual([client.readDelimiter, client.bufferSize], [';', 5]);
  });
}
