/**
 * A turn of the event loop: when there is one, and what is done at its end.
 *
 * ```text
 *   the doorbell, or what the last turn has left ─▶ handle ─┐
 *                                                           ├─▶ end: what was wrapped opens,
 *   what user code has set off ─▶ tick ─▶ runSoon() … ──────┘        cuts are told, all is submitted
 * ```
 *
 * Either kind has a budget; what is left then waits for the next, so that timers and other input
 * have theirs in between.
 */

import { Budget } from './budget.ts';
import { outside } from './context.ts';
import type { Target } from './submission.ts';

/** Something that user code has set off, and that waits for the event loop. */
interface Soon {
  runSoon(): void;
}

/** Who has frames left for the next turn. */
interface Late {
  goOn(): void;
  /** How many bytes of it wait. */
  readonly bytesLeft: number;
}

/** Who has wrapped a socket, and whose constructor has not run yet. */
interface Unopened extends Target {
  open(): void;
  discard(): void;
}

/** Who cuts otherwise than the reactor knows. */
interface Reframed {
  tellReframe(): void;
}

/** @internal The reactor, as far as a turn needs it. */
export interface TurnHost {
  /** Whether there is a channel that keeps the process alive. */
  readonly isReferenced: boolean;
  /** Hands over what there is to submit. */
  submit(): void;
  /** Handles completions; returns whether there may be more, which nobody will ring for. */
  handleAll(): boolean;
  uncaught(error: unknown): void;
}

/** @internal */
export class Turn {
  readonly budget: Budget = new Budget(() => this.#submitEarly());
  #host: TurnHost;
  #soon: Soon[] = [];
  #late: Late[] = [];
  #unopened: Unopened[] = [];
  #reframed = new Set<Reframed>();
  /** One is under way, and comes to its end: nobody has to ask for that. */
  #underWay = false;
  #ticking = false;
  #ringing = false;

  constructor(host: TurnHost) {
    this.#host = host;
  }

  /** Runs it from the event loop. */
  soon(what: Soon): void {
    this.#soon.push(what);
    this.#tickSoon();
  }

  /** Runs a function from the event loop. */
  callSoon(fn: () => void): void {
    this.soon({ runSoon: fn });
  }

  /** The budget was overdrawn before all that there is was delivered. */
  goOnLater(late: Late): void {
    this.#late.push(late);
    this.#ringSoon();
  }

  /** Whose turn it is of those that an earlier turn has left, or nobody's. */
  nextLate(): Late | undefined {
    return this.#late.shift();
  }

  /** How many bytes wait of those that an earlier turn has left; 0 where there are none. */
  get lateBytes(): number {
    return this.#late.reduce((sum, { bytesLeft }) => sum + bytesLeft, 0);
  }

  /** A socket has been wrapped: it opens when its constructor has run. */
  openSoon(unopened: Unopened): void {
    this.#unopened.push(unopened);
    this.endSoon();
  }

  /** The constructors of what was wrapped last have run. */
  openAll(): void {
    while (this.#unopened.length > 0) {
      for (const unopened of this.#unopened.splice(0)) unopened.open();
    }
  }

  /** A constructor has thrown: who has wrapped its socket closes unseen. */
  discard({ index, generation }: Target): void {
    const isIt = (unopened: Target) =>
      unopened.index === index && unopened.generation === generation;
    const at = this.#unopened.findIndex(isIt);
    if (at >= 0) this.#unopened.splice(at, 1)[0]?.discard();
  }

  /** Tells the reactor how to cut when this turn's hooks are through. */
  reframeSoon(reframed: Reframed): void {
    this.#reframed.add(reframed);
    this.endSoon();
  }

  /** There is something for a turn's end to do. */
  endSoon(): void {
    if (!this.#underWay) this.#tickSoon();
  }

  /** Does what hooks have set off, and submits it. */
  end(): void {
    this.openAll();
    if (this.#reframed.size > 0) {
      for (const reframed of this.#reframed) reframed.tellReframe();
      this.#reframed.clear();
    }
    this.#host.submit();
  }

  /** Hooks have run for a while, and others follow: what they have written does not wait for those. */
  #submitEarly(): void {
    try {
      this.#host.submit();
    } catch {
      // There is no memory for it: then the turn's end says so, if that still is so.
    }
  }

  /** What the doorbell calls. */
  ring(): void {
    let more = true;
    this.#begin();
    try {
      more = this.#host.handleAll();
    } finally {
      this.#underWay = false;
      if (more) this.#ringSoon();
    }
  }

  /** Nobody rings for what is left. */
  #ringSoon(): void {
    if (this.#ringing) return;
    this.#ringing = true;
    const again = () => {
      this.#ringing = false;
      this.ring();
    };
    // An immediate keeps the process alive, or, where it is not to, may wait for other input.
    if (this.#host.isReferenced) setImmediate(again);
    else setTimeout(again, 1).unref();
  }

  #tickSoon(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    outside(setImmediate, this.#tick);
  }

  #tick = (): void => {
    this.#ticking = false;
    this.#begin();
    try {
      this.openAll();
      this.#runSoon();
      this.end();
    } finally {
      this.#underWay = false;
    }
  };

  #begin(): void {
    this.#underWay = true;
    this.budget.begin();
  }

  /** As much of it as the budget has room for. */
  #runSoon(): void {
    const due = this.#soon.splice(0);
    let done = 0;
    while (done < due.length && !this.budget.spent) {
      const soon = due[done] as Soon;
      done += 1;
      try {
        soon.runSoon();
      } catch (error) {
        // As in the dispatcher: whatever it is, the others are not to miss their turn for it.
        this.#host.uncaught(error);
      }
      this.budget.count();
    }
    if (done === due.length) return;
    this.#soon.unshift(...due.slice(done));
    this.#tickSoon();
  }
}
