import type { Named } from './action.ts';
import { type Delimiter, type Encoding, legible } from './delimiter.ts';

/** What every kind of script begins with. */
export interface Settings {
  /** How the first settings are told. */
  given: 'by options' | 'by fields' | 'by assignment';
  delimiter: Delimiter;
  encoding: Encoding;
  limit: number;
}

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
