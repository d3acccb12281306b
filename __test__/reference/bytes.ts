import { typeError } from './errors.ts';
import type { Data, ReadEncoding, Writable } from './types.ts';

/** Takes the bytes now: the caller may use its buffer again at once. */
export function copyBytes(data: Writable): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  if (ArrayBuffer.isView(data)) {
    return Buffer.concat([Buffer.from(data.buffer, data.byteOffset, data.byteLength)]);
  }
  if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) {
    return Buffer.concat([Buffer.from(data)]);
  }
  throw typeError('data', 'a string, an ArrayBufferView or an ArrayBuffer', data);
}

export function decoded(bytes: Buffer, encoding: ReadEncoding): Data {
  return encoding === null ? bytes : bytes.toString(encoding);
}
