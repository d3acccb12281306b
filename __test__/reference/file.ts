import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import os from 'node:os';

import { codedError, typeError, valueError } from './errors.ts';
import { isReadable } from './values.ts';

/** What `writeFile` takes: a path, a URL, a descriptor or a FileHandle. */
export type FileLike = string | URL | number | { readonly fd: number };

/** Part of a file that waits to be sent, and is read when its turn has come. */
export class FilePiece {
  /** How much of it has not been read yet. */
  length: number;
  #offset: number;
  #descriptor: number | null;

  /** Throws where there is no such file, or no such part of it. */
  constructor(file: FileLike, nbytes: number, offset: number) {
    const descriptor = open(file);
    try {
      this.length = lengthOf(file, descriptor, nbytes, offset);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
    this.#descriptor = descriptor;
    this.#offset = offset;
  }

  /** The next bytes, none at its end; throws where the file has become shorter. */
  read(most: number): Buffer {
    if (this.#descriptor === null || this.length === 0) return Buffer.alloc(0);
    const bytes = Buffer.alloc(Math.min(most, this.length));
    const read = readSync(this.#descriptor, bytes, 0, bytes.length, this.#offset);
    if (read === 0) throw codedError('ERR_FILE_TRUNCATED', 'the file has become shorter');
    this.#offset += read;
    this.length -= read;
    return bytes.subarray(0, read);
  }

  close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }
}

/** Throws what can be known without the file. */
export function checkFileArguments(file: unknown, nbytes: unknown, offset: unknown): void {
  const descriptor = isReadable(file) && 'fd' in file && typeof file.fd === 'number';
  if (typeof file === 'number') {
    if (!Number.isInteger(file) || file < 0) throw valueError('file', 'a descriptor', file);
  } else if (
    typeof file !== 'string' &&
    !(isReadable(file) && file instanceof URL) &&
    !descriptor
  ) {
    throw typeError('file', 'a path, a URL, a descriptor or a FileHandle', file);
  }
  for (const [name, value] of Object.entries({ nbytes, offset })) {
    if (typeof value !== 'number') throw typeError(name, 'a number', value);
    if (!Number.isSafeInteger(value) || value < 0) throw valueError(name, 'a size', value);
  }
}

function open(file: FileLike): number {
  const descriptor = typeof file === 'object' && 'fd' in file ? file.fd : file;
  if (typeof descriptor === 'number') {
    if (descriptor >= 0) fstatSync(descriptor);
    else throw systemError('EBADF', os.constants.errno.EBADF, 'fstat');
    // Node has no dup(2); opened this way it is another descriptor too, also without a name.
    return openSync(`/dev/fd/${descriptor}`, 'r');
  }
  try {
    return openSync(descriptor, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (statSync(descriptor, { throwIfNoEntry: false })?.isSocket()) throw notRegular(file);
    throw error;
  }
}

function lengthOf(file: FileLike, descriptor: number, nbytes: number, offset: number): number {
  const stats = fstatSync(descriptor);
  if (stats.isDirectory()) throw systemError('EISDIR', os.constants.errno.EISDIR, 'read');
  if (!stats.isFile()) throw notRegular(file);
  if (offset > stats.size) throw valueError('offset', `at most ${stats.size}`, offset);
  const left = stats.size - offset;
  if (nbytes > left) throw valueError('nbytes', `at most ${left}`, nbytes);
  return nbytes === 0 ? left : nbytes;
}

function notRegular(file: FileLike): Error {
  return valueError('file', 'a regular file', file);
}

function systemError(code: string, errno: number, syscall: string): Error {
  return Object.assign(codedError(code, `${code}, ${syscall}`), { errno: -errno, syscall });
}
