import { constants } from 'node:os';

import { codedError, typeError, valueError } from './errors.ts';
import { isReadable } from './values.ts';

/** The longest path that fits into a `sockaddr_un`. */
const MOST_BYTES = process.platform === 'linux' ? 107 : 103;

/** Whether it stands for a path, and not for a host and a port. */
export function isPath(target: unknown): target is string | { path: string } {
  if (!isReadable(target)) return typeof target === 'string';
  return 'path' in target && target.path !== undefined;
}

export function pathOf(target: unknown): string {
  const path = isReadable(target) ? (target as { path?: unknown }).path : target;
  if (typeof path !== 'string') throw typeError('path', 'a string', path);
  if (path === '') throw valueError('path', 'not empty', path);
  const isAbstract = path.startsWith('\0') && process.platform === 'linux';
  if (path.includes('\0') && !isAbstract) throw valueError('path', 'without null bytes', path);
  return path;
}

/** node:net of Node 20 cuts it off; later ones refuse it, like this. */
export function isTooLong(path: string): boolean {
  return Buffer.byteLength(path) > MOST_BYTES + (path.startsWith('\0') ? 1 : 0);
}

export function tooLong(syscall: string, address: string): Error {
  const words = syscall === 'listen' ? ': invalid argument' : '';
  const error = codedError('EINVAL', `${syscall} EINVAL${words} ${address}`);
  return Object.assign(error, { errno: -constants.errno.EINVAL, syscall, address });
}
