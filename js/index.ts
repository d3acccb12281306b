import { version as nativeVersion } from './binding.ts';

/** The version of the package's native part. */
export const version: string = nativeVersion();
