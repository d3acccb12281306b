import test from 'ava';

import { framingOf, NOTHING } from '../../js/check/read-delimiter.ts';
import { Inbox } from '../../js/read/inbox.ts';
import { chunkOf, countingCut, LINES, Told } from './receiver.ts';

const LIMIT = 65_536;

/** An inbox under line feeds that has begun, and what it is asked to tell the reactor. */
function make() {
  const told = new Told();
  const { cut, asked } = countingCut();
  const inbox = new Inbox(told, cut, LINES, LIMIT);
  const { epoch, mayCut } = inbox.begin();
  return { told, asked, inbox, epoch, mayCut };
}

test('frames that the reactor has cut are delivered as they are', (t) => {
  const { told, asked, inbox, epoch, mayCut } = make();
  t.true(mayCut);
  inbox.take(chunkOf('one\ntwo\n', epoch));
  t.deepEqual(told.take(), ['one', 'two']);
  t.deepEqual(asked, []);
  t.is(inbox.takeRequest(), null);
  t.is(inbox.passedOn, 8);
});

test('text: each frame is a string', (t) => {
  const { told, inbox, epoch } = make();
  inbox.setEncoding('utf8');
  inbox.take(chunkOf('one\ntwo\n', epoch));
  t.deepEqual(told.take(), ["'one'", "'two'"]);
});

test('a pause in the middle of a chunk holds the rest; it is cut here when that is over', (t) => {
  const { told, inbox, epoch } = make();
  told.after = () => {
    told.receptive = false;
    inbox.interrupt();
  };
  inbox.take(chunkOf('one\ntwo\n', epoch));
  t.deepEqual(told.take(), ['one']);
  t.is(inbox.length, 4);
  told.receptive = true;
  inbox.deliverHeld();
  t.deepEqual(told.take(), ['two']);
});

test('another delimiter holds from the very next byte, and the reactor is asked to cut so', (t) => {
  const { told, inbox, epoch } = make();
  told.after = () => {
    told.after = () => {};
    inbox.set(framingOf(2), LIMIT);
  };
  inbox.take(chunkOf('one\ntwo\n', epoch));
  t.deepEqual(told.take(), ['one', 'tw', 'o\n']);
  const request = inbox.takeRequest();
  t.like(request, { mayCut: true, passedOn: 8 });
  t.true(request !== null && request.epoch !== epoch);
});

test('while something is left over the reactor passes on what it gets, and is asked again', (t) => {
  const { told, inbox, epoch } = make();
  told.after = () => {
    told.after = () => {};
    inbox.set(framingOf(4), LIMIT);
  };
  inbox.take(chunkOf('one\nab\n', epoch));
  t.deepEqual(told.take(), ['one']);
  t.like(inbox.takeRequest(), { mayCut: false });
  inbox.take(chunkOf('cde', 0));
  t.deepEqual(told.take(), ['ab\nc']);
  t.is(inbox.takeRequest(), null);
  inbox.take(chunkOf('fg', 0));
  t.deepEqual(told.take(), ['defg']);
  t.like(inbox.takeRequest(), { mayCut: true, passedOn: 12 });
});

test('chunks of an older epoch are cut here', (t) => {
  const { told, inbox, epoch } = make();
  inbox.set(framingOf(','), LIMIT);
  t.like(inbox.takeRequest(), { mayCut: true });
  inbox.take(chunkOf('a,b\n,', epoch));
  t.deepEqual(told.take(), ['a', 'b\n']);
});

test('the same delimiter again is no change', (t) => {
  const { inbox } = make();
  t.false(inbox.set(framingOf('\n'), LIMIT));
  t.is(inbox.takeRequest(), null);
});

test('a frame that comes in many pieces is put together', (t) => {
  const { told, inbox } = make();
  for (const piece of ['o', 'n', 'e', '\nt', 'wo\n']) inbox.take(chunkOf(piece, 0));
  t.deepEqual(told.take(), ['one', 'two']);
  t.is(inbox.length, 0);
});

test('what outgrows the limit is told once; the same bytes again, as that', (t) => {
  const { told, inbox } = make();
  inbox.set(LINES, 4);
  inbox.take(chunkOf('too long\n', 0));
  t.deepEqual(told.take(), [
    'overflow: no delimiter was found within the limit',
    'overflow again: no delimiter was found within the limit',
  ]);
});

test('a hook that raises the limit has the bytes cut again', (t) => {
  const { told, inbox } = make();
  inbox.set(LINES, 4);
  told.atOverflow = () => inbox.set(LINES, 8);
  inbox.take(chunkOf('too long\n', 0));
  t.deepEqual(told.take(), ['overflow: no delimiter was found within the limit', 'too long']);
});

