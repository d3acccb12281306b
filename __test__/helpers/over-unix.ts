import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type {
  Address,
  ClientLike,
  ConnectOptions,
  Implementation,
  ListenOptions,
  ServerConstructor,
  Target,
  UnixImplementation,
} from './implementation.ts';

/**
 * An implementation whose TCP classes are its Unix ones: what is tested over TCP is tested over
 * Unix sockets without knowing it. Ports are files of one directory, and hosts mean nothing.
 */
export interface OverUnix extends Implementation {
  /** Stands where the address of a host does. */
  readonly directory: string;
  remove(): void;
}

export function overUnix(impl: Implementation & UnixImplementation): OverUnix {
  const directory = mkdtempSync(join(tmpdir(), 'pants-'));
  // Where tests connect to be refused.
  writeFileSync(join(directory, '1'), '');

  class Client extends impl.UnixClient {
    override connect(first: unknown, second?: unknown, third?: unknown): this {
      const port = typeof second === 'number' ? second : portOf(first as Target);
      const given = (typeof second === 'number' ? third : second) as ConnectOptions | undefined;
      return super.connect(join(directory, `${port}`), { ...optionsOf(first), ...given });
    }
  }

  class Server extends impl.UnixServer {
    #port: number | null = null;

    override listen(first?: unknown, _host?: unknown, third?: unknown, given?: unknown): this {
      const options: ListenOptions = { ...optionsOf(first), ...(given as ListenOptions) };
      const port = portOf(first as Target) || freePort();
      const backlog = (third as number | undefined) ?? options.backlog;
      super.listen(join(directory, `${port}`), backlog, options);
      this.#port = port;
      return this;
    }

    override get localAddr(): never {
      const port = super.localAddr === null ? null : this.#port;
      const address = { address: directory, port, family: 'IPv4' };
      return (port === null ? null : address) as never;
    }
  }

  return {
    ...impl,
    Client: Client as unknown as new (options?: ConnectOptions) => ClientLike,
    Connection: impl.UnixConnection as unknown as Implementation['Connection'],
    Server: Server as unknown as ServerConstructor,
    directory,
    remove: () => rmSync(directory, { recursive: true }),
  };
}

/** The path of what stands for an address; null for one that is. */
export function unixPath({ address, port }: Pick<Address, 'address' | 'port'>): string | null {
  return address.startsWith('/') ? join(address, `${port}`) : null;
}

let last = 1;

export function freePort(): number {
  last += 1;
  return last;
}

/** What an address has among its options, and a path has not. */
function optionsOf(first: unknown): object {
  if (typeof first !== 'object' || Array.isArray(first)) return {};
  const { host: _, address: __, port: ___, ...options } = first as Record<string, unknown>;
  return options;
}

function portOf(target: Target | undefined): number {
  if (typeof target === 'number') return target;
  if (Array.isArray(target)) return target[1];
  return target?.port ?? 0;
}
