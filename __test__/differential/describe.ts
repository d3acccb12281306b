import { inspect } from 'node:util';

import type { Difference } from './differ.ts';

/** A difference, for a person: the script, and what each was told beside what it should be. */
export function describe({ script, expectation, outcomes }: Difference): string {
  const shown = {
    ...script,
    phases: script.phases.map(({ chunks, outside }) => ({
      chunks: chunks.map(({ hex, pause }) => {
        const text = JSON.stringify(Buffer.from(hex, 'hex').toString('latin1'));
        return pause ? `${text} …` : text;
      }),
      outside,
    })),
  };
  const lines = [inspect(shown, { depth: 8, breakLength: 100 })];
  lines.push('', `expected, ${expectation.thrown} thrown:`, ...expectation.hooks.map(indented));
  for (const [name, { hooks, thrown, violations }] of Object.entries(outcomes)) {
    const same = JSON.stringify(hooks) === JSON.stringify(expectation.hooks);
    lines.push('', `${name}, ${thrown} thrown${same ? ': the same' : ':'}`);
    if (!same) lines.push(...hooks.map(indented));
    lines.push(...violations.map((violation) => `  VIOLATION: ${violation}`));
  }
  return lines.join('\n');
}

function indented(line: string): string {
  return `  ${line}`;
}