test('under 0 bytes are held, and each time that it is set one empty frame is due', (t) => {
  const { told, inbox } = make();
  inbox.set(NOTHING, 4);
  inbox.expectEmpty();
  inbox.expectEmpty();
  inbox.take(chunkOf('one\n', 0));
  t.deepEqual(told.take(), ['', '']);
  t.true(inbox.isFull);
  inbox.set(LINES, LIMIT);
  inbox.deliverHeld();
  t.deepEqual(told.take(), ['one']);
  t.false(inbox.isFull);
});

test('what no delimiter has completed is the rest; no empty frame is due behind it', (t) => {
  const { told, inbox, epoch } = make();
  const { slab } = chunkOf('left', epoch);
  inbox.takeRest(slab, 0, 4);
  t.deepEqual(told.take(), []);
  t.is(String(inbox.rest()), 'left');
  t.is(inbox.length, 0);
  inbox.expectEmpty();
  t.true(inbox.isEmpty);
});

test('a Buffer that was delivered is not written to by what follows', (t) => {
  const { told, inbox, epoch } = make();
  const kept: Buffer[] = [];
  told.deliver = (frame) => kept.push(frame as Buffer);
  const chunk = chunkOf('one\n', epoch);
  inbox.take(chunk);
  chunk.bytes.fill('x');
  t.deepEqual(kept.map(String), ['one']);
});

test('clear() drops all', (t) => {
  const { told, inbox } = make();
  inbox.take(chunkOf('held', 0));
  inbox.clear();
  inbox.take(chunkOf('\n', 0));
  t.deepEqual(told.take(), ['']);
});

test('a delimiter that changes with each frame: no native cut, and nothing to tell the reactor', (t) => {
  const { told, asked, inbox } = make();
  let delimiter: string | number = '\n';
  told.after = (frame) => {
    delimiter = delimiter === '\n' ? Number(frame) : '\n';
    inbox.set(framingOf(delimiter), LIMIT);
  };
  const text = '3\nabc2\nxy1\nq'.repeat(10);
  inbox.take(chunkOf(text, 0));
  inbox.takeRequest();
  for (let at = 0; at < 100; at += 1) {
    inbox.take(chunkOf(text, 0));
    t.false(inbox.requestDue);
  }
  const frames = Array.from({ length: 1_010 }, () => ['3', 'abc', '2', 'xy', '1', 'q']);
  t.deepEqual(told.take(), frames.flat());
  t.deepEqual(asked, []);
});

test('text of a chunk that is longer than the string of which frames are slices', (t) => {
  const { told, inbox, epoch } = make();
  const lines = Array.from({ length: 2_000 }, (_, at) => `${at}`.repeat(1 + (at % 7)));
  lines[900] = 'x'.repeat(20_000);
  for (const encoding of ['utf8', 'latin1', 'ascii'] as const) {
    inbox.setEncoding(encoding);
    for (const asCut of [epoch, 0]) {
      inbox.take(chunkOf(`${lines.join('\n')}\n`, asCut));
      t.deepEqual(
        told.take(),
        lines.map((line) => `'${line}'`),
      );
    }
  }
});

test('another encoding holds from the next frame of the same chunk', (t) => {
  const { told, inbox, epoch } = make();
  const bytes = Buffer.from('é\n'.repeat(6)).toString('latin1');
  const encodings = ['latin1', 'hex', null, 'utf8', 'latin1'] as const;
  for (const asCut of [epoch, 0]) {
    inbox.setEncoding('utf8');
    let at = 0;
    told.after = () => inbox.setEncoding(encodings[at++] ?? null);
    inbox.take(chunkOf(bytes, asCut));
    t.deepEqual(told.take(), ["'é'", "'Ã©'", "'c3a9'", 'Ã©', "'é'", "'Ã©'"]);
  }
});

test('text is text, whatever is done to the memory that it came in', (t) => {
  const { told, inbox, epoch } = make();
  const kept: unknown[] = [];
  told.deliver = (frame) => kept.push(frame);
  inbox.setEncoding('utf8');
  const chunk = chunkOf('one two three four\nfive six seven eight\n', epoch);
  inbox.take(chunk);
  chunk.bytes.fill('x');
  t.deepEqual(kept, ['one two three four', 'five six seven eight']);
});

test('one that delivers while another does: each gets its own text', (t) => {
  const [one, other] = [make(), make()];
  for (const { inbox } of [one, other]) inbox.setEncoding('utf8');
  other.told.receptive = false;
  other.inbox.take(chunkOf('one\ntwo\nthree\n', 0));
  other.told.receptive = true;
  one.told.after = () => other.inbox.deliverHeld();
  one.inbox.take(chunkOf('a\nb\nc\n', one.epoch));
  t.deepEqual(other.told.take(), ["'one'", "'two'", "'three'"]);
  t.deepEqual(one.told.take(), ["'a'", "'b'", "'c'"]);
});
