import { isPromise } from 'node:util/types';

import { Own } from './values.ts';

/** Judges what was thrown: errors with a code, and the user's own. Remembers the rest. */
export class Judge {
  /** What must not be. */
  readonly faults: string[] = [];
  readonly codes = new Map<string, number>();
  /** The last call, for what comes out of the event loop. */
  #last = '';

  call(what: string, call: () => unknown): unknown {
    this.#last = what;
    try {
      const result = call();
      if (isPromise(result)) result.catch((error) => this.thrown(error, `${what}, later`));
      return result;
    } catch (error) {
      this.thrown(error, what);
      return undefined;
    }
  }

  /** Out of the event loop: a hook, an uncaught exception. */
  uncaught(error: unknown): void {
    // A callback that cannot be called: it is the user's own.
    if (/Class constructor|proxy that has been revoked/.test(String(error))) return;
    this.thrown(error, `the event loop, after ${this.#last}`);
  }

  thrown(error: unknown, what: string): void {
    if (error instanceof Own) return;
    // What Node-API throws itself, of what is inside of options, and of what it cannot put into a
    // message: the classes never give it a Proxy, a null or the like there.
    const ofNodeApi = /proxy that has been revoked|convert undefined or null|at stringify \(/;
    const text = error instanceof Error ? `${error.stack}` : '';
    if (what.startsWith('addon.') && ofNodeApi.test(text)) return;
    // A getter of Node's own, as those of a URL behind a Proxy: what a getter throws may pass.
    if (/^\s*at get \w+ \(node:/.test(text.split('\n')[1] ?? '')) return;
    const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
    if (typeof code === 'string') this.codes.set(code, 1 + (this.codes.get(code) ?? 0));
    else this.faults.push(`${what}: ${error instanceof Error ? error.stack : String(error)}`);
  }
}
