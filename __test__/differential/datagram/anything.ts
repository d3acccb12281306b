import fc, { type Arbitrary } from 'fast-check';

import { list, once, weighed } from '../../helpers/arbitrary.ts';
import { Actions, bytes, settings } from '../anything.ts';
import { NO_LIMIT } from '../delimiter.ts';
import { isFair } from './model.ts';
import type { DatagramAction, DatagramOwn, DatagramScript, Phase } from './script.ts';

const AFTER_OVERFLOW: DatagramAction[][] = [
  [],
  [{ do: 'close' }],
  [{ do: 'limit', to: NO_LIMIT }],
  [{ do: 'delimiter', to: null }],
  [{ do: 'delimiter', to: 3 }],
  [{ do: 'write', text: 'too long', to: null, flush: false }],
  [{ do: 'throw' }],
];

const scripts = [2, 3, 4].flatMap((peers) =>
  // Who talks most, and is connected to.
  Array.from({ length: peers }, (_, lively): [number, Arbitrary<DatagramScript>] => {
    const others = fc.nat(peers - 1);
    const connecting = scriptsOf(peers, lively, others, true);
    const plain = scriptsOf(peers, lively, others, false);
    return [12 / peers, weighed([2, plain], [1, connecting])];
  }),
);

export const datagramScripts: Arbitrary<DatagramScript> = weighed(...scripts).map((script) =>
  isFair(script) ? script : unconnected(script),
);

function scriptsOf(
  peers: number,
  lively: number,
  others: Arbitrary<number>,
  connects: boolean,
): Arbitrary<DatagramScript> {
  const actions = new Actions<DatagramOwn>(own(lively, others, connects));
  return fc.record({
    ...settings,
    peers: fc.constant(peers),
    begin: fc.constantFrom('listen', 'listen', 'listen', 'connect', 'write'),
    limit: weighed([2, fc.constant(NO_LIMIT)], [1, fc.integer({ min: 1, max: 12 })]),
    maxSenders: weighed([2, fc.constant(1024)], [1, fc.integer({ min: 1, max: 3 })]),
    phases: list(phase(lively, others, actions), 1, 4),
    onRead: actions.byFrame,
    onOverflow: weighed([1, fc.constantFrom(...AFTER_OVERFLOW)], [1, actions.list(2)]),
    onError: actions.perhaps(2),
    finish: fc.constantFrom('end', 'close'),
  });
}

function phase(
  lively: number,
  others: Arbitrary<number>,
  actions: Actions<DatagramOwn>,
): Arbitrary<Phase> {
  const sent = [2, 5, 10].flatMap((most) => {
    const packet = fc.record({
      from: fc.oneof(others, fc.constant(lively)),
      hex: weighed([19, bytes(most)], [1, bytes(400)]).map((all) => all.toString('hex')),
      pause: once(4),
    });
    return [3, 11].map((maxLength) => list(packet, 0, maxLength));
  });
  return fc.record({ sent: fc.oneof(...sent), outside: actions.outside });
}

function own(lively: number, others: Arbitrary<number>, connects: boolean): Arbitrary<DatagramOwn> {
  const write = fc.record({
    do: fc.constant('write' as const),
    text: fc.constantFrom('reply', '', 'ok', 'a longer reply, and then some', 'x'.repeat(3_000)),
    to: weighed<number | null>([2, fc.constant(null)], [1, others]),
    flush: once(3),
  });
  if (!connects) return write;
  const peer = weighed([3, fc.constant(lively)], [1, others]);
  return weighed<DatagramOwn>(
    [2, write],
    [1, peer.map((to) => ({ do: 'connect', to }))],
    [1, fc.constant({ do: 'disconnect' })],
  );
}

/** Without what may race: with frames that wait for a `resume()`, or of other senders. */
function unconnected(script: DatagramScript): DatagramScript {
  const others = (actions: DatagramAction[]): DatagramAction[] =>
    actions
      .filter((action) => action.do !== 'connect')
      .map((action) =>
        action.do === 'pause' ? { ...action, meanwhile: others(action.meanwhile) } : action,
      );
  const onRead = Object.entries(script.onRead).map(([frame, actions]) => [frame, others(actions)]);
  return {
    ...script,
    phases: script.phases.map((one) => ({ ...one, outside: others(one.outside) })),
    onRead: Object.fromEntries(onRead),
    onOverflow: others(script.onOverflow),
    onError: others(script.onError),
  };
}
