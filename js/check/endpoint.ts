/** Where datagrams come from and go to: as users see it, and as it crosses to the native part. */

import { parseAddress } from '../binding.ts';
import { ADDRESS_BYTES, Family } from '../generated/wire.ts';
import type { Address } from '../types.ts';
import { decodeAddress } from './address.ts';

/** How many addresses a channel remembers at least, and at most twice as many. */
const KNOWN = 512;

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
    if (this.#address === undefined) {
      const address = Object.freeze(decodeAddress(this.key, 0));
      this.#address = address;
      // Port 0 is nobody's, whoever says so.
      if (address !== null && typeof address === 'object' && address.port > 0) {
        owners.set(address, this);
      }
    }
    return this.#address;
  }

  /** Of an address that an endpoint has given: nobody can have changed it. */
  static ofAddress(given: unknown): Endpoint | undefined {
    return typeof given === 'object' && given !== null ? owners.get(given) : undefined;
  }

  get family(): 4 | 6 | 'unix' {
    const { address } = this;
    if (address === null || typeof address === 'string') return 'unix';
    return address.family === 'IPv6' ? 6 : 4;
  }
}

/** Whose addresses users have. */
const owners = new WeakMap<object, Endpoint>();

/** @internal The endpoints that a channel has met lately. */
export class Endpoints {
  #byKey = new Recent<Endpoint>(KNOWN);
  #byText = new Recent<Endpoint>(KNOWN);
  #scratch = Buffer.alloc(ADDRESS_BYTES);

  /** Of the bytes as they came. */
  of(key: string): Endpoint {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    return this.#byKey.add(key, new Endpoint(key));
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
    if (!parseAddress(host, port, this.#scratch)) return null;
    return this.#byText.add(text, this.of(this.#scratch.toString('latin1')));
  }
}

/**
 * The last so many that were asked for, and some before them: what nobody has asked for in a whole
 * generation goes.
 */
class Recent<T> {
  #most: number;
  #young = new Map<string, T>();
  #old = new Map<string, T>();

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string): T | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    return old === undefined ? undefined : this.add(key, old);
  }

  add(key: string, value: T): T {
    if (this.#young.size >= this.#most) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
    return value;
  }
}
