/** Who is at the ends of a socket. */

import {
  addressBytes,
  decodeAddress,
  decodeCredentials,
  decodeProxy,
  proxyEnd,
} from '../check/address.ts';
import type { Address, PeerCredentials, ProxyInfo } from '../types.ts';

/** @internal */
export class Ends {
  /** Both addresses and the peer as they came, in a latin1 string: most are never asked for. */
  #about: string;
  /** Behind the addresses stands what a proxy has said. */
  #isProxied: boolean;

  constructor(about: string, isProxied = false) {
    this.#about = about;
    this.#isProxied = isProxied;
  }

  get localAddr(): Address | string | null {
    return decodeAddress(this.#about, 0);
  }

  get remoteAddr(): Address | string | null {
    return decodeAddress(this.#about, addressBytes(this.#about, 0));
  }

  get peerCredentials(): PeerCredentials | null {
    const at = behind(this.#about);
    const from = this.#isProxied ? proxyEnd(this.#about, at) : at;
    return decodeCredentials(this.#about, from);
  }

  get proxy(): ProxyInfo | null {
    return this.#isProxied ? decodeProxy(this.#about, behind(this.#about)) : null;
  }
}

/** Where both addresses end. */
function behind(about: string): number {
  const remote = addressBytes(about, 0);
  return remote + addressBytes(about, remote);
}
