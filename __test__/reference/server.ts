import { Connection } from './connection.ts';
import { bind } from './listening.ts';
import { checkObject, endpoint, parseAddress } from './options.ts';
import { type ConnectionConstructor, StreamServer, serverArguments } from './stream-server.ts';
import type { ServerOptions } from './types.ts';

type ListenOptions = ServerOptions & { host?: string; address?: string; port?: number };
type Target = number | [host: string, port: number] | ListenOptions;

export class Server extends StreamServer {
  ConnectionClass: ConnectionConstructor = Connection;

  constructor(connectionClass?: ConnectionConstructor, options?: ServerOptions);
  constructor(options?: ServerOptions);
  constructor(first?: ConnectionConstructor | ServerOptions, second?: ServerOptions) {
    const [connectionClass, options] = serverArguments(first, second);
    super(options);
    if (connectionClass) this.ConnectionClass = connectionClass;
  }

  listen(target?: Target, host?: string, backlog?: number, options?: ServerOptions): this;
  listen(first: Target = 8080, host = '', backlog?: number, given: ServerOptions = {}): this {
    checkObject(given);
    const inline = typeof first === 'object' && !Array.isArray(first) ? first : {};
    const address = first === inline ? { ...inline, port: inline.port ?? 8080 } : first;
    const where = typeof address === 'number' ? endpoint(host, address) : parseAddress(address, '');
    const options: ServerOptions = { ...this._options, ...inline, ...given };
    if (backlog !== undefined) options.backlog = backlog;
    const target = { ...where, backlog: options.backlog ?? 1024 };
    this._listenOn(options, () => bind(target, options.ipv6Only ?? false));
    return this;
  }
}
