import { LOOPBACK } from '../helpers/datagrams.ts';
import type { Address, Data, StreamLike } from '../helpers/implementation.ts';
import { Lockstep } from '../helpers/lockstep.ts';
import { textOf } from '../helpers/log.ts';
import { eventually, turn } from '../helpers/wait.ts';
import type { Suite } from './suite.ts';

const MiB = 1024 * 1024;

/** SPEC §8: frames, connections and datagrams by `for await`. */
export function iterating(suite: Suite): void {
  suite.both('frames: as readDelimiter cuts them, until the peer ends', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
    const reading = collect(channel);
    await peer.write('a\nb');
    await peer.write('c\n\nd\nrest');
    peer.end();
    t.deepEqual(await reading, ['a', 'bc', '', 'd']);
    await log.closed();
    t.deepEqual(log.order, ['connect', 'end rest', 'close end'], 'the other hooks run as ever');
  });

  suite.both('frames: with what no delimiter has completed', async (scene, t, side) => {
    const options = { readDelimiter: '\n', readEncoding: 'utf8' } as const;
    const { channel, peer } = await scene.open(side, options);
    const frames: Data[] = [];
    peer.end('a\nrest');
    for await (const frame of channel.frames({ rest: true })) frames.push(frame);
    t.deepEqual(frames, ['a', 'rest']);
    const whole = await scene.open(side, options);
    whole.peer.end('a\n');
    const all: Data[] = [];
    for await (const frame of whole.channel.frames({ rest: true })) all.push(frame);
    t.deepEqual(all, ['a'], 'an empty rest is none');
  });

  suite.both(
    'frames: a delimiter set in the body cuts again what waits',
    async (scene, t, side) => {
      const { channel, peer } = await scene.open(side, { readDelimiter: '\n' });
      peer.end('3\nabc2\nxy1\nq'.repeat(2_000));
      const seen: string[] = [];
      for await (const frame of channel) {
        seen.push(textOf(frame));
        channel.readDelimiter = channel.readDelimiter === '\n' ? Number(textOf(frame)) : '\n';
        // So that more waits.
        if (seen.length % 1_000 === 0) await turn();
      }
      const round = ['3', 'abc', '2', 'xy', '1', 'q'];
      t.deepEqual(
        seen,
        Array.from({ length: 12_000 }, (_, at) => round[at % 6] ?? ''),
      );
    },
  );

  suite.both('frames: each kind of delimiter, set while frames wait', async (scene, t, side) => {
    const { channel, peer } = await scene.open(side, { readDelimiter: '\n' });
    const lockstep = await Lockstep.start(scene);
    const frames = channel[Symbol.asyncIterator]();
    await lockstep.send(peer, ['a\nb\nc\n\x02xyzz;12;34tail\n']);
    const next = async () => textOf((await frames.next()).value ?? '');
    t.is(await next(), 'a');
    channel.readDelimiter = null;
    t.is(await next(), 'b\nc\n\x02xyzz;12;34tail\n');
    channel.readDelimiter = 2;
    await lockstep.send(peer, ['x\nc\n\x02xyzz;12;34tail\n']);
    t.is(await next(), 'x\n');
    channel.readDelimiter = '\n';
    t.is(await next(), 'c');
    channel.readDelimiter = scene.impl.lengthPrefix({ bytes: 1 });
    t.is(await next(), 'xy');
    channel.readDelimiter = /z+;/;
    t.is(await next(), '');
    channel.readDelimiter = ';';
    channel.readEncoding = 'latin1';
    t.is(await next(), '12');
    channel.readDelimiter = 'i';
    t.is(await next(), '34ta');
  });

  suite.both(
    'frames: what nobody asks for waits, and holds the peer back',
    async (scene, t, side) => {
      const { channel, peer } = await scene.open(side, { readDelimiter: 1024 });
      const frames = channel.frames({ highWaterMark: 8 });
      t.is((await ask(frames, () => peer.write(Buffer.alloc(1024, 'a')))).length, 1024);
      const data = Buffer.alloc(64 * MiB, 'b');
      let sent = false;
      void peer.write(data).then(() => {
        sent = true;
      });
      // As much as systems buffer, and no more.
      const moved = () => channel.bytesRead;
      let before = -1;
      while (moved() !== before) {
        before = moved();
        for (let at = 0; at < 20; at += 1) await turn();
      }
      t.false(sent);
      t.true(moved() < 8 * MiB, `${moved()} bytes were read`);
      let length = 0;
      while (length < data.length) {
        const { value } = await frames.next();
        length += value?.length ?? 0;
      }
      t.true(sent);
    },
  );

  suite.both('frames: several next() at once', async (scene, t, side) => {
    const { channel, peer } = await scene.open(side, { readDelimiter: '\n' });
    const frames = channel.frames();
    const asked = Array.from({ length: 5 }, () => frames.next());
    void peer.write('a\nb\nc\nd\n');
    const four = await Promise.all(asked.slice(0, 4));
    t.deepEqual(
      four.map(({ value }) => textOf(value ?? '-')),
      ['a', 'b', 'c', 'd'],
    );
    peer.end();
    t.deepEqual(await asked[4], { done: true, value: undefined });
    t.deepEqual(await frames.next(), { done: true, value: undefined });
  });

  suite.both('frames: answers leave, though the peer has finished', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
    peer.end('a\nb\nc\n');
    for await (const frame of channel) {
      await turn();
      t.true(channel.write(`${frame}!`));
    }
    await peer.finished();
    t.is(peer.text, 'a!b!c!');
    t.is((await log.closed()).reason, 'end');
  });

  suite.test('frames: opened, then a loop: nothing is lost', async (scene, t) => {
    class Greeting extends scene.impl.Connection {
      // At once: it may be there when the client hears that it is connected.
      override onConnect(): void {
        this.end('a\nb\n');
      }
    }
    const server = scene.listening(new scene.impl.Server(Greeting));
    const port = server.localAddr?.port ?? 0;
    for (let round = 0; round < 50; round += 1) {
      const client = new scene.impl.Client({ readDelimiter: '\n' });
      client.connect('127.0.0.1', port);
      await client.opened;
      t.deepEqual(await collect(client), ['a', 'b']);
      const other = new scene.impl.Client({ readDelimiter: '\n' });
      other.connect('127.0.0.1', port);
      await other.opened;
      const seen: string[] = [];
      other.onRead = (frame) => seen.push(textOf(frame));
      await other.closed;
      t.deepEqual(seen, ['a', 'b'], 'nor by a hook');
    }
  });

  suite.both('frames: a reset is thrown, behind what came before', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
    const lockstep = await Lockstep.start(scene);
    const frames = channel.frames();
    await lockstep.send(peer, ['a\nb\n']);
    peer.reset();
    await lockstep.step();
    t.is(textOf((await frames.next()).value ?? ''), 'a');
    t.is(textOf((await frames.next()).value ?? ''), 'b');
    const error = await t.throwsAsync(frames.next(), { code: 'ECONNRESET' });
    t.is(error, log.error as Error);
    t.deepEqual(await frames.next(), { done: true, value: undefined }, 'once');
    await log.closed();
    await t.throwsAsync(collect(channel), { code: 'ECONNRESET' }, 'as late');
  });

  suite.both('frames: an overflow is thrown; a hook may go on instead', async (scene, t, side) => {
    const options = { readDelimiter: '\n', bufferSize: 8 };
    const { channel, log, peer } = await scene.open(side, options);
    void peer.write('a\nmuch too long\n');
    const seen: string[] = [];
    const error = await t.throwsAsync(collect(channel, seen), { code: 'ERR_FRAME_OVERFLOW' });
    t.deepEqual(seen, ['a']);
    t.is((await log.closed()).error, error as Error);
    const raised = await scene.open(side, options, (made) => ({
      onOverflowError: () => {
        made.bufferSize = 100;
      },
    }));
    raised.peer.end('a\nmuch too long\n');
    t.deepEqual(await collect(raised.channel), ['a', 'much too long']);
  });

  suite.test('frames: a connect that fails is thrown', async (scene, t) => {
    const { channel } = scene.client();
    channel.connect('127.0.0.1', 1);
    await t.throwsAsync(collect(channel), { code: 'ECONNREFUSED' });
  });

  suite.both('frames: a timeout is thrown', async (scene, t, side) => {
    const { channel } = await scene.open(side, { idleTimeout: 20 });
    await t.throwsAsync(collect(channel), { code: 'ERR_IDLE_TIMEOUT' });
  });

  suite.both('frames: drained() in the body, and a reset', async (scene, t, side) => {
    const { channel, peer } = await scene.open(side, { readDelimiter: '\n' });
    peer.socket.pause();
    void peer.write('a\nb\n');
    const loop = (async () => {
      for await (const _ of channel) {
        channel.write(Buffer.alloc(32 * MiB));
        setImmediate(() => peer.socket.destroy());
        await channel.drained();
      }
    })();
    const error = await t.throwsAsync(loop);
    t.regex(`${(error as NodeJS.ErrnoException).code}`, /^(ECONNRESET|EPIPE)$/);
  });

  suite.both(
    'frames: who leaves the loop ends the channel, and loses nothing',
    async (scene, t, side) => {
      const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
      void peer.write('a\nb\nc\n');
      for await (const frame of channel) {
        channel.write(`bye ${frame}`);
        break;
      }
      await peer.finished();
      t.is(peer.text, 'bye a');
      peer.end();
      t.deepEqual(await log.closed(), { reason: 'end', unsentBytes: 0 });
      t.deepEqual(log.order, ['connect', 'close end']);
    },
  );

  suite.both(
    'frames: keepOpen: what follows is for onRead, or another loop',
    async (scene, t, side) => {
      const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
      void peer.write('a\nb\nc\nd\n');
      for await (const frame of channel.frames({ keepOpen: true })) {
        t.is(textOf(frame), 'a');
        break;
      }
      const second = channel.frames({ keepOpen: true });
      t.is(textOf((await second.next()).value ?? ''), 'b');
      t.deepEqual(await second.return(), { done: true, value: undefined });
      await log.frames(2);
      t.deepEqual(log.reads, ['c', 'd']);
      t.true(channel.connected);
    },
  );

  suite.both('frames: pause() in the body holds until resume()', async (scene, t, side) => {
    const { channel, peer } = await scene.open(side, { readDelimiter: '\n' });
    channel.pause();
    void peer.write('a\nb\n');
    const frames = channel.frames();
    t.is(textOf((await frames.next()).value ?? ''), 'a', 'it is read now');
    channel.pause();
    let given = false;
    const next = frames.next().then(({ value }) => {
      given = true;
      return textOf(value ?? '');
    });
    await turn();
    t.false(given);
    channel.resume();
    t.is(await next, 'b');
  });

  suite.both('frames: close() in the body, and elsewhere', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
    void peer.write('a\nb\n');
    const seen: string[] = [];
    for await (const frame of channel) {
      seen.push(textOf(frame));
      channel.close();
    }
    t.deepEqual(seen, ['a']);
    t.is((await log.closed()).reason, 'close');
    t.deepEqual(await collect(channel), [], 'of one that is closed');
    const other = await scene.open(side);
    const reading = collect(other.channel);
    other.channel.close();
    t.deepEqual(await reading, []);
  });

  suite.both('frames: a signal ends the loop', async (scene, t, side) => {
    const { channel, log, peer } = await scene.open(side, { readDelimiter: '\n' });
    const controller = new AbortController();
    const { signal } = controller;
    void peer.write('a\nb\n');
    const kept = channel.frames({ signal, keepOpen: true });
    t.is(textOf((await kept.next()).value ?? ''), 'a');
    t.is(textOf((await kept.next()).value ?? ''), 'b');
    const waiting = kept.next();
    const reason = new Error('enough');
    controller.abort(reason);
    const error = await t.throwsAsync(waiting, { name: 'AbortError', code: 'ABORT_ERR' });
    t.is(error?.cause, reason);
    t.true(channel.connected);
    await t.throwsAsync(channel.frames({ signal }).next(), { code: 'ABORT_ERR' });
    peer.end();
    t.is((await log.closed()).reason, 'end', 'and the channel');
  });

  suite.both('frames: one at a time; options are checked', async (scene, t, side) => {
    const { channel } = await scene.open(side);
    for (const [options, code] of [
      [{ highWaterMark: 0 }, 'ERR_INVALID_ARG_VALUE'],
      [{ highWaterMark: '1' }, 'ERR_INVALID_ARG_TYPE'],
      [{ rest: 1 }, 'ERR_INVALID_ARG_TYPE'],
      [{ keepOpen: 'yes' }, 'ERR_INVALID_ARG_TYPE'],
      [{ signal: {} }, 'ERR_INVALID_ARG_TYPE'],
      [{ highwatermark: 1 }, 'ERR_UNKNOWN_OPTION'],
    ] as const) {
      t.throws(() => channel.frames(options as never), { code });
    }
    const frames = channel.frames();
    t.throws(() => channel.frames(), { code: 'ERR_CHANNEL_ACTIVE' });
    await frames.return();
    t.deepEqual(await frames.next(), { done: true, value: undefined });
  });

  suite.test('connections: each paused until somebody reads it', async (scene, t) => {
    const { server, accepted } = scene.server({ readDelimiter: '\n' });
    const connections = server[Symbol.asyncIterator]();
    const peers = [await scene.peer(server), await scene.peer(server)];
    for (const [at, peer] of peers.entries()) await peer.write(`${at}\n`);
    const { channel, log } = await accepted(1);
    await log.seen('connect');
    const lockstep = await Lockstep.start(scene);
    await lockstep.step();
    t.deepEqual(log.order, ['connect']);
    const given: StreamLike[] = [];
    for (let at = 0; at < 2; at += 1) {
      const { value } = await connections.next();
      if (value === undefined) throw new Error('no connection');
      given.push(value);
    }
    t.true(given.includes(channel));
    const reading = given.map(async (one) => {
      const frames = one.frames();
      one.write(`hello ${(await frames.next()).value}`);
      one.end();
    });
    await Promise.all(reading);
    for (const [at, peer] of peers.entries()) {
      await peer.finished();
      t.is(peer.text, `hello ${at}`);
    }
    const none = connections.next();
    server.close();
    t.deepEqual(await none, { done: true, value: undefined });
    t.deepEqual(await connections.next(), { done: true, value: undefined });
  });

  suite.test('connections: one that is gone is not given; leaving closes', async (scene, t) => {
    const { server, accepted } = scene.server();
    const connections = server[Symbol.asyncIterator]();
    const gone = await scene.peer(server);
    const first = await accepted(0);
    await first.log.seen('connect');
    first.channel.close();
    await first.log.closed();
    await gone.gone();
    const peer = await scene.peer(server);
    const { channel } = await accepted(1);
    const { value } = await connections.next();
    t.is(value, channel);
    await connections.return();
    await peer.gone();
    t.is((await server.closed).reason, 'close');
    t.deepEqual(await connections.next(), { done: true, value: undefined });
  });
}

