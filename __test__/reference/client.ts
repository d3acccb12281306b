import dns from 'node:dns';
import type { LookupFunction } from 'node:net';

import { Connecting } from './connecting.ts';
import { endpoint, parseAddress, plainHost } from './options.ts';
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
        ...(localAddress !== undefined && { localAddress: plainHost(localAddress) }),
        ...(localPort !== undefined && { localPort }),
        lookup: ipv6First(lookup),
        ...(family !== undefined && { family: familyNumber(family) }),
      },
      fields: { address: host, port },
    }));
  }
}

/** Node begins with the family of the first address, and then takes turns: so IPv6 has to be first. */
function ipv6First(given: LookupFunction | undefined): LookupFunction {
  return (hostname, options, callback) => {
    const lookup = given ?? (dns.lookup as LookupFunction);
    lookup(hostname, options, (error, found, family) => {
      if (!Array.isArray(found)) callback(error, found, family);
      else
        callback(
          error,
          [...found].sort((a, b) => Number(b.family) - Number(a.family)),
        );
    });
  };
}

function familyNumber(family: NonNullable<ConnectOptions['family']>): number {
  return typeof family === 'number' ? family : Number(family.slice('IPv'.length));
}
