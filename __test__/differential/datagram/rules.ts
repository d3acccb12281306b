import type { Rules } from '../differ.ts';
import { smaller, without } from '../script.ts';
import { type DatagramExpectation, simulate } from './model.ts';
import { type DatagramScript, generate } from './script.ts';

export const datagramRules: Rules<DatagramScript, DatagramExpectation> = {
  generate,
  simulate,
  smaller: smallerDatagrams,
};

function* smallerDatagrams(script: DatagramScript): Generator<DatagramScript> {
  yield* smaller(script);
  for (const onError of without(script.onError)) yield { ...script, onError };
  if (script.begin !== 'listen') yield { ...script, begin: 'listen' };
  if (script.maxSenders < 1024) yield { ...script, maxSenders: 1024 };
  for (const [at, phase] of script.phases.entries()) {
    for (const [which, packet] of phase.sent.entries()) {
      if (packet.from === 0) continue;
      const sent = phase.sent.with(which, { ...packet, from: 0 });
      yield { ...script, phases: script.phases.with(at, { ...phase, sent }) };
    }
  }
}
