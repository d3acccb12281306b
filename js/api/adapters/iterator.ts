// What comes by itself, as an async iterator.

/** The frames of a channel, one by one. Leaving a loop over it early ends the channel; see `frames()`. */
export interface FrameIterator<F> extends AsyncIterableIterator<F> {
  next(): Promise<IteratorResult<F, undefined>>;
  return(): Promise<IteratorResult<F, undefined>>;
  [Symbol.asyncIterator](): this;
  /** As `return()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Who has called `next()`. */
interface Asking<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: Error): void;
}

const DONE = { done: true, value: undefined } as const;

/** @internal Those who ask are given what comes in the order of their calls. */
export abstract class Asked<T> implements FrameIterator<T> {
  protected isOver = false;
  #asking: Asking<T>[] = [];
  /** Why it is over, until that is told. */
  #failure: Error | null = null;

  /** Somebody waits for what comes next. */
  protected abstract wanted(): void;

  /** It is given up before its end. */
  protected abstract leave(error: Error | null): void;

  next(): Promise<IteratorResult<T, undefined>> {
    return new Promise((resolve, reject) => {
      this.#asking.push({ resolve, reject });
      if (this.isOver) this.#tellEnd();
      else this.wanted();
    });
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.leave(null);
    this.#failure = null;
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  protected get isAsked(): boolean {
    return this.#asking.length > 0;
  }

  /** Gives it to who has asked first; false where nobody has. */
  protected give(value: T): boolean {
    const asking = this.#asking.shift();
    asking?.resolve({ done: false, value });
    return asking !== undefined;
  }

  /** Nothing follows; who asks, or the next who does, is told why. */
  protected finish(error: Error | null): void {
    this.isOver = true;
    this.#failure = error;
    this.#tellEnd();
  }

  #tellEnd(): void {
    for (const { resolve, reject } of this.#asking.splice(0)) {
      const failure = this.#failure;
      this.#failure = null;
      if (failure === null) resolve(DONE);
      else reject(failure);
    }
  }
}
