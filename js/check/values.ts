/** What a value is, whichever realm it comes from, and whatever it says of itself. */

import {
  isAnyArrayBuffer,
  isProxy,
  isSharedArrayBuffer,
  isTypedArray,
  isUint8Array,
} from 'node:util/types';

import { dataDetached, invalidValue } from './errors.ts';

/** What a view has of itself, not what its class or the user says of it. */
const typedArray = gettersOf(Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array);
const dataView = gettersOf(DataView.prototype);

/** @internal How many bytes a view has. */
export const { byteLength } = typedArray;

/** @internal An object whose properties can be read: no Proxy that was revoked. */
export function isReadable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !isRevoked(value);
}

/** @internal The same of a function. */
export function isCallable(value: unknown): value is (...args: never[]) => unknown {
  return typeof value === 'function' && !isRevoked(value);
}

function isRevoked(value: object): boolean {
  if (!isProxy(value)) return false;
  try {
    Array.isArray(value);
    return false;
  } catch {
    return true;
  }
}

/**
 * @internal The bytes of a view or a buffer, to be copied at once: another thread may write to them.
 * Null for anything else.
 *
 * @throws `ERR_BUFFER_DETACHED`, or `ERR_INVALID_ARG_VALUE` where it is not as long as it says; they
 * call it `name`
 */
export function bytesOf(name: string, data: unknown): Uint8Array | null {
  if (!ArrayBuffer.isView(data) && !isAnyArrayBuffer(data)) return null;
  const plain = isUint8Array(data) && data instanceof Uint8Array;
  if (plain && data.length !== byteLength.call(data)) {
    throw invalidValue(name, 'a view whose length is that of its memory', data.length);
  }
  // One without bytes may have lost them.
  return plain && data.length > 0 ? data : memoryOf(name, data);
}

/** @internal How many bytes are in what `bytesOf` returns as it is; -1 for anything else. */
export function plainLength(data: unknown): number {
  if (!ArrayBuffer.isView(data) || !isUint8Array(data) || !(data instanceof Uint8Array)) return -1;
  const { length } = data;
  return length === byteLength.call(data) ? length : -1;
}

/** @internal The same bytes, in memory that no other thread may write to. */
export function unshared(bytes: Uint8Array): Uint8Array {
  return isSharedArrayBuffer(typedArray.buffer.call(bytes)) ? Uint8Array.from(bytes) : bytes;
}

function memoryOf(name: string, data: ArrayBufferView | ArrayBufferLike): Uint8Array {
  try {
    if (!ArrayBuffer.isView(data)) return new Uint8Array(data);
    // Throws where its memory is gone.
    if (isTypedArray(data)) Uint8Array.prototype.keys.call(data);
    const { buffer, byteOffset, byteLength } = isTypedArray(data) ? typedArray : dataView;
    return new Uint8Array(buffer.call(data), byteOffset.call(data), byteLength.call(data));
  } catch {
    throw dataDetached(name);
  }
}

interface Getters {
  readonly buffer: { call(view: ArrayBufferView): ArrayBufferLike };
  readonly byteOffset: { call(view: ArrayBufferView): number };
  readonly byteLength: { call(view: ArrayBufferView): number };
}

function gettersOf(prototype: ArrayBufferView): Getters {
  const get = (name: keyof Getters) => Object.getOwnPropertyDescriptor(prototype, name)?.get;
  const [buffer, byteOffset, byteLength] = [get('buffer'), get('byteOffset'), get('byteLength')];
  return { buffer, byteOffset, byteLength } as Getters;
}