export function datagramIterating(suite: Suite): void {
  suite.datagrams('frames: each with its sender', async (scene, t) => {
    const { channel, log, peer } = await scene.open();
    const other = await scene.peer();
    const frames = channel.frames();
    await peer.send(channel.localAddr, 'one');
    await other.send(channel.localAddr, 'two');
    const seen: [string, Address][] = [];
    for await (const [data, addr] of frames) {
      seen.push([textOf(data), addr]);
      channel.write(`${data}!`, addr);
      if (seen.length === 2) break;
    }
    t.deepEqual(
      seen.map(([text, { port }]) => [text, port]),
      [
        ['one', peer.address.port],
        ['two', other.address.port],
      ],
    );
    t.is((await log.closed()).reason, 'end');
    await peer.datagrams(1);
    await other.datagrams(1);
    t.deepEqual([...peer.texts, ...other.texts], ['one!', 'two!']);
  });

  suite.datagrams('frames: with a delimiter, changed in the body', async (scene, t) => {
    const { channel, peer } = await scene.open({ readDelimiter: '\n' });
    const frames = channel[Symbol.asyncIterator]();
    await peer.sendAll(channel.localAddr, ['3\nab', 'c2\nxy', '1\nq']);
    const seen: string[] = [];
    for await (const [frame] of frames) {
      seen.push(textOf(frame));
      channel.readDelimiter = channel.readDelimiter === '\n' ? Number(textOf(frame)) : '\n';
      if (seen.length === 6) break;
    }
    t.deepEqual(seen, ['3', 'abc', '2', 'xy', '1', 'q']);
  });

  suite.datagrams(
    'frames: an error of one datagram ends nothing; close() does',
    async (scene, t) => {
      const { channel, log, peer } = await scene.open();
      const frames = channel.frames();
      channel.write(Buffer.alloc(70_000), peer.address);
      await log.failures(1);
      await peer.send(channel.localAddr, 'still here');
      t.is(textOf((await frames.next()).value?.[0] ?? ''), 'still here');
      const next = frames.next();
      channel.close();
      t.deepEqual(await next, { done: true, value: undefined });
      t.throws(() => channel.frames({ rest: true } as never), { code: 'ERR_UNKNOWN_OPTION' });
    },
  );

  suite.datagrams('frames: bound after the loop has begun', async (scene, t) => {
    const { channel } = scene.channel();
    const next = channel.frames().next();
    channel.listen([LOOPBACK, 0]);
    const peer = await scene.peer();
    await peer.send(channel.localAddr, 'hello');
    t.is(textOf((await next).value?.[0] ?? ''), 'hello');
    await eventually('bound', () => channel.listening);
  });
}

async function collect(channel: AsyncIterable<Data>, into: string[] = []): Promise<string[]> {
  for await (const frame of channel) into.push(textOf(frame));
  return into;
}

async function ask<F>(
  frames: AsyncIterator<F, undefined>,
  then: () => Promise<void>,
): Promise<Exclude<F, undefined>> {
  const next = frames.next();
  await then();
  const { value } = await next;
  if (value === undefined) throw new Error('it has ended');
  return value as Exclude<F, undefined>;
}
