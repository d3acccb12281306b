import type { Prefix } from '../helpers/implementation.ts';

/** A delimiter as a script can be printed with it. */
export type Delimiter =
  | null
  | number
  | { text: string }
  | { hex: string }
  | { prefix: Required<Prefix> }
  | { source: string; flags: string };

export type Encoding = 'utf8' | 'latin1' | 'hex' | 'utf16le' | null;

/** The limit where none is meant. */
export const NO_LIMIT = 1_000_000;

/** As `readDelimiter` takes it. */
export function toDelimiter<P>(
  delimiter: Delimiter,
  prefix: (options: Prefix) => P,
): null | number | string | Uint8Array | RegExp | P {
  if (delimiter === null || typeof delimiter === 'number') return delimiter;
  if ('text' in delimiter) return delimiter.text;
  if ('source' in delimiter) return new RegExp(delimiter.source, delimiter.flags);
  if ('hex' in delimiter) return Buffer.from(delimiter.hex, 'hex');
  return prefix(delimiter.prefix);
}

/** Bytes as a person reads them. */
export function legible(hex: string): string {
  return JSON.stringify(Buffer.from(hex, 'hex').toString('latin1'));
}
