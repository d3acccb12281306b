import type { Rules } from '../differ.ts';
import { smaller, without } from '../script.ts';
import { type StreamExpectation, simulate } from './model.ts';
import { generate, type StreamScript } from './script.ts';

/** `canReset`: peers can reset their connections, which those of Unix sockets cannot. */
export function streamRules(canReset: boolean): Rules<StreamScript, StreamExpectation> {
  return {
    generate: (seed) => {
      const script = generate(seed);
      return script.finish === 'reset' && !canReset ? { ...script, finish: 'fin' } : script;
    },
    simulate,
    smaller: smallerStreams,
  };
}

function* smallerStreams(script: StreamScript): Generator<StreamScript> {
  yield* smaller(script);
  for (const onEnd of without(script.onEnd)) yield { ...script, onEnd };
  if (script.finish !== 'fin') yield { ...script, finish: 'fin' };
  if (script.allowHalfOpen) yield { ...script, allowHalfOpen: false };
}
