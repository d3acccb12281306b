import { isAnyArrayBuffer, isProxy, isTypedArray } from 'node:util/types';

import { codedError } from './errors.ts';

/** An object whose properties can be read: no Proxy that was revoked. */
export function isReadable(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  try {
    Array.isArray(value);
    return true;
  } catch {
    return false;
  }
}

/** A copy of the bytes of a view or a buffer of any realm; null for anything else. */
export function bytesFrom(name: string, data: unknown): Buffer | null {
  if (isProxy(data) || !(ArrayBuffer.isView(data) || isAnyArrayBuffer(data))) return null;
  try {
    if (!ArrayBuffer.isView(data)) return Buffer.from(new Uint8Array(data));
    // Throws where its memory is gone.
    if (isTypedArray(data)) Uint8Array.prototype.keys.call(data);
    const { buffer, byteOffset, byteLength } = data;
    return Buffer.from(new Uint8Array(buffer, byteOffset, byteLength));
  } catch {
    throw codedError('ERR_BUFFER_DETACHED', `${name} is detached`);
  }
}
