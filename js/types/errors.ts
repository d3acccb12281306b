// What errors look like.

/** The codes of the errors that the package itself makes. System errors have Node's. */
export type ErrorCode =
  | 'ABORT_ERR'
  | 'ERR_ADDON_LOAD_FAILED'
  | 'ERR_ADDON_NOT_INSTALLED'
  | 'ERR_ADDON_VERSION_MISMATCH'
  | 'ERR_ADDONS_DISABLED'
  | 'ERR_BUFFER_DETACHED'
  | 'ERR_CHANNEL_ACTIVE'
  | 'ERR_CHANNEL_CLOSED'
  | 'ERR_CHANNEL_NOT_CONNECTED'
  | 'ERR_DATAGRAM_TRUNCATED'
  | 'ERR_ENGINE_CLOSED'
  | 'ERR_ENGINE_FAILED'
  | 'ERR_FILE_TRUNCATED'
  | 'ERR_FRAME_OVERFLOW'
  | 'ERR_FRAME_TIMEOUT'
  | 'ERR_IDLE_TIMEOUT'
  | 'ERR_ILLEGAL_CONSTRUCTOR'
  | 'ERR_INVALID_ARG_TYPE'
  | 'ERR_INVALID_ARG_VALUE'
  | 'ERR_LIBC_TOO_OLD'
  | 'ERR_LINGER_TIMEOUT'
  | 'ERR_PENDING_OVERFLOW'
  | 'ERR_PROXY_HEADER'
  | 'ERR_SENDER_EVICTED'
  | 'ERR_SOCKET_BAD_PORT'
  | 'ERR_UNIX_UNSUPPORTED'
  | 'ERR_UNKNOWN_OPTION'
  | 'ERR_UNSUPPORTED_PLATFORM';

/** An error that the package itself makes. */
export interface ChannelError extends Error {
  code: ErrorCode;
  /** Whose datagrams it is about, where it is about datagrams. */
  address?: string;
  port?: number;
}

/** An error of the operating system, with the fields that Node gives it. */
export interface SystemError extends Error {
  /** `'ECONNREFUSED'`, `'EADDRINUSE'`, … */
  code: string;
  /** Negative, as Node has it. */
  errno: number;
  syscall: string;
  address?: string;
  port?: number;
  /** The file that could not be opened. */
  path?: string;
  /** The name that was looked up, where the look-up failed. */
  hostname?: string;
  /** Every attempt, where a connect tried several addresses. */
  errors?: SystemError[];
}

/** What hooks are given: an error of this package, or one of the operating system. */
export type HookError = ChannelError | SystemError;
