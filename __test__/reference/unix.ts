import { Stream } from './connecting.ts';
import { UnixConnection } from './connection.ts';
import { pathOf } from './path.ts';
import { StreamServer } from './stream-server.ts';
import type { ConnectOptions, ServerOptions } from './types.ts';

export class UnixClient extends Stream {
  override connect(
    target: string | (ConnectOptions & { path: string }),
    options?: ConnectOptions,
  ): this {
    // Nothing else is taken.
    pathOf(target);
    return super.connect(target, options);
  }
}

export class UnixServer extends StreamServer {
  override listen(
    target: string | (ServerOptions & { path: string }),
    backlog?: number,
    options?: ServerOptions,
  ): this {
    pathOf(target);
    return super.listen(target, backlog, options);
  }
}

UnixServer.prototype.ConnectionClass = UnixConnection;
