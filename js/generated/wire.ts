// Generated from crates/core/src/wire.rs by `npm run generate`. Do not edit.

/** Of the addon that has this layout. */
export const VERSION = '0.1.0';

export const Op = {
  WRITE: 1,
  WRITE_OWNED: 2,
  START: 3,
  REFRAME: 4,
  PAUSE: 5,
  RESUME: 6,
  END: 7,
  SHUTDOWN: 8,
  CLOSE: 9,
  WANTS_DRAIN: 10,
  SEND: 11,
  SET_PEER: 12,
  DROP_PEER: 13,
  CONFIGURE: 14,
  BLOCK: 15,
} as const;

export const Kind = {
  DATA: 1,
  FINISHED: 2,
  CLOSED: 3,
  CONNECTED: 4,
  ACCEPTED: 5,
  ACCEPT_ERROR: 6,
  DRAINED: 7,
  OVERFLOW: 8,
  DATAGRAMS: 9,
  DATAGRAM_FAILED: 10,
  PEER_SET: 11,
  DROPPED: 12,
  PROXY_FAILED: 13,
} as const;

export const Flag = {
  WANTS_DRAIN: 1,
  RESET: 1,
  ASCII: 1,
  PROXIED: 1,
  MAY_CUT: 1,
  TEXT: 2,
  LAST: 4,
} as const;

export const Reason = {
  CLOSE: 0,
  END: 1,
  ERROR: 2,
  OVERFLOW: 3,
  IDLE: 4,
  FRAME: 5,
  LINGER: 6,
  CONNECT: 7,
  TRUNCATED: 8,
} as const;

export const ProxyFault = {
  MISSING: 0,
  MALFORMED: 1,
  LATE: 2,
} as const;

export const Syscall = {
  NONE: 0,
  READ: 1,
  WRITE: 2,
  CONNECT: 3,
  ACCEPT: 4,
  SHUTDOWN: 5,
  BIND: 6,
  SENDFILE: 7,
  SEND: 8,
  RECVMSG: 9,
} as const;

export const FramingKind = {
  RAW: 0,
  SEQUENCE: 1,
  FIXED: 2,
  LENGTH_PREFIX: 3,
  REGEXP: 4,
} as const;

export const Settings = {
  SET: 0,
  IDLE_TIMEOUT: 1,
  FRAME_TIMEOUT: 2,
  LINGER_TIMEOUT: 3,
  NO_DELAY: 4,
  KEEP_ALIVE: 5,
  KEEP_ALIVE_IDLE: 6,
  KEEP_ALIVE_INTERVAL: 7,
  KEEP_ALIVE_COUNT: 8,
  RECV_BUFFER: 9,
  SEND_BUFFER: 10,
  USER_TIMEOUT: 11,
  TYPE_OF_SERVICE: 12,
  WORDS: 13,
} as const;

export const Change = {
  IDLE: 1,
  FRAME: 2,
  LINGER: 4,
  SOCKET: 8,
  TIMEOUTS: 7,
} as const;

export const Reframe = {
  EPOCH: 0,
  FLAGS: 1,
  PASSED_ON_LOW: 2,
  PASSED_ON_HIGH: 3,
  LIMIT_LOW: 4,
  LIMIT_HIGH: 5,
  KIND: 6,
  PARAMETER_LOW: 7,
  PARAMETER_HIGH: 8,
  ADJUST_LOW: 9,
  ADJUST_HIGH: 10,
  DELIMITER_BYTES: 11,
  WORDS: 12,
} as const;

export const Packet = {
  ADDRESS_SHIFT: 8,
  SENDER_SHIFT: 20,
} as const;

export const Tally = {
  RECEIVED: 0,
  SENT: 1,
  READS: 2,
  WRITES: 3,
  FAILED: 4,
  DATAGRAMS: 5,
  DROPS: 6,
  ACCEPTED: 7,
  REFUSED: 8,
  BAD_PROXY_HEADERS: 9,
  WORDS: 10,
} as const;

export const BatchHeader = {
  RECORD_WORDS: 0,
  BYTES: 1,
  FAILED: 2,
  NEEDED_WORDS: 3,
  NEEDED_BYTES: 4,
  LOAN: 5,
  WORDS: 6,
} as const;

export const CutResult = {
  FRAMES: 0,
  CONSUMED: 1,
  SCAN: 2,
  STOP: 3,
  ANNOUNCED_LOW: 4,
  ANNOUNCED_HIGH: 5,
  WORDS: 6,
} as const;

export const Stop = {
  INCOMPLETE: 0,
  BUDGET: 1,
  NO_DELIMITER: 2,
  TOO_LONG: 3,
  NEGATIVE: 4,
  MATCH: 5,
} as const;

export const Family = {
  NONE: 0,
  UNIX: 1,
  INET: 4,
  INET6: 6,
} as const;

export const HEADER_WORDS = 4;
export const BATCH_BYTES = 262144;
export const BATCH_WORDS = 16384;
export const ADDRESS_BYTES = 24;
export const UNIX_ADDRESS_BYTES = 4;
