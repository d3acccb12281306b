import { Connecting } from './connecting.ts';
import { endpoint, parseAddress } from './options.ts';
import type { ConnectOptions } from './types.ts';

type Target = number | [host: string, port: number] | AddressLike;
type AddressLike = ConnectOptions & { host?: string; address?: string; port: number };

export class Client extends Connecting {
  connect(host: string, port: number, options?: ConnectOptions): this;
  connect(target: Target, options?: ConnectOptions): this;
  connect(first: string | Target, second?: number | ConnectOptions, third?: ConnectOptions): this {
    const [{ host, port }, given] =
      typeof first === 'string'
        ? [endpoint(first, second), third]
        : [parseAddress(first, 'localhost'), second as ConnectOptions | undefined];
    return this._connect(first, given, ({ localAddress, localPort, lookup, family }) => ({
      to: {
        host: host === '' ? 'localhost' : host,
        port,
        ...(localAddress !== undefined && { localAddress }),
        ...(localPort !== undefined && { localPort }),
        ...(lookup !== undefined && { lookup }),
        ...(family !== undefined && { family: familyNumber(family) }),
      },
      fields: { address: host, port },
    }));
  }
}

function familyNumber(family: NonNullable<ConnectOptions['family']>): number {
  return typeof family === 'number' ? family : Number(family.slice('IPv'.length));
}
