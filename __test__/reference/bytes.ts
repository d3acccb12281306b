import { typeError } from './errors.ts';
import type { Data, ReadEncoding, Writable } from './types.ts';
import { bytesFrom, isReadable } from './values.ts';

/** Takes the bytes now: the caller may use its buffer again at once. */
export function copyBytes(data: Writable): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  const bytes = bytesFrom('data', data);
  if (bytes !== null) return bytes;
  throw typeError('data', 'a string, an ArrayBufferView or an ArrayBuffer', data);
}

/** The same of several pieces, which are one. */
export function copyAll(data: Writable | Writable[]): Buffer {
  return isReadable(data) && Array.isArray(data)
    ? Buffer.concat(Array.from(data, copyBytes))
    : copyBytes(data);
}

export function decoded(bytes: Buffer, encoding: ReadEncoding): Data {
  return encoding === null ? bytes : bytes.toString(encoding);
}
