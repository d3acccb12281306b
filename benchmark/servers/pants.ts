// TCP or a Unix socket, as the benchmark asks: the same protocol on either.

import { Connection, Server, UnixConnection, UnixServer } from 'pants-native';
import { announce, unixPath } from './harness.ts';

/** What protocols are written on. A Unix connection differs in its addresses only. */
export const Base: typeof Connection =
  unixPath === null ? Connection : (UnixConnection as unknown as typeof Connection);

export function serve(Protocol: typeof Connection, state?: () => unknown): void {
  const server =
    unixPath === null
      ? new Server(Protocol).listen(0, '127.0.0.1')
      : new UnixServer(Protocol as never).listen(unixPath);
  announce(server.localAddr, state);
}
