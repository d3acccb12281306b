import { inspect } from 'node:util';

import type { Told } from './model.ts';
import type { Outcome } from './run.ts';
import { type Script, shown } from './script.ts';

/** A difference, for a person: the script, and what each was told beside what it should be. */
export function describe(
  script: Script,
  expectation: Told,
  outcomes: Record<string, Outcome>,
): string {
  const lines = [inspect(shown(script), { depth: 8, breakLength: 100 })];
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
