import { chmodSync } from 'node:fs';
import net, { isIP, type Server } from 'node:net';
import { getSystemErrorMap } from 'node:util';

import { codedError } from './errors.ts';
import type { Endpoint } from './options.ts';

export interface ListenTarget extends Endpoint {
  backlog: number;
}

export interface Handle {
  listen(backlog: number): number;
  close(): void;
}

/**
 * `server.listen()` reports its errors later, as events; ours throws. So the socket is bound here,
 * with the function that node:cluster uses, and the server is given the finished handle.
 */
const { _createServerHandle: createHandle } = net as unknown as {
  _createServerHandle(
    address: string,
    port: number,
    family: number,
    fd: undefined,
    flags: number,
  ): Handle | number;
};

const IPV6_ONLY = 1;

export function bind(target: ListenTarget, ipv6Only: boolean): Handle {
  const { host, port } = target;
  if (host === 'localhost') return bind({ ...target, host: '127.0.0.1' }, ipv6Only);
  if (host === '') {
    // '::' takes IPv4 too. A machine without IPv6 has only the other one.
    const dual = tryBind(target, '::', ipv6Only);
    return checked(typeof dual === 'number' ? tryBind(target, '0.0.0.0', false) : dual, '::', port);
  }
  if (isIP(host) === 0) {
    const error = codedError('ENOTFOUND', `the reference listens on addresses only, not ${host}`);
    throw Object.assign(error, { syscall: 'getaddrinfo', hostname: host });
  }
  return checked(tryBind(target, host, ipv6Only), host, port);
}

/** Permissions first: nobody can connect before it listens. */
export function bindPath(path: string, backlog: number, mode: number | undefined): Handle {
  const handle = createHandle(path, -1, -1, undefined, 0);
  if (typeof handle === 'number') return checked(handle, path);
  if (mode !== undefined) chmodSync(path, mode);
  const errno = handle.listen(backlog);
  if (errno === 0) return handle;
  handle.close();
  return checked(errno, path);
}

function tryBind(
  { port, backlog }: ListenTarget,
  host: string,
  ipv6Only: boolean,
): Handle | number {
  const family = isIP(host);
  const flags = family === 6 && ipv6Only ? IPV6_ONLY : 0;
  const handle = createHandle(host, port, family, undefined, flags);
  if (typeof handle === 'number') return handle;
  const errno = handle.listen(backlog);
  if (errno === 0) return handle;
  handle.close();
  return errno;
}

function checked(handle: Handle | number, address: string, port?: number): Handle {
  if (typeof handle !== 'number') return handle;
  const [code, words] = getSystemErrorMap().get(handle) ?? [`${handle}`, ''];
  const error = codedError(code, `listen ${code}: ${words} ${address}${port ? `:${port}` : ''}`);
  const fields = { errno: handle, syscall: 'listen', address };
  throw Object.assign(error, fields, port !== undefined && { port });
}

/** `listener.listen(handle)` takes those of TCP only: does what it would do. */
export function listenWith(listener: Server, handle: Handle, path: string): void {
  const own = listener as unknown as {
    _handle: Handle;
    _pipeName: string;
    _listen2(path: string, port: -1, addressType: -1, backlog: number): void;
  };
  own._handle = handle;
  own._pipeName = path;
  own._listen2(path, -1, -1, 0);
}

export function filenoOfServer(server: Server): number {
  return (server as unknown as { _handle: { fd: number } })._handle.fd;
}
