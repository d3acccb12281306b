/** Large strings as bytes, without new memory for each of them. */

/** Beyond this a string has memory of its own. */
const MOST_BYTES = 256 * 1024;
const FIRST_BYTES = 64 * 1024;

/** Where they are encoded. It is the garbage collector's while nobody writes any. */
let room = new WeakRef(Buffer.alloc(0));

/** @internal The string as UTF-8, valid until the next call. */
export function encode(data: string): Buffer {
  const length = Buffer.byteLength(data);
  if (length > MOST_BYTES) return Buffer.from(data);
  let memory = room.deref();
  if (memory === undefined || memory.length < length) {
    memory = Buffer.allocUnsafeSlow(length > FIRST_BYTES ? MOST_BYTES : FIRST_BYTES);
    room = new WeakRef(memory);
  }
  memory.write(data, 0, length);
  return memory.subarray(0, length);
}
