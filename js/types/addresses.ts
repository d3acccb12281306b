// Who is at which end of a channel.

/** Both ends of a TCP channel are told like this. */
export interface Address {
  /**
   * The numeric address, `'127.0.0.1'` or `'::1'`; a link-local one with its zone. An IPv4 address
   * is told in its own form, also where a socket for both families has it as `'::ffff:127.0.0.1'`;
   * that form is taken wherever an address is.
   */
  address: string;
  port: number;
  family: 'IPv4' | 'IPv6';
}

/** The process at the other end of a Unix socket, when the two were connected. */
export interface PeerCredentials {
  /** `null` where the platform does not say, or the process is in another PID namespace. */
  pid: number | null;
  uid: number;
  gid: number;
}

/**
 * Wherever an address is taken: a port alone, `[host, port]`, `{ host?, port }`, or what
 * `localAddr` gives back.
 */
export type AddressLike =
  | number
  | readonly [host: string | null, port: number]
  | { host?: string | null | undefined; port: number }
  | { address: string; port: number };

/** What a proxy has said of a connection, by the PROXY protocol. */
export interface ProxyInfo {
  version: 1 | 2;
  /** `'LOCAL'`: the proxy speaks for itself, as when it checks its server's health. */
  command: 'PROXY' | 'LOCAL';
  /** What stands behind the addresses, in the order in which it came; version 2 only. */
  tlvs: { type: number; value: Buffer }[];
  /** The proxy's own address; `null` on a Unix socket without a name, `port` on any. */
  address: string | null;
  port: number | null;
}

/** A socket that was accepted, before a channel has taken it. `A`: its addresses; a Unix one's are paths. */
export interface Socket<A extends Address | string = Address> {
  /** The descriptor's number. */
  readonly fileno: number;
  readonly localAddr: A | null;
  readonly remoteAddr: A | null;
  /** The process at the other end, where it is a Unix socket and the platform says so. */
  readonly peerCredentials: PeerCredentials | null;
  /** Closes a socket that no channel has taken. A no-op afterwards. */
  close(): void;
}
