/** From a host's name to its addresses. */

import dns from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';

import { nameNotFound, quote } from '../check/errors.ts';

/** What becomes of a look-up: at least one address, or why there is none. */
type Answer = (error: Error | null, found: string[]) => void;

/** How a name is looked up. */
interface LookUpSettings {
  readonly family: 0 | 4 | 6;
  /** The user's own, instead of `dns.lookup`. */
  readonly lookup: LookupFunction | undefined;
}

/** Calls a function from the event loop. */
type CallSoon = (fn: () => void) => void;

/** @internal Looks a name up; `answer` is called once, from the event loop, and must not throw. */
export function lookUp(
  host: string,
  { family, lookup }: LookUpSettings,
  soon: CallSoon,
  answer: Answer,
): void {
  let done = false;
  // One of the user's own may answer twice, and before the call that asks has returned.
  const answered = (error: Error | null, given?: unknown) => {
    if (done) return;
    done = true;
    const found = error ? [] : addressesOf(given);
    const failure = error ?? (found.length === 0 ? nameNotFound(host) : null);
    soon(() => answer(failure, found));
  };
  try {
    // Asked for only now, so that a program may put another one in its place.
    const ask = lookup ?? (dns.lookup as LookupFunction);
    ask(host, { all: true, family, verbatim: true }, answered);
  } catch (error) {
    answered(error as Error);
  }
}

/** @internal For datagrams: looks a name up once for all that ask while the answer is on its way. */
export class Resolver {
  #soon: CallSoon;
  #waiting = new Map<string, Answer[]>();

  constructor(soon: CallSoon) {
    this.#soon = soon;
  }

  /** Whether an answer is awaited. */
  get isBusy(): boolean {
    return this.#waiting.size > 0;
  }

  /**
   * As `lookUp`, in the order of the calls. IPv4 comes first: nobody tells whether a datagram to the
   * other family has arrived.
   */
  resolve(host: string, settings: LookUpSettings, answer: Answer): void {
    const waiting = this.#waiting.get(host);
    if (waiting !== undefined) {
      waiting.push(answer);
      return;
    }
    const asked = [answer];
    this.#waiting.set(host, asked);
    lookUp(host, settings, this.#soon, (error, found) => {
      this.#waiting.delete(host);
      found.sort((a, b) => familyOf(a) - familyOf(b));
      for (const tell of asked) tell(error, found);
    });
  }
}

/** What a look-up has given, in its order. One of the user's own may give what is no address. */
function addressesOf(found: unknown): string[] {
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
