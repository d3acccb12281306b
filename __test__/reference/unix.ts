import { Stream } from './connecting.ts';
import { UnixConnection } from './connection.ts';
import { names } from './names.ts';
import { pathOf } from './path.ts';
import { StreamServer } from './stream-server.ts';
import type { ConnectOptions, ServerOptions } from './types.ts';

export class UnixClient extends Stream {
  protected override get _names(): string[] {
    return names.unixClient;
  }

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
  protected override get _names(): string[] {
    return names.unixServer;
  }

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
