// Files that are sent: what may be given, and which part of it is meant.

import { closeSync, constants, fstatSync, openSync, type Stats, statSync } from 'node:fs';
import os from 'node:os';

import { closeFile, type NativeFileHandle, openFile } from '../binding.ts';
import { invalidType, invalidValue, isDirectory, quote, systemError } from './errors.ts';
import { isReadable } from './values.ts';

/**
 * What `writeFile()` takes: a path, a `file:` URL, a descriptor, or what has one, such as the
 * `FileHandle` of `node:fs/promises`.
 */
export type FileLike = string | URL | number | { readonly fd: number };

/** A FIFO would wait for somebody to write to it; a terminal could become this process's own. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/** @internal What `writeFile()` was given, as far as it can be checked without the file. */
export class FileRequest {
  readonly file: FileLike;
  readonly nbytes: number;
  readonly offset: number;

  constructor(file: unknown, nbytes: unknown, offset: unknown) {
    this.file = checkFile(file);
    this.nbytes = checkSize('nbytes', nbytes);
    this.offset = checkSize('offset', offset);
  }

  /** Opens the part of the file that is meant; throws where there is no such thing to send. */
  open(): OpenFile {
    const { file } = this;
    if (typeof file === 'number') return this.#take(file);
    if (typeof file === 'object' && 'fd' in file) return this.#take(file.fd);
    const descriptor = this.#openPath(file);
    try {
      // By a descriptor of its own: Node closes those that a worker has opened when it ends.
      return this.#take(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  #openPath(path: string | URL): number {
    try {
      return openSync(path, OPEN_FLAGS);
    } catch (error) {
      // A socket's name cannot be opened at all.
      const stats = statIfAny(path);
      if (stats !== undefined && !stats.isFile() && !stats.isDirectory()) throw this.#unfit();
      throw error;
    }
  }

  #take(descriptor: number): OpenFile {
    // A FileHandle that is closed has -1.
    if (descriptor < 0) throw systemError(os.constants.errno.EBADF, 'fstat');
    const stats = fstatSync(descriptor);
    if (stats.isDirectory()) throw isDirectory(this.file);
    if (!stats.isFile()) throw this.#unfit();
    const length = this.#lengthIn(stats.size);
    const native = openFile(descriptor, this.offset, length);
    if (typeof native !== 'number') return new OpenFile(native, length, quote(this.file));
    // It is open: so it was not opened for reading.
    throw systemError(native, native === os.constants.errno.EBADF ? 'read' : 'dup');
  }

  #lengthIn(size: number): number {
    const { nbytes, offset } = this;
    if (offset > size) throw invalidValue('offset', `at most the file's size, ${size}`, offset);
    const left = size - offset;
    if (nbytes > left) throw invalidValue('nbytes', `at most what is left, ${left}`, nbytes);
    return nbytes === 0 ? left : nbytes;
  }

  #unfit(): RangeError {
    return invalidValue('file', 'a regular file', this.file);
  }
}

/** @internal Part of a file, open until it is handed over or closed. */
export class OpenFile {
  readonly native: NativeFileHandle;
  readonly length: number;
  /** The file as it was given, for messages. */
  readonly name: string;

  constructor(native: NativeFileHandle, length: number, name: string) {
    this.native = native;
    this.length = length;
    this.name = name;
  }

  close(): void {
    closeFile(this.native);
  }
}

function checkFile(file: unknown): FileLike {
  if (typeof file === 'string') return file;
  if (typeof file === 'number') {
    if (Number.isInteger(file) && file >= 0 && file <= 0x7fff_ffff) return file;
    throw invalidValue('file', 'a descriptor', file);
  }
  if (isReadable(file)) {
    if (file instanceof URL) return file;
    if ('fd' in file && typeof file.fd === 'number') return file as FileLike;
  }
  throw invalidType('file', 'a path, a URL, a descriptor or a FileHandle', file);
}

function checkSize(name: string, value: unknown): number {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw invalidValue(name, 'a number of bytes', value);
}

function statIfAny(path: string | URL): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
