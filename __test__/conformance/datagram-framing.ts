import { turn } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

/** SPEC §6: framing per sender, with the delimiters of streams. */
export function datagramFraming(suite: Suite): void {
  suite.datagrams('readDelimiter = 0 is for streams', (scene, t) => {
    const code = 'ERR_INVALID_ARG_VALUE';
    t.throws(() => new scene.impl.Datagram({ readDelimiter: 0 }), { code });
    const { channel } = scene.channel({ readDelimiter: '\n' });
    t.throws(() => Object.assign(channel, { readDelimiter: 0 }), { code });
    t.is(channel.readDelimiter, '\n');
  });

  suite.datagrams('frames are cut per sender, over the bounds of datagrams', async (scene, t) => {
    const { channel, log, peer } = await scene.open({ readDelimiter: '\r\n' });
    const other = await scene.peer();
    await peer.send(channel.localAddr, 'on');
    await other.send(channel.localAddr, 'TW');
    await peer.send(channel.localAddr, 'e\r');
    await other.send(channel.localAddr, 'O\r\nTHREE\r\nF');
    await peer.send(channel.localAddr, '\n\r\ntwo\r\n');
    await other.send(channel.localAddr, 'OUR\r\n');
    await log.frames(6);
    await turn();
    t.deepEqual(log.reads, ['TWO', 'THREE', 'one', '', 'two', 'FOUR']);
    const ports = [other, other, peer, peer, peer, other].map(({ address }) => address.port);
    t.deepEqual(
      log.from.map((addr) => addr?.port),
      ports,
    );
  });

  suite.datagrams('a number, a prefix, a pattern, bytes', async (scene, t) => {
    const { lengthPrefix } = scene.impl;
    const cases = [
      { readDelimiter: 3, sent: ['ab', 'cdefg', 'hi'], reads: ['abc', 'def', 'ghi'] },
      {
        readDelimiter: lengthPrefix({ bytes: 1 }),
        sent: ['\x03ab', 'c\x00\x01', 'd'],
        reads: ['abc', '', 'd'],
      },
      { readDelimiter: /\r?\n/, sent: ['a\r', '\nb', '\nc\r\n'], reads: ['a', 'b', 'c'] },
      { readDelimiter: Buffer.from([0]), sent: ['a\0b', '', '\0c\0'], reads: ['a', 'b', 'c'] },
    ];
    for (const { readDelimiter, sent, reads } of cases) {
      const { channel, log, peer } = await scene.open({ readDelimiter });
      await peer.sendAll(channel.localAddr, sent);
      await log.frames(reads.length);
      await turn();
      t.deepEqual(log.reads, reads);
    }
  });

  suite.datagrams('a change inside onRead holds from the very next byte', async (scene, t) => {
    const script = ['3\nabc2\nxy1\nq', '3\nab', 'c2', '\nxy1\n', 'q'];
    const { channel, log, peer } = await scene.open({ readDelimiter: '\n' }, (channel) => ({
      onRead: (data) => {
        channel.readDelimiter = channel.readDelimiter === '\n' ? Number(data.toString()) : '\n';
      },
    }));
    await peer.sendAll(channel.localAddr, script);
    await log.frames(12);
    const once = ['3', 'abc', '2', 'xy', '1', 'q'];
    t.deepEqual(log.reads, [...once, ...once]);
  });

  suite.datagrams('a change to null: the rest as it is, then datagrams', async (scene, t) => {
    const { channel, log, peer } = await scene.open({ readDelimiter: '\n' }, (channel) => ({
      onRead: () => {
        channel.readDelimiter = null;
      },
    }));
    await peer.sendAll(channel.localAddr, ['part', 'one\ntwo\nthree', 'four\nfive', '']);
    await log.frames(4);
    t.deepEqual(log.reads, ['partone', 'two\nthree', 'four\nfive', '']);
  });

  suite.datagrams('a change to null and back: the next datagram is cut', async (scene, t) => {
    const next: Record<string, string | null> = { go: null, part: 'ab' };
    const { channel, log, peer } = await scene.open({ readDelimiter: '\n' }, (channel) => ({
      onRead: (data) => {
        const delimiter = next[`${data}`];
        if (delimiter !== undefined) channel.readDelimiter = delimiter;
      },
    }));
    const other = await scene.peer();
    // What has come meanwhile comes at once.
    channel.pause();
    await peer.send(channel.localAddr, 'part');
    await other.send(channel.localAddr, 'go\n');
    await peer.send(channel.localAddr, 'xaby');
    channel.resume();
    await log.frames(3);
    await peer.send(channel.localAddr, 'zab');
    await log.frames(4);
    t.deepEqual(log.reads, ['go', 'part', 'x', 'yz']);
  });

  suite.datagrams('a change from outside cuts again what waits', async (scene, t) => {
    const { channel, log, peer } = await scene.open({ readDelimiter: '\n' });
    const other = await scene.peer();
    await peer.send(channel.localAddr, 'a,b,c');
    await other.send(channel.localAddr, 'A,B,C\n,');
    await log.frames(1);
    channel.readDelimiter = ',';
    t.is(log.data.length, 1, 'not inside the assignment');
    await log.frames(4);
    t.deepEqual(log.reads, ['A,B,C', 'a', 'b', '']);
    channel.readDelimiter = null;
    await log.frames(5);
    t.deepEqual(log.reads.slice(4), ['c']);
  });

  suite.datagrams('readEncoding', async (scene, t) => {
    const { channel, log, peer } = await scene.open({ readEncoding: 'utf8' });
    await peer.send(channel.localAddr, Buffer.from('grüße'));
    await log.frames(1);
    // A datagram is whole: half a character is no beginning of another one.
    await peer.send(channel.localAddr, Buffer.from([0xc3]));
    await peer.send(channel.localAddr, Buffer.from([0xbc]));
    await log.frames(3);
    t.deepEqual(log.data, ['grüße', '\ufffd', '\ufffd']);
    channel.readEncoding = 'hex';
    channel.readDelimiter = '\n';
    await peer.sendAll(channel.localAddr, ['ab', 'c\n']);
    await log.frames(4);
    channel.readEncoding = null;
    await peer.send(channel.localAddr, 'd\n');
    await log.frames(5);
    t.deepEqual(log.data.slice(3), ['616263', Buffer.from('d')]);
  });

  suite.datagrams('a frame of bufferSize passes, one byte more does not', async (scene, t) => {
    const options = { readDelimiter: '\n', bufferSize: 10 };
    const { channel, log, peer } = await scene.open(options, () => ({ onOverflowError: () => {} }));
    const other = await scene.peer();
    await other.send(channel.localAddr, 'waits');
    await peer.send(channel.localAddr, '0123456789\n');
    await log.frames(1);
    await peer.send(channel.localAddr, '01234');
    await peer.send(channel.localAddr, '567890 is dropped\n');
    await log.until('an overflow', () => log.errors.length > 0);
    const { address, port } = peer.address;
    t.like(log.errors[0], { code: 'ERR_FRAME_OVERFLOW', address, port });
    // A sender may be anyone: he harms nobody else, and not even his own next datagram.
    await other.send(channel.localAddr, '\n');
    await peer.send(channel.localAddr, 'fresh\n');
    await log.frames(3);
    t.deepEqual(log.reads, ['0123456789', 'waits', 'fresh']);
    t.is(channel.readyState, 'listening');
    t.is(log.errors.length, 1);
  });

  suite.datagrams('an onOverflowError that nobody overrides closes', async (scene, t) => {
    const options = { readDelimiter: '\n', bufferSize: 10 };
    const { channel, log, peer } = await scene.open(options);
    await peer.send(channel.localAddr, '0123456789 and more');
    const info = await log.closed();
    t.is(info.reason, 'overflow');
    t.is((info.error as NodeJS.ErrnoException).code, 'ERR_FRAME_OVERFLOW');
    t.deepEqual(log.order, ['listen', 'overflow ERR_FRAME_OVERFLOW', 'close overflow']);
  });

  suite.datagrams('an onOverflowError that sets another delimiter', async (scene, t) => {
    const options = { readDelimiter: '\n', bufferSize: 10 };
    const { channel, log, peer } = await scene.open(options, (channel) => ({
      onOverflowError: () => {
        channel.readDelimiter = 5;
      },
    }));
    await peer.send(channel.localAddr, '0123456789abcdef');
    await log.frames(3);
    t.deepEqual(log.reads, ['01234', '56789', 'abcde']);
  });

  suite.datagrams('an onOverflowError that closes', async (scene, t) => {
    const options = { readDelimiter: '\n', bufferSize: 10 };
    const { channel, log, peer } = await scene.open(options, (channel) => ({
      onOverflowError: () => channel.close(),
    }));
    await peer.send(channel.localAddr, '0123456789abcdef\nx\n');
    await log.closed();
    t.deepEqual(log.order, ['listen', 'overflow ERR_FRAME_OVERFLOW', 'close overflow']);
  });

  suite.datagrams('bounded in senders: who has waited longest makes room', async (scene, t) => {
    const options = { readDelimiter: '\n', maxSenders: 2 };
    const { channel, log, peer } = await scene.open(options);
    const others = [await scene.peer(), await scene.peer()];
    await peer.send(channel.localAddr, 'gone');
    for (const other of others) await other.send(channel.localAddr, 'kept');
    await log.failures(1);
    t.like(log.errors[0], { code: 'ERR_SENDER_EVICTED', port: peer.address.port });
    for (const other of others) await other.send(channel.localAddr, '!\n');
    await peer.send(channel.localAddr, '!\n');
    await log.frames(3);
    t.deepEqual(log.reads, ['kept!', 'kept!', '!']);
  });

  suite.datagrams('pause() in the middle of a datagram', async (scene, t) => {
    const { channel, log, peer } = await scene.open({ readDelimiter: '\n' }, (channel) => ({
      onRead: (data) => {
        if (`${data}` === 'b') channel.pause();
      },
    }));
    const other = await scene.peer();
    await peer.send(channel.localAddr, 'a\nb\nc\nd');
    await other.send(channel.localAddr, 'A\n');
    await peer.send(channel.localAddr, '!\n');
    await log.frames(2);
    await turn();
    t.deepEqual(log.reads, ['a', 'b']);
    channel.resume();
    await log.frames(5);
    t.deepEqual(log.reads, ['a', 'b', 'c', 'A', 'd!']);
  });

  suite.datagrams('answers from frames go to their sender', async (scene, t) => {
    const { channel, peer } = await scene.open({ readDelimiter: ',' }, (channel) => ({
      onRead: (data) => channel.write(`<${data}>`),
    }));
    const other = await scene.peer();
    await peer.send(channel.localAddr, 'a,b');
    await other.send(channel.localAddr, 'A,');
    await peer.send(channel.localAddr, ',');
    await peer.datagrams(2);
    await other.datagrams(1);
    t.deepEqual([peer.texts, other.texts], [['<a>', '<b>'], ['<A>']]);
  });

  suite.datagrams(
    'an onOverflowError whose change does not help is not asked again',
    async (scene, t) => {
      const options = { readDelimiter: '\n', bufferSize: 10 };
      const { channel, log, peer } = await scene.open(options, (channel) => ({
        onOverflowError: () => {
          channel.bufferSize -= 1;
        },
      }));
      await peer.send(channel.localAddr, '0123456789abcdef');
      await peer.send(channel.localAddr, 'next\n');
      await log.frames(1);
      t.deepEqual(log.order, ['listen', 'overflow ERR_FRAME_OVERFLOW', 'read next']);
    },
  );

  suite.datagrams(
    'an onOverflowError that sets the same once more drops as well',
    async (scene, t) => {
      const options = { readDelimiter: '\n', bufferSize: 10 };
      const { channel, log, peer } = await scene.open(options, (channel) => ({
        onOverflowError: () => {
          channel.readDelimiter = Buffer.from('\n');
          channel.bufferSize = 10;
          channel.pause();
        },
      }));
      await peer.send(channel.localAddr, '0123456789abcdef');
      await log.seen('overflow ERR_FRAME_OVERFLOW');
      channel.readDelimiter = 5;
      channel.resume();
      await peer.send(channel.localAddr, 'fresh');
      await log.frames(1);
      t.deepEqual(log.reads, ['fresh']);
    },
  );

  suite.datagrams('what waited for resume() comes before what came later', async (scene, t) => {
    const other = await scene.peer();
    const { channel, log, peer } = await scene.open({ readDelimiter: '\n' }, (channel) => ({
      onRead: (data) => {
        if (`${data}` !== 'a') return;
        channel.pause();
        void other.send(channel.localAddr, 'c\n');
        setImmediate(() => {
          channel.resume();
          // It comes now, if anything can make it, before this thread does what it was asked.
          for (const since = performance.now(); performance.now() < since + 2; );
        });
      },
    }));
    const rounds = 20;
    for (let round = 1; round <= rounds; round += 1) {
      await peer.send(channel.localAddr, 'a\nb\n');
      await log.frames(3 * round);
    }
    t.deepEqual(log.reads, Array(rounds).fill(['a', 'b', 'c']).flat());
  });

  suite.datagrams('senders keep their order, whatever is cut again', async (scene, t) => {
    const options = { readDelimiter: '\n', maxSenders: 2 };
    const { channel, log, peer } = await scene.open(options, (channel) => ({
      onRead: (data) => {
        if (`${data}` === 'a') channel.pause();
      },
    }));
    const other = await scene.peer();
    const third = await scene.peer();
    await peer.send(channel.localAddr, 'a,b,waits longest');
    await other.send(channel.localAddr, 'c,waits');
    await third.send(channel.localAddr, '\n');
    await log.frames(1);
    channel.readDelimiter = ',';
    await log.frames(2);
    channel.resume();
    await log.frames(4);
    t.deepEqual(log.reads, ['', 'a', 'b', 'c']);
    await third.send(channel.localAddr, 'waits, too');
    await third.send(channel.localAddr, ' late');
    await log.failures(1);
    t.like(log.errors[0], { code: 'ERR_SENDER_EVICTED', port: peer.address.port });
  });
}
