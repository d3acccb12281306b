import { Connecting } from './connecting.ts';
import { Connection } from './connection.ts';
import { codedError, typeError, valueError } from './errors.ts';
import { bindPath } from './listening.ts';
import { checkObject } from './options.ts';
import { type ConnectionConstructor, StreamServer, serverArguments } from './stream-server.ts';
import type { ConnectOptions, ServerOptions } from './types.ts';

/** The longest path that fits into a `sockaddr_un`. */
const MOST_BYTES = process.platform === 'linux' ? 107 : 103;

export class UnixClient extends Connecting {
  connect(target: string | (ConnectOptions & { path: string }), given?: ConnectOptions): this {
    const path = pathOf(target);
    return this._connect(target, given, () => {
      const way = { to: { path }, fields: { address: path } };
      return isTooLong(path) ? { ...way, refused: tooLong('connect', path) } : way;
    });
  }
}

export class UnixConnection extends Connection {}

export class UnixServer extends StreamServer {
  ConnectionClass: ConnectionConstructor = UnixConnection;

  constructor(connectionClass?: ConnectionConstructor, options?: ServerOptions);
  constructor(options?: ServerOptions);
  constructor(first?: ConnectionConstructor | ServerOptions, second?: ServerOptions) {
    const [connectionClass, options] = serverArguments(first, second);
    super(options);
    if (connectionClass) this.ConnectionClass = connectionClass;
  }

  listen(
    target: string | (ServerOptions & { path: string }),
    backlog?: number,
    given: ServerOptions = {},
  ): this {
    checkObject(given);
    const path = pathOf(target);
    const inline = typeof target === 'object' ? target : {};
    const options: ServerOptions = { ...this._options, ...inline, ...given };
    if (backlog !== undefined) options.backlog = backlog;
    const { mode } = options;
    if (path.startsWith('\0') && mode !== undefined) throw valueError('mode', 'left out', mode);
    const bind = () => {
      if (isTooLong(path)) throw tooLong('listen', path);
      return bindPath(path, options.backlog ?? 1024, mode);
    };
    this._listenOn(options, bind, path);
    return this;
  }
}

function pathOf(target: unknown): string {
  const path =
    typeof target === 'object' && target !== null ? (target as { path?: unknown }).path : target;
  if (typeof path !== 'string') throw typeError('path', 'a string', path);
  if (path === '') throw valueError('path', 'not empty', path);
  const isAbstract = path.startsWith('\0') && process.platform === 'linux';
  if (path.includes('\0') && !isAbstract) throw valueError('path', 'without null bytes', path);
  return path;
}

/** node:net of Node 20 cuts it off; later ones refuse it, like this. */
function isTooLong(path: string): boolean {
  return Buffer.byteLength(path) > MOST_BYTES + (path.startsWith('\0') ? 1 : 0);
}

function tooLong(syscall: string, address: string): Error {
  const error = codedError('EINVAL', `${syscall} EINVAL ${address}`);
  return Object.assign(error, { errno: -22, syscall, address });
}
