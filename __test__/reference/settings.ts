import { typeError } from './errors.ts';
import { checkStreamOptions } from './options.ts';
import type { StreamOptions } from './types.ts';

type Settled =
  | 'readDelimiter'
  | 'readEncoding'
  | 'bufferSize'
  | 'highWaterMark'
  | 'maxPendingBytes'
  | 'allowHalfOpen'
  | 'idleTimeout'
  | 'frameTimeout'
  | 'lingerTimeout';

/** A stream's options, with the defaults filled in. */
export type Settings = StreamOptions & Required<Pick<StreamOptions, Settled>>;

export const DEFAULTS: Settings = {
  readDelimiter: null,
  readEncoding: null,
  bufferSize: 65_536,
  highWaterMark: 65_536,
  maxPendingBytes: 64 * 1024 * 1024,
  allowHalfOpen: false,
  /** 0: none. */
  idleTimeout: 0,
  frameTimeout: 0,
  lingerTimeout: 5_000,
};

/** What may also be set by assignment, or as a class field. */
export const PROPERTIES = Object.keys(DEFAULTS);
export const DATAGRAM_PROPERTIES = [
  ...['readDelimiter', 'readEncoding', 'bufferSize'],
  ...['highWaterMark', 'maxPendingBytes', 'lingerTimeout'],
];

export function checkProperty(name: string, value: unknown): void {
  if (value === undefined && name !== 'readEncoding') throw typeError(name, 'a value', value);
  checkStreamOptions({ [name]: value });
}
