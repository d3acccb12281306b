import type { Named } from './action.ts';
import { legible } from './delimiter.ts';
import type { Settings } from './model.ts';

/** What the scripts of all kinds have in common. */
export interface Script extends Settings {
  phases: { sent: Sent[]; outside: Named[] }[];
  onRead: Record<number, Named[]>;
  onOverflow: Named[];
}

export interface Sent {
  hex: string;
  /** Whether a turn of the event loop passes before the next one. */
  pause: boolean;
  /** Which peer sends it, where there are several. */
  from?: number;
}

/** As a person reads it. */
export function shown(script: Script): object {
  const phases = script.phases.map(({ sent, outside }) => ({
    sent: sent.map(({ hex, pause, from }) => {
      const text = from === undefined ? legible(hex) : `P${from} ${legible(hex)}`;
      return pause ? `${text} …` : text;
    }),
    outside,
  }));
  return { ...script, phases };
}

/** The same script, with one thing less. */
export function* smaller<S extends Script>(script: S): Generator<S> {
  const { phases, onRead } = script;
  for (const at of phases.keys()) {
    if (phases.length > 1) yield { ...script, phases: phases.filter((_, other) => other !== at) };
  }
  for (const frame of Object.keys(onRead)) {
    const { [Number(frame)]: _, ...others } = onRead;
    yield { ...script, onRead: others };
  }
  for (const [frame, actions] of Object.entries(onRead)) {
    for (const fewer of without(actions))
      yield { ...script, onRead: { ...onRead, [frame]: fewer } };
  }
  for (const onOverflow of without(script.onOverflow)) yield { ...script, onOverflow };
  for (const [at, phase] of phases.entries()) {
    const replaced = (other: typeof phase) => ({ ...script, phases: phases.with(at, other) });
    for (const outside of without(phase.outside)) yield replaced({ ...phase, outside });
    for (const sent of without(phase.sent)) yield replaced({ ...phase, sent });
  }
  if (script.encoding !== null) yield { ...script, encoding: null };
}

export function* without<T>(list: T[]): Generator<T[]> {
  for (const at of list.keys()) yield list.filter((_, other) => other !== at);
}
