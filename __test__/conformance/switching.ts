import type { ReadDelimiter, StreamLike } from '../helpers/implementation.ts';
import { Lockstep } from '../helpers/lockstep.ts';
import { type Log, textOf } from '../helpers/log.ts';
import type { Peer } from '../helpers/peer.ts';
import type { Hooks, Scene } from '../helpers/scene.ts';
import { turn } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

const RECORD = '3\nabc2\nxy1\nq';
const RECORD_FRAMES = ['3', 'abc', '2', 'xy', '1', 'q'];

/** A line with a number, then so many bytes, and so on. */
const linesAndBlocks: Hooks = (channel) => ({
  onRead: (data) => {
    channel.readDelimiter = channel.readDelimiter === '\n' ? Number(textOf(data)) : '\n';
  },
});

/** SPEC §3: the delimiter may change at any time, and holds from the very next byte (R21, R22). */
export function switching(suite: Suite): void {
  suite.both('R21: 3 abc 2 xy 1 q, in one write', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, { readDelimiter: '\n' }, linesAndBlocks);
    peer.end(RECORD);
    await log.closed();
    const expected = ['connect', ...RECORD_FRAMES.map((frame) => `read ${frame}`), 'end '];
    t.deepEqual(log.order, [...expected, 'close end']);
  });

  for (const group of [0, 1, 2, 3, 4, 5, 6, 7]) {
    suite.test(
      `R21: 3 abc 2 xy 1 q, for every way of splitting it over writes (part ${group + 1} of 8)`,
      async (scene, t) => {
        // The first three places, and all combinations of the other eight.
        const splits = Array.from({ length: 256 }, (_, rest) => split(RECORD, group * 256 + rest));
        const pairs = await openMany(scene, splits.length);
        const lockstep = await Lockstep.start(scene);
        const steps = Math.max(...splits.map((pieces) => pieces.length));
        for (let step = 0; step < steps; step++) {
          const writes = pairs.map(({ peer }, at) => peer.write(splits[at]?.[step] ?? ''));
          await Promise.all(writes);
          await lockstep.step();
        }
        for (const [at, { log }] of pairs.entries()) {
          await log.frames(RECORD_FRAMES.length);
          const pieces = JSON.stringify(splits[at]);
          if (JSON.stringify(log.reads) !== JSON.stringify(RECORD_FRAMES)) {
            t.deepEqual(log.reads, RECORD_FRAMES, pieces);
          }
        }
        t.pass();
      },
    );
  }

  suite.both('R21: 3 abc 2 xy 1 q, 10,000 times in one write', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, { readDelimiter: '\n' }, linesAndBlocks);
    peer.end(RECORD.repeat(10_000));
    await log.closed();
    t.is(log.data.length, 60_000);
    t.true(log.reads.every((frame, at) => frame === RECORD_FRAMES[at % 6]));
    t.is(log.order.at(-2), 'end ');
  });

  suite.test('R21: the same, by giving onRead to another method', async (scene, t) => {
    const seen: string[] = [];
    class Protocol extends scene.impl.Connection {
      override readDelimiter: ReadDelimiter = '\n';

      override onRead(length: Buffer): void {
        seen.push(`length ${length}`);
        this.readDelimiter = Number(length);
        this.onRead = this.onReadBody;
      }

      onReadBody(body: Buffer): void {
        seen.push(`body ${body}`);
        this.readDelimiter = '\n';
        this.onRead = Protocol.prototype.onRead;
        if (seen.length === 3_000) this.end();
      }
    }
    const peer = await scene.peer(scene.listening(new scene.impl.Server(Protocol)));
    await peer.write(RECORD.repeat(500));
    await peer.finished();
    const round = ['length 3', 'body abc', 'length 2', 'body xy', 'length 1', 'body q'];
    t.deepEqual(
      seen,
      Array.from({ length: 3_000 }, (_, at) => round[at % 6] ?? ''),
    );
  });

  suite.both(
    'from each kind of delimiter to each other, within one write',
    async (scene, t, side) => {
      const kinds: [ReadDelimiter, (body: string) => string][] = [
        ['\n', (body) => `${body}\n`],
        ['\r\n', (body) => `${body}\r\n`],
        [Buffer.from([0, 1, 2]), (body) => `${body}\0\x01\x02`],
        [4, (body) => body.slice(0, 4).padEnd(4)],
        [scene.impl.lengthPrefix({ bytes: 1 }), (body) => String.fromCharCode(body.length) + body],
        [
          scene.impl.lengthPrefix({ bytes: 2, endian: 'little' }),
          (body) => `${String.fromCharCode(body.length)}\0${body}`,
        ],
      ];
      const order = kinds.flatMap((from) => kinds.flatMap((to) => [from, to]));
      const wire = order.map(([, encode], at) => encode(`#${at}`)).join('');
      let next = 0;
      const first = order[0]?.[0] ?? null;
      const { log, peer } = await scene.open(side, { readDelimiter: first }, (channel) => ({
        onRead: () => {
          next += 1;
          channel.readDelimiter = order[next]?.[0] ?? null;
        },
      }));
      peer.end(wire);
      await log.closed();
      const bodies = order.map(([delimiter], at) =>
        delimiter === 4 ? `#${at}`.padEnd(4) : `#${at}`,
      );
      t.deepEqual(log.reads, bodies);
    },
  );

  suite.both('R21: to null inside onRead: the rest comes as it is', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, { readDelimiter: '\n' }, (channel) => ({
      onRead: (data) => {
        if (textOf(data) === 'raw') channel.readDelimiter = null;
      },
    }));
    peer.end('line\nraw\nno\nmore\nlines');
    await log.closed();
    t.deepEqual(log.reads.slice(0, 2), ['line', 'raw']);
    t.is(log.reads.slice(2).join(''), 'no\nmore\nlines');
    t.is(log.rest?.length, 0);
  });

  suite.both('from outside: what waits is cut again at once', async (scene, t, side) => {
    const lockstep = await Lockstep.start(scene);
    const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
    await lockstep.send(peer, ['abc;de;f']);
    t.deepEqual(log.reads, []);
    channel.readDelimiter = ';';
    t.deepEqual(log.reads, [], 'not inside the assignment');
    await log.frames(2);
    channel.readDelimiter = 1;
    await log.frames(3);
    t.deepEqual(log.reads, ['abc', 'de', 'f']);
    await lockstep.send(peer, ['ghi']);
    t.deepEqual(log.reads, ['abc', 'de', 'f', 'g', 'h', 'i']);
  });

  suite.both('from outside, to null: what waits comes at once', async (scene, t, side) => {
    const lockstep = await Lockstep.start(scene);
    const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
    await lockstep.send(peer, ['abc', 'def']);
    channel.readDelimiter = null;
    await log.frames(1);
    t.is(log.text, 'abcdef');
  });

  suite.both('from outside, to a header that has arrived', async (scene, t, side) => {
    const lockstep = await Lockstep.start(scene);
    const { channel, log, peer } = await scene.open(side, { readDelimiter: 100 });
    await lockstep.send(peer, ['\x02ab\x01c\x05d']);
    channel.readDelimiter = scene.impl.lengthPrefix({ bytes: 1 });
    await log.frames(2);
    t.deepEqual(log.reads, ['ab', 'c']);
    peer.end();
    await log.closed();
    t.is(log.order.at(-2), 'end \x05d');
  });

  suite.both('from outside, after many changes inside onRead', async (scene, t, side) => {
    const lockstep = await Lockstep.start(scene);
    const { channel, log, peer } = await scene.open(side, { readDelimiter: 1 }, (channel) => ({
      onRead: () => {
        if (log.data.length < 30) channel.readDelimiter = channel.readDelimiter === 1 ? 2 : 1;
        else if (log.data.length === 30) channel.readDelimiter = '\n';
      },
    }));
    // 15 of one, 15 of two; the rest waits.
    await lockstep.send(peer, [`${'-'.repeat(45)}ab;`, 'cd;e']);
    t.is(log.data.length, 30);
    channel.readDelimiter = ';';
    t.is(log.data.length, 30, 'not inside the assignment');
    await log.frames(32);
    t.deepEqual(log.reads.slice(30), ['ab', 'cd']);
  });

  suite.both('from outside, many times before it counts', async (scene, t, side) => {
    const lockstep = await Lockstep.start(scene);
    const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
    await lockstep.send(peer, ['abcdef']);
    for (const delimiter of [1, 2, 'b', null, 3]) channel.readDelimiter = delimiter;
    await log.frames(2);
    await turn();
    t.deepEqual(log.reads, ['abc', 'def']);
  });

  suite.both(
    'R1: inside onRead, and then a reset: what is cut anew comes',
    async (scene, t, side) => {
      for (let round = 0; round < 20; round++) {
        const { log, peer } = await scene.open(side, { readDelimiter: '\n' }, (channel) => ({
          onRead: () => {
            channel.readDelimiter = 2;
          },
        }));
        await peer.write('a\nbcdefg');
        peer.reset();
        await log.closed();
        const reads = ['read a', 'read bc', 'read de', 'read fg'];
        t.deepEqual(log.order, ['connect', ...reads, 'error ECONNRESET', 'close error']);
      }
    },
  );

  suite.both(
    'R1: from outside, and then a reset: what is cut anew comes',
    async (scene, t, side) => {
      const lockstep = await Lockstep.start(scene);
      for (const [first, more] of [
        ['abcdef', 'gh'],
        ['abcdefgh', ''],
      ] as const) {
        for (const waits of [true, false, true, false]) {
          const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
          if (waits) await lockstep.send(peer, [first]);
          else void peer.write(first);
          channel.readDelimiter = 2;
          await peer.write(more);
          peer.reset();
          await log.closed();
          const reads = ['read ab', 'read cd', 'read ef', 'read gh'];
          t.deepEqual(log.order, ['connect', ...reads, 'error ECONNRESET', 'close error']);
        }
      }
    },
  );

  suite.both('R1: while paused, after a reset: what is cut anew comes', async (scene, t, side) => {
    const lockstep = await Lockstep.start(scene);
    const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
    channel.pause();
    await lockstep.send(peer, ['abcdef']);
    peer.reset();
    await lockstep.step();
    channel.readDelimiter = 3;
    channel.resume();
    await log.closed();
    const expected = ['connect', 'read abc', 'read def', 'error ECONNRESET', 'close error'];
    t.deepEqual(log.order, expected);
  });

  suite.onlyTcp('before connecting, and while connecting', async (scene, t) => {
    for (const connecting of [false, true]) {
      const listening = await scene.peerServer();
      const { channel, log } = scene.client({ readDelimiter: '\n' });
      if (!connecting) channel.readDelimiter = 2;
      channel.connect('127.0.0.1', listening.port);
      if (connecting) channel.readDelimiter = 2;
      (await listening.peer()).end('a\nbc');
      await log.closed();
      t.deepEqual(log.reads, ['a\n', 'bc']);
    }
  });

  suite.both('in onConnect, for the very first byte', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, { readDelimiter: '\n' }, (channel) => ({
      onConnect: () => {
        channel.readDelimiter = 2;
      },
    }));
    peer.end('a\nbc');
    await log.closed();
    t.deepEqual(log.reads, ['a\n', 'bc']);
  });

  suite.test('in a hook of another channel', async (scene, t) => {
    const lockstep = await Lockstep.start(scene);
    const changed = await scene.openConnection({ readDelimiter: '\n' });
    const changing = await scene.openConnection({}, () => ({
      onRead: () => {
        changed.channel.readDelimiter = 3;
      },
    }));
    await lockstep.send(changed.peer, ['abcdef']);
    await changing.peer.write('now');
    await changed.log.frames(2);
    t.deepEqual(changed.log.reads, ['abc', 'def']);
  });

  suite.both('from a timer, while data keeps coming: no byte is lost', async (scene, t, side) => {
    const options = { readDelimiter: 7, bufferSize: 1024 * 1024 };
    const { channel, log, peer } = await scene.open(side, options);
    const delimiters: ReadDelimiter[] = [5, null, 'q', 1, 64];
    let at = 0;
    const timer = setInterval(() => {
      channel.readDelimiter = delimiters[at++ % delimiters.length] ?? null;
    }, 1);
    t.teardown(() => clearInterval(timer));
    const data = Buffer.alloc(512 * 1024, 'abcdefghijklmnop');
    for (let from = 0; from < data.length; from += 8_192) {
      await peer.write(data.subarray(from, from + 8_192));
      // A write that the system takes at once is no turn of the event loop.
      await turn();
    }
    peer.end();
    await log.closed();
    // There is no 'q' in the data: nothing was dropped.
    t.is(log.text.length + (log.rest?.length ?? 0), data.length);
    t.true(data.toString() === log.text + textOf(log.rest ?? ''));
  });

  suite.both('an invalid delimiter inside onRead changes nothing', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, { readDelimiter: '\n' }, (channel) => ({
      onRead: () => {
        t.throws(() => Object.assign(channel, { readDelimiter: -1 }), {
          code: 'ERR_INVALID_ARG_VALUE',
        });
        t.is(channel.readDelimiter, '\n');
      },
    }));
    peer.end('a\nb\nc');
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read a', 'read b', 'end c', 'close end']);
  });

  suite.both('the same delimiter again changes nothing', async (scene, t, side) => {
    const { log, peer } = await scene.open(side, { readDelimiter: '\n' }, (channel) => ({
      onRead: () => {
        channel.readDelimiter = '\n';
      },
    }));
    peer.end('a\nb\nc');
    await log.closed();
    t.deepEqual(log.order, ['connect', 'read a', 'read b', 'end c', 'close end']);
  });
}

/** The pieces of `text` for one of the 2 ** (length - 1) ways of splitting it. */
function split(text: string, cuts: number): string[] {
  const pieces: string[] = [];
  let from = 0;
  for (let at = 1; at < text.length; at++) {
    if ((cuts >> (at - 1)) % 2 === 0) continue;
    pieces.push(text.slice(from, at));
    from = at;
  }
  return [...pieces, text.slice(from)];
}

async function openMany(scene: Scene, count: number): Promise<{ log: Log; peer: Peer }[]> {
  const { server, accepted } = scene.server({ readDelimiter: '\n' }, linesAndBlocks);
  const pairs: { channel: StreamLike; log: Log; peer: Peer }[] = [];
  for (let at = 0; at < count; at++) {
    // One after the other, so that the order of accepting is known.
    const peer = await scene.peer(server);
    pairs.push({ ...(await accepted(at)), peer });
  }
  return pairs;
}
