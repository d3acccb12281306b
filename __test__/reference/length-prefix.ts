import { typeError, valueError } from './errors.ts';
import { checkNames, names } from './names.ts';

export interface LengthPrefixOptions {
  bytes: 1 | 2 | 4 | 8;
  endian?: 'big' | 'little';
  adjust?: number;
}

/** A delimiter value: each frame is a header that holds the length of the body that follows. */
export class LengthPrefix {
  readonly bytes: 1 | 2 | 4 | 8;
  readonly endian: 'big' | 'little';
  readonly adjust: number;

  constructor(bytes: 1 | 2 | 4 | 8, endian: 'big' | 'little', adjust: number) {
    this.bytes = bytes;
    this.endian = endian;
    this.adjust = adjust;
    Object.freeze(this);
  }
}

export function lengthPrefix(options: LengthPrefixOptions): LengthPrefix {
  if (typeof options !== 'object' || options === null) {
    throw typeError('options', 'an object', options);
  }
  checkNames(options, names.lengthPrefix);
  const { bytes, endian = 'big', adjust = 0 } = options;
  if (typeof bytes !== 'number') throw typeError('bytes', 'a number', bytes);
  if (![1, 2, 4, 8].includes(bytes)) throw valueError('bytes', '1, 2, 4 or 8', bytes);
  if (typeof endian !== 'string') throw typeError('endian', 'a string', endian);
  if (endian !== 'big' && endian !== 'little') {
    throw valueError('endian', "'big' or 'little'", endian);
  }
  if (typeof adjust !== 'number') throw typeError('adjust', 'a number', adjust);
  if (!Number.isSafeInteger(adjust)) throw valueError('adjust', 'an integer', adjust);
  return new LengthPrefix(bytes, endian, adjust);
}
