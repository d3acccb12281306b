// What the package uses of the addon, in parts: what a reactor needs, and what needs none.

import type * as Native from '../native/binding.d.cts';
import { addon } from './addon.ts';

/** @internal What a reactor needs of the addon; a test may give it another. */
export type NativeBinding = Pick<
  typeof Native,
  | 'adopt'
  | 'adoptDatagram'
  | 'adoptListener'
  | 'bindDatagram'
  | 'bindDatagramPath'
  | 'catchUp'
  | 'closeEngine'
  | 'configureDatagram'
  | 'connect'
  | 'connectPath'
  | 'cut'
  | 'datagramBufferSizes'
  | 'engineStats'
  | 'holdEngine'
  | 'lend'
  | 'listen'
  | 'listenPath'
  | 'openEngine'
  | 'pushFile'
  | 'pushOwned'
  | 'reclaim'
  | 'reportUncaught'
  | 'send'
  | 'sent'
  | 'setPace'
  | 'shareRegExp'
  | 'submit'
  | 'take'
  | 'tally'
>;

/** @internal */
export type NativeEngineHandle = ReturnType<typeof Native.openEngine>;

/** @internal Part of a file that is held open. */
export type NativeFileHandle = Exclude<ReturnType<typeof Native.openFile>, number>;

/** @internal A compiled delimiter. */
export type NativeRegExpHandle = ReturnType<typeof Native.compileRegExp>;

/** @internal How far one channel's bytes were searched for it. */
export type NativeSearchHandle = ReturnType<typeof Native.openSearch>;

/** @internal */
export const binding: NativeBinding = addon;

/** @internal What needs no reactor. */
export const {
  closeFile,
  compileRegExp,
  openFile,
  openSearch,
  parseAddress,
}: Pick<typeof Native, 'closeFile' | 'compileRegExp' | 'openFile' | 'openSearch' | 'parseAddress'> =
  addon;

/** @internal Whether the platform has Unix sockets, and sockets that can be adopted by number. */
export const hasUnixSockets: boolean = addon.hasUnixSockets();

/** The version of the package's native part. */
export const version: string = addon.version();
