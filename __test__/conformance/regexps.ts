import { Lockstep } from '../helpers/lockstep.ts';
import { textOf } from '../helpers/log.ts';
import type { Suite } from './suite.ts';

interface Case {
  title: string;
  delimiter: RegExp;
  input: string;
  frames: string[];
  rest?: string;
}

const CASES: Case[] = [
  {
    title: 'the match is dropped, empty frames are delivered',
    delimiter: /\r?\n/,
    input: 'one\r\ntwo\n\n\r\nthree\r',
    frames: ['one', 'two', '', ''],
    rest: 'three\r',
  },
  {
    title: 'every kind of line end',
    delimiter: /\r\n?|\n/,
    input: 'a\rb\nc\r\n\r\rd',
    frames: ['a', 'b', 'c', '', ''],
    rest: 'd',
  },
  {
    title: 'as many as there are',
    delimiter: /\n+/,
    input: '\na\n\nb\n\n\nc',
    frames: ['', 'a', 'b'],
    rest: 'c',
  },
  {
    title: 'as few as will do',
    delimiter: /\n{2,}?/,
    input: 'a\n\n\nb\n\nc',
    frames: ['a', '\nb'],
    rest: 'c',
  },
  {
    title: 'of two that begin together the first one counts',
    delimiter: /a|ab/,
    input: '1ab2a3',
    frames: ['1', 'b2'],
    rest: '3',
  },
  {
    title: 'the leftmost one counts, though another is complete before',
    delimiter: /abba|b/,
    input: 'xabba-abb-b',
    frames: ['x', '-a', '', '-'],
  },
  {
    title: 'a set and its complement',
    delimiter: /[;,][^;,]/,
    input: 'a,;b;,;c',
    frames: ['a,', ';,'],
  },
  {
    title: 'the beginning of a line',
    delimiter: /^\.\n/m,
    input: 'one\ntwo.\n.\nthree\n.\n.\n',
    frames: ['one\ntwo.\n', 'three\n', ''],
  },
  {
    title: 'the beginning of the frame',
    delimiter: /^#|,/,
    input: '#a#,b',
    frames: ['', 'a#'],
    rest: 'b',
  },
  {
    title: 'the boundary of a word',
    delimiter: /\bx\b/,
    input: 'xx x,yx,x',
    frames: ['xx ', ',yx,'],
  },
  {
    title: 'case is ignored',
    delimiter: /ab/i,
    input: '1AB2aB3',
    frames: ['1', '2'],
    rest: '3',
  },
  {
    title: 'the end of the stream',
    delimiter: /b$|,/,
    input: 'ab,bb',
    frames: ['ab', 'b'],
  },
  {
    title: 'rounds that match nothing count for nothing',
    delimiter: /a(?:|b)*/,
    input: '1abb2a3',
    frames: ['1', '2'],
    rest: '3',
  },
];

/** What cannot be a delimiter, or cannot be matched in linear time. */
const REFUSED: RegExp[] = [
  /a(?=b)/,
  /a(?!b)/,
  /(?<=a)b/,
  /(?<!a)b/,
  /(a)\1/,
  /(?<x>a)\k<x>/,
  /a$/m,
  /a/y,
  ...['v'].map((flag) => new RegExp('a', flag)),
  /(?:)/,
  /a*/,
  /a|/,
  /^/,
  // biome-ignore lint/correctness/noEmptyCharacterClassInRegex: what it matches is the question.
  /[]/,
];

