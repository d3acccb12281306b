import fc, { type Arbitrary } from 'fast-check';

import { list, once, upTo, weighed } from '../../helpers/arbitrary.ts';
import { Actions, bytes, delimiter, settings } from '../anything.ts';
import { NO_LIMIT } from '../delimiter.ts';
import type { Sent } from '../script.ts';
import { CONTENT } from './file.ts';
import type { Phase, StreamAction, StreamOwn, StreamScript } from './script.ts';

/** `canReset`: peers can reset their connections, which those of Unix sockets cannot. */
export function streamScripts(canReset: boolean): Arbitrary<StreamScript> {
  return fc.oneof(scripts(false, canReset), scripts(true, canReset));
}

function scripts(writes: boolean, canReset: boolean): Arbitrary<StreamScript> {
  const actions = new Actions<StreamOwn>(writes ? own : null);
  const finishes = (['fin', 'fin later', 'reset'] as const).slice(0, !writes && canReset ? 3 : 2);
  return fc.record({
    ...settings,
    side: fc.constantFrom('client', 'connection'),
    delimiter: weighed([19, delimiter], [1, fc.constant(0)]),
    allowHalfOpen: once(3),
    phases: list(phase(actions), 1, 3),
    onRead: fc
      .tuple(actions.byFrame, counted, restless)
      .map(([some, more, always]) => merged(merged(some, more), always)),
    onOverflow: afterOverflow(writes),
    onEnd: actions.perhaps(2),
    finish: fc.constantFrom(...finishes),
  });
}

function phase(actions: Actions<StreamOwn>): Arbitrary<Phase> {
  const sizes = [1_000, 20, 6, 1].map((most) => {
    const size = fc.record({ length: upTo(most), pause: once(3) });
    return list(size, 1, 20);
  });
  const data = fc.oneof(bytes(6), bytes(30), bytes(80));
  const sent = fc.tuple(data, fc.oneof(...sizes)).map(([all, chunks]) => split(all, chunks));
  return fc.record({ sent, outside: actions.outside });
}

/** Of these lengths, in turn. */
function split(bytes: Buffer, sizes: { length: number; pause: boolean }[]): Sent[] {
  const sent: Sent[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { length, pause } = sizes[sent.length % sizes.length] as (typeof sizes)[0];
    sent.push({ hex: bytes.subarray(at, at + length).toString('hex'), pause });
    at += length;
  }
  return sent;
}

/** Now and then a length of 0: an empty frame, in which mostly another delimiter is set. */
const counted: Arbitrary<Record<number, StreamAction[]>> = weighed(
  [3, fc.constant({})],
  [
    1,
    fc
      .record({
        frame: fc.nat(3),
        zeros: fc.integer({ min: 1, max: 3 }),
        next: fc.option(delimiter, { freq: 4, nil: 0 }),
      })
      .map(({ frame, zeros, next }) => {
        const set = [...Array<typeof next>(zeros).fill(0), next];
        return Object.fromEntries(
          set.map((to, at): [number, StreamAction[]] => [frame + at, [{ do: 'delimiter', to }]]),
        );
      }),
  ],
);

/** Now and then another delimiter with each frame, as protocols of lines and lengths have it. */
const restless: Arbitrary<Record<number, StreamAction[]>> = weighed(
  [3, fc.constant({})],
  [
    1,
    fc
      .record({
        frames: fc.integer({ min: 9, max: 80 }),
        delimiters: list(
          delimiter.filter((to) => to !== null),
          2,
          4,
        ),
      })
      .map(({ frames, delimiters }) =>
        Object.fromEntries(
          Array.from({ length: frames }, (_, at): [number, StreamAction[]] => {
            const to = delimiters[at % delimiters.length] ?? null;
            return [at, [{ do: 'delimiter', to }]];
          }),
        ),
      ),
  ],
);

function merged(
  some: Record<number, StreamAction[]>,
  more: Record<number, StreamAction[]>,
): Record<number, StreamAction[]> {
  const all = { ...some };
  for (const [frame, actions] of Object.entries(more)) {
    all[Number(frame)] = [...(all[Number(frame)] ?? []), ...actions];
  }
  return all;
}

const write = fc.constantFrom(
  'reply',
  '',
  'a longer reply, and then some',
  'x'.repeat(3_000),
  'y'.repeat(80_000),
);

const writeFile = fc
  .record({
    offset: fc.oneof(fc.constant(0), fc.nat(CONTENT.length), fc.constant(CONTENT.length)),
    length: fc.oneof(fc.constant(0), fc.nat(100), fc.nat(CONTENT.length)),
    flush: once(3),
  })
  .map(({ offset, length, flush }): StreamOwn => {
    const nbytes = Math.min(length, CONTENT.length - offset);
    return { do: 'writeFile', nbytes, offset, flush };
  });

const own: Arbitrary<StreamOwn> = weighed<StreamOwn>(
  [22, fc.record({ do: fc.constant('write' as const), text: write, flush: once(3) })],
  [7, writeFile],
  [3, fc.constant({ do: 'shutdown' })],
  [1, write.map((text) => ({ do: 'end with', text }))],
  [1, fc.constant({ do: 'reset' })],
);

/** After an overflow only such things are done as settle it for all that may still come. */
function afterOverflow(writes: boolean): Arbitrary<StreamAction[]> {
  const written: StreamAction[] = writes ? [{ do: 'write', text: 'too long', flush: false }] : [];
  return weighed<StreamAction[]>(
    [
      6,
      fc.constantFrom<StreamAction[][]>(
        [],
        [{ do: 'close' }],
        [{ do: 'limit', to: NO_LIMIT }],
        [{ do: 'delimiter', to: null }],
        [...written, { do: 'end' }],
        [{ do: 'throw' }],
      ),
    ],
    [1, fc.integer({ min: 1, max: 5 }).map((to) => [{ do: 'delimiter', to }])],
  );
}
