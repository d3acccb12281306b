import { names } from './names.ts';
import { endpoint, parseAddress } from './options.ts';
import { type ListenTarget, StreamServer } from './stream-server.ts';
import type { ServerOptions } from './types.ts';

export class Server extends StreamServer {
  protected override get _names(): string[] {
    return names.server;
  }

  override listen(port?: number, host?: string, backlog?: number, options?: ServerOptions): this;
  override listen(target: ListenTarget, backlog?: number, options?: ServerOptions): this;
  override listen(
    first: ListenTarget = 8080,
    second?: string | number,
    third?: number | ServerOptions,
    fourth?: ServerOptions,
  ): this {
    if (typeof first !== 'object') {
      return this._listenAt(endpoint(second ?? '', first), first, third as number, fourth);
    }
    return this._listenAt(parseAddress(first, ''), first, second as number, third as ServerOptions);
  }
}
