/** Host names for datagrams: looked up once for all that ask while the answer is on its way. */

import dns from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';

import { nameNotFound, quote } from '../check/errors.ts';

/** What becomes of a look-up: at least one address, or why there is none. */
type Answer = (found: string[] | Error) => void;

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
   * Looks a name up; `answer` is called from the event loop, in the order of the calls, and must
   * not throw. IPv4 comes first: nobody tells whether a datagram to the other family has arrived.
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
    const answered = (error: Error | null, found?: unknown) => {
      if (done) return;
      done = true;
      const addresses = addressesOf(found).sort((a, b) => familyOf(a) - familyOf(b));
      const failure = error ?? (addresses.length === 0 ? nameNotFound(host) : null);
      // A look-up of the user's own may answer before `write()` has returned.
      this.#soon(() => this.#tell(host, failure ?? addresses));
    };
    try {
      const options = { all: true, family, verbatim: true } as const;
      (lookup ?? (dns.lookup as LookupFunction))(host, options, answered);
    } catch (error) {
      answered(error as Error);
    }
  }

  #tell(host: string, found: string[] | Error): void {
    const waiting = this.#waiting.get(host) ?? [];
    this.#waiting.delete(host);
    for (const answer of waiting) answer(found);
  }
}

/** @internal What a look-up has given, in its order. One of the user's own may give what is no address. */
export function addressesOf(found: unknown): string[] {
  const all = Array.isArray(found) ? found : found === undefined || found === null ? [] : [found];
  return all.map((one: { address?: unknown } | string) => {
    const address = typeof one === 'string' ? one : one?.address;
    return typeof address === 'string' ? address : quote(one);
  });
}

/** @internal 4 also for what is no address. */
export function familyOf(address: string): 4 | 6 {
  return isIP(address) === 6 ? 6 : 4;
}