/** SPEC §3: a RegExp as delimiter. */
export function regexps(suite: Suite): void {
  for (const { title, delimiter, input, frames, rest = '' } of CASES) {
    const expected = ['connect', ...frames.map((frame) => `read ${frame}`), `end ${rest}`];

    suite.both(`${delimiter}: ${title}; all at once`, async (scene, t, side) => {
      const { log, peer } = await scene.open(side, { readDelimiter: delimiter });
      peer.end(input);
      await log.closed();
      t.deepEqual(log.order, [...expected, 'close end']);
    });

    suite.test(`${delimiter}: ${title}; split anywhere, byte by byte`, async (scene, t) => {
      const lockstep = await Lockstep.start(scene);
      for (let at = 0; at < input.length; at++) {
        const { log, peer } = await scene.openConnection({ readDelimiter: delimiter });
        const pieces = at === 0 ? Array.from(input) : [input.slice(0, at), input.slice(at)];
        await lockstep.send(peer, pieces);
        peer.end();
        await log.closed();
        t.deepEqual(log.order, [...expected, 'close end'], `at ${at}`);
      }
    });
  }

  suite.test('a match counts with the byte that makes it certain', async (scene, t) => {
    const lockstep = await Lockstep.start(scene);
    const cases: [delimiter: RegExp, open: string, decides: string, frames: string[]][] = [
      [/\r?\n/, 'a\r', '\n', ['a']],
      [/\r\n?/, 'a\r', 'b', ['a']],
      [/\r\n?/, 'a\r', '\n', ['a']],
      [/\n+/, 'a\n\n', 'b', ['a']],
      [/abba|b/, 'xabb', 'a', ['x']],
      [/abba|b/, 'xabb', '-', ['xa', '']],
      [/a\b/, 'xa', '-', ['x']],
      // Whatever is a space might be one more.
      [/\s\s+/, 'a  ', 'b', ['a']],
      [/\s\s+/, 'a \n', 'b', ['a']],
    ];
    for (const [readDelimiter, open, decides, frames] of cases) {
      const { log, peer } = await scene.openConnection({ readDelimiter });
      await lockstep.send(peer, [open]);
      t.deepEqual(log.reads, [], `${readDelimiter} in ${open}`);
      await lockstep.send(peer, [decides]);
      t.deepEqual(log.reads, frames, `${readDelimiter} in ${open}${decides}`);
    }
  });

  suite.test('a match that no byte can change waits for none', async (scene, t) => {
    const lockstep = await Lockstep.start(scene);
    const cases: [delimiter: RegExp, input: string, frames: string[]][] = [
      [/\r?\n/, 'a\r\n', ['a']],
      [/\s\s/, 'a  ', ['a']],
      [/\s\s+?/, 'a  ', ['a']],
      [/\s{2,}?/, 'a \n ', ['a']],
      [/a{2}/, 'xaa', ['x']],
      [/a|ab/, '1a', ['1']],
      [/,+?/, 'a,,', ['a', '']],
    ];
    for (const [readDelimiter, input, frames] of cases) {
      const { log, peer } = await scene.openConnection({ readDelimiter });
      await lockstep.send(peer, [input]);
      t.deepEqual(log.reads, frames, `${readDelimiter} in ${input}`);
    }
  });

  suite.both('patterns whose automaton is large', async (scene, t, side) => {
    const cases: [delimiter: RegExp, input: string, frames: string[], rest: string][] = [
      [/a{500}/, `x${'a'.repeat(501)}y`, ['x'], 'ay'],
      [/x[\s\S]{10}y/, 'ax0xx456789-yxyb', ['a'], 'xyb'],
      [/.{1,500};/, 'a;b;\nc;', ['', '\n'], ''],
      [/\p{L}{1,50},/u, '1ab,2,b,c', ['1', '2,'], 'c'],
    ];
    for (const [readDelimiter, input, frames, rest] of cases) {
      const { log, peer } = await scene.open(side, { readDelimiter });
      for (let at = 0; at < input.length; at += 7) peer.write(input.slice(at, at + 7));
      peer.end();
      await log.closed();
      const reads = frames.map((frame) => `read ${frame}`);
      t.deepEqual(log.order, ['connect', ...reads, `end ${rest}`, 'close end'], `${readDelimiter}`);
    }
  });

  suite.both('the end of the stream decides', async (scene, t, side) => {
    const lockstep = await Lockstep.start(scene);
    const { log, peer } = await scene.open(side, { readDelimiter: /\n+/ });
    await lockstep.send(peer, ['a\nb\n\n']);
    t.deepEqual(log.reads, ['a']);
    peer.end();
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read a', 'read b', 'end ', 'close end']);
  });

  suite.both('what can never be a frame is left at the end', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, { readDelimiter: /^;/ });
    peer.end(';;a;b');
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read ', 'read ', 'end a;b', 'close end']);
  });

  suite.both('what can never be a frame is an overflow past the limit', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, { readDelimiter: /^;/, bufferSize: 3 });
    await peer.write(';abc');
    await log.frames(1);
    await peer.write('d');
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read ', 'overflow ERR_FRAME_OVERFLOW', 'close overflow']);
  });

  suite.both('the end comes while the channel is paused', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { readDelimiter: /\n+/ });
    channel.pause();
    peer.end('a\nb\n\n');
    const lockstep = await Lockstep.start(scene);
    await lockstep.step();
    t.deepEqual(log.order, ['connect']);
    channel.resume();
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read a', 'read b', 'end ', 'close end']);
  });

  suite.both('paused and resumed inside onRead, no frame waits', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, { readDelimiter: /;+/ }, (channel) => ({
      onRead: () => {
        channel.pause();
        setImmediate(() => channel.resume());
      },
    }));
    await peer.write('a;b;;c;rest');
    await log.frames(3);
    await peer.write(';');
    peer.end('end');
    await log.closed();
    const reads = ['read a', 'read b', 'read c', 'read rest'];
    t.deepEqual(log.order, ['connect', ...reads, 'end end', 'close end']);
  });

  suite.both('R21: switching to a length and back', async (scene, t, side) => {
    const input = '3\r\nabc2\nxy1\nq';
    const frames = ['3', 'abc', '2', 'xy', '1', 'q'];
    const lockstep = await Lockstep.start(scene);
    for (let at = 1; at <= input.length; at++) {
      const lines = /\r?\n/g;
      const { log, peer } = await scene.open(side, { readDelimiter: lines }, (channel) => ({
        onRead: (data) => {
          channel.readDelimiter = channel.readDelimiter === lines ? Number(textOf(data)) : lines;
        },
      }));
      await lockstep.send(peer, [input.slice(0, at), input.slice(at)]);
      await log.frames(frames.length);
      t.deepEqual(log.reads, frames, `split at ${at}`);
    }
  });

  suite.both('R21: from one RegExp to another', async (scene, t, side) => {
    const delimiters = [/[;:]/, /,+/, /\s/];
    const { log, peer } = await scene.open(side, { readDelimiter: /,+/ }, (channel) => ({
      onRead: () => {
        channel.readDelimiter = delimiters.shift() ?? null;
      },
    }));
    peer.end('a,,,b,;c:,,d e');
    await log.closed();
    t.deepEqual(log.reads, ['a', 'b,', 'c:', 'd', 'e']);
  });

  suite.test('set from outside, it cuts what has come at once', async (scene, t) => {
    const lockstep = await Lockstep.start(scene);
    const { channel, log, peer } = await scene.openConnection({ readDelimiter: '\n' });
    await lockstep.send(peer, ['a;b,c']);
    channel.readDelimiter = /[;,]/;
    await log.frames(2);
    t.deepEqual(log.reads, ['a', 'b']);
  });

  suite.test('R24: exactly bufferSize passes, one byte more does not', async (scene, t) => {
    const lockstep = await Lockstep.start(scene);
    const cases: [fits: string, tooMuch: string][] = [
      ['1234', '5'],
      ['1234\r', 'x'],
      ['1234\r', '\r'],
    ];
    for (const [fits, tooMuch] of cases) {
      const options = { readDelimiter: /\r?\n/, bufferSize: 4 };
      const { log, peer } = await scene.openConnection(options);
      await lockstep.send(peer, ['1234\r\n1234\n', fits]);
      t.deepEqual(log.order, ['connect', 'read 1234', 'read 1234'], fits);
      await lockstep.send(peer, [tooMuch]);
      await log.closed();
      t.deepEqual(log.order.slice(3), ['overflow ERR_FRAME_OVERFLOW', 'close overflow'], fits);
    }
  });

  suite.both('a match that grows and grows is an overflow', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, { readDelimiter: /\n+/ });
    await peer.write(`a${'\n'.repeat(70_000)}`);
    await log.closed();
    t.deepEqual(log.order, ['connect', 'overflow ERR_FRAME_OVERFLOW', 'close overflow']);
  });

  suite.both('the hook of an overflow may take another delimiter', async (scene, t, side) => {
    const options = { readDelimiter: /;|,/, bufferSize: 4 };
    const { log, peer } = await scene.open(side, options, (channel) => ({
      onOverflowError: () => {
        channel.readDelimiter = 3;
      },
    }));
    peer.end('ok;12345678');
    await log.closed();
    const overflow = 'overflow ERR_FRAME_OVERFLOW';
    const after = ['read 123', 'read 456', 'end 78', 'close end'];
    t.deepEqual(log.order, ['connect', 'read ok', overflow, ...after]);
  });

  suite.test('as a class field; strings', async (scene, t) => {
    const seen: unknown[] = [];
    class Lines extends scene.impl.Connection {
      override readDelimiter = /\r?\n/;
      override readEncoding = 'utf8';

      override onRead(line: string): void {
        seen.push(line);
      }
      override onEnd(): void {
        seen.push(this.readDelimiter);
      }
    }
    const server = scene.listening(new scene.impl.Server(Lines));
    const peer = await scene.peer(server);
    peer.end(Buffer.from('hé\r\n\n€\n'));
    await peer.gone();
    t.deepEqual(seen, ['hé', '', '€', /\r?\n/]);
  });

  suite.test('what cannot be matched as it comes is refused', async (scene, t) => {
    const { channel, log, peer } = await scene.openClient({ readDelimiter: /\n/ });
    const before = channel.readDelimiter;
    for (const regexp of REFUSED) {
      const error = t.throws(
        () => {
          channel.readDelimiter = regexp;
        },
        { code: 'ERR_INVALID_ARG_VALUE', instanceOf: RangeError },
        String(regexp),
      );
      t.true(error?.message.includes(String(regexp)), error?.message);
      t.is(channel.readDelimiter, before);
    }
    peer.end('a\nb');
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read a', 'end b', 'close end']);
  });
}
