/** The only module that imports the native addon. */

import * as native from '../native/binding.cjs';

/** @internal What a reactor needs of the addon; a test may give it another. */
export type NativeBinding = Pick<
  typeof native,
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
  | 'listen'
  | 'listenPath'
  | 'openEngine'
  | 'pushFile'
  | 'pushOwned'
  | 'reportUncaught'
  | 'sent'
  | 'setPace'
  | 'shareRegExp'
  | 'submit'
  | 'take'
  | 'tally'
>;

/** @internal */
export type NativeEngineHandle = ReturnType<typeof native.openEngine>;

/** @internal Part of a file that is held open. */
export type NativeFileHandle = Exclude<ReturnType<typeof native.openFile>, number>;

/** @internal A compiled delimiter. */
export type NativeRegExpHandle = ReturnType<typeof native.compileRegExp>;

/** @internal How far one channel's bytes were searched for it. */
export type NativeSearchHandle = ReturnType<typeof native.openSearch>;

/** @internal */
export const binding: NativeBinding = native;

/** @internal What needs no reactor. */
export const {
  closeFile,
  compileRegExp,
  openFile,
  openSearch,
  parseAddress,
}: Pick<typeof native, 'closeFile' | 'compileRegExp' | 'openFile' | 'openSearch' | 'parseAddress'> =
  native;

/** @internal Whether the platform has Unix sockets, and sockets that can be adopted by number. */
export const hasUnixSockets: boolean = native.hasUnixSockets();

/** The version of the package's native part. */
export const version: string = native.version();
