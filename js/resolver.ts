/** Host names for datagrams: looked up once for all that ask while the answer is on its way. */

import dns, { type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';

/** What becomes of a look-up: an address and its family, or why there is none. */
type Answer = (error: Error | null, address: string, family: 4 | 6) => void;

/** @internal */
export class Resolver {
  #soon: (fn: () => void) => void;
  #waiting = new Map<string, Answer[]>();

  /** `soon` calls a function from the event loop. */
  constructor(soon: (fn: () => void) => void) {
    this.#soon = soon;
  }

  /** Whether an answer is awaited. */
  get isBusy(): boolean {
    return this.#waiting.size > 0;
  }

  /**
   * Looks a name up; `answer` is called from the event loop, in the order of the calls. IPv4 comes
   * first: nobody tells whether a datagram to the other family has arrived.
   */
  resolve(
    host: string,
    family: 0 | 4 | 6,
    lookup: LookupFunction | undefined,
    answer: Answer,
  ): void {
    const waiting = this.#waiting.get(host);
    if (waiting !== undefined) {
      waiting.push(answer);
      return;
    }
    this.#waiting.set(host, [answer]);
    let done = false;
    const answered = (error: Error | null, found?: string | LookupAddress[], of?: number) => {
      if (done) return;
      done = true;
      // A look-up of the user's own may answer before `write()` has returned.
      this.#soon(() => this.#tell(host, error, addressesOf(found, of)));
    };
    try {
      const options = { all: true, family, verbatim: true } as const;
      (lookup ?? (dns.lookup as LookupFunction))(host, options, answered);
    } catch (error) {
      answered(error as Error);
    }
  }

  #tell(host: string, error: Error | null, found: LookupAddress[]): void {
    const waiting = this.#waiting.get(host) ?? [];
    this.#waiting.delete(host);
    const best = found.find((address) => address.family === 4) ?? found[0];
    const failure = error ?? (best === undefined ? notFound(host) : null);
    const family = best?.family === 6 ? 6 : 4;
    for (const answer of waiting) answer(failure, best?.address ?? '', family);
  }
}

function addressesOf(found: string | LookupAddress[] | undefined, family = 4): LookupAddress[] {
  return typeof found === 'string' ? [{ address: found, family }] : (found ?? []);
}

function notFound(host: string): Error {
  const fields = { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: host };
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), fields);
}
