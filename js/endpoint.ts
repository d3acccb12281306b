/** Where datagrams come from and go to: as users see it, and as it crosses to the native part. */

import { decodeAddress } from './address.ts';
import { ADDRESS_BYTES, Family } from './generated/wire.ts';
import type { Address } from './types.ts';

/** How many addresses a channel remembers in both forms. */
const MOST_KNOWN = 1024;

/** @internal Writes a literal's bytes to `target`; false where `host` is a name. */
export type ParseAddress = (host: string, port: number, target: Uint8Array) => boolean;

/** @internal One address. */
export class Endpoint {
  /** The bytes, one per character: equal where the addresses are. */
  readonly key: string;
  #bytes: Uint8Array | undefined;
  #address: Address | string | null | undefined;

  constructor(key: string) {
    this.key = key;
  }

  /** As it crosses. */
  get bytes(): Uint8Array {
    this.#bytes ??= Buffer.from(this.key, 'latin1');
    return this.#bytes;
  }

  /**
   * As users see it; null for a Unix socket without a name. Every datagram of a sender is given the
   * same object, so nobody may change it.
   */
  get address(): Address | string | null {
    this.#address ??= Object.freeze(decodeAddress(this.key, 0));
    return this.#address;
  }
}

/** @internal The endpoints that a channel has met lately. */
export class Endpoints {
  #parse: ParseAddress;
  #byKey = new Map<string, Endpoint>();
  #byText = new Map<string, Endpoint>();
  #scratch = Buffer.alloc(ADDRESS_BYTES);

  constructor(parse: ParseAddress) {
    this.#parse = parse;
  }

  /** Of the bytes as they came. */
  of(key: string): Endpoint {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    return remember(this.#byKey, key, new Endpoint(key));
  }

  ofPath(path: string): Endpoint {
    const bytes = Buffer.from(path);
    const head = String.fromCharCode(Family.UNIX, 0, bytes.length >> 8, bytes.length & 0xff);
    return this.of(head + bytes.toString('latin1'));
  }

  /** Of a literal; null where `host` is a name. */
  ofLiteral(host: string, port: number): Endpoint | null {
    const text = `${port} ${host}`;
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    if (!this.#parse(host, port, this.#scratch)) return null;
    return remember(this.#byText, text, this.of(this.#scratch.toString('latin1')));
  }
}

function remember(known: Map<string, Endpoint>, key: string, endpoint: Endpoint): Endpoint {
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(key, endpoint);
  return endpoint;
}
