import { abortError, codedError, typeError, valueError } from './errors.ts';
import type { CloseInfo } from './types.ts';

export interface FramesOptions {
  signal?: AbortSignal;
  highWaterMark?: number;
  rest?: boolean;
  keepOpen?: boolean;
}

/** A channel whose frames are asked for one by one. */
export interface FrameSource {
  /** Why it has closed, where it has. */
  readonly info: CloseInfo | null;
  /** One that is asked for, or none. */
  frames: Frames<unknown> | null;
  /** Perhaps there is one. */
  deliver(): void;
  dispose(): void;
}

/** An async iterator over frames: each is cut when it is asked for. */
export class Frames<T> implements AsyncIterableIterator<T, undefined> {
  readonly #source: FrameSource;
  readonly #options: FramesOptions;
  #asking: { resolve(result: IteratorResult<T, undefined>): void; reject(why: Error): void }[] = [];
  #over = false;
  #failure: Error | null = null;

  constructor(source: FrameSource, options: FramesOptions = {}) {
    check(options);
    if (source.frames !== null) throw codedError('ERR_CHANNEL_ACTIVE', 'read by another frames()');
    this.#source = source;
    this.#options = options;
    if (source.info !== null) this.finish(source.info.error ?? null);
    else source.frames = this;
    const { signal } = options;
    const aborted = () => this.#leave(abortError(signal?.reason));
    if (signal?.aborted) aborted();
    else signal?.addEventListener('abort', aborted, { once: true });
  }

  get wants(): boolean {
    return this.#asking.length > 0;
  }

  get most(): number {
    return this.#options.highWaterMark ?? 64;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#over) return this.#end();
    return new Promise((resolve, reject) => {
      this.#asking.push({ resolve, reject });
      setImmediate(() => this.#source.deliver());
    });
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#leave(null);
    this.#failure = null;
    return this.#end();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  give(value: T): void {
    this.#asking.shift()?.resolve({ done: false, value });
  }

  ended(rest: T & { length: number }): void {
    if (this.#options.rest && rest.length > 0) this.give(rest);
    this.finish(null);
  }

  finish(error: Error | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#failure = error;
    if (this.#source.frames === this) this.#source.frames = null;
    for (const { resolve, reject } of this.#asking.splice(0)) this.#end().then(resolve, reject);
  }

  #leave(error: Error | null): void {
    if (this.#over) return;
    this.finish(error);
    if (!this.#options.keepOpen) this.#source.dispose();
    else setImmediate(() => this.#source.deliver());
  }

  async #end(): Promise<IteratorResult<T, undefined>> {
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure;
    return { done: true, value: undefined };
  }
}

function check({
  signal,
  highWaterMark = 64,
  rest = false,
  keepOpen = false,
  ...more
}: FramesOptions) {
  for (const name of Object.keys(more)) throw codedError('ERR_UNKNOWN_OPTION', name);
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw typeError('signal', 'a signal', signal);
  if (typeof highWaterMark !== 'number')
    throw typeError('highWaterMark', 'a number', highWaterMark);
  const isCount = Number.isInteger(highWaterMark) && highWaterMark > 0;
  if (!isCount) throw valueError('highWaterMark', 'a positive integer', highWaterMark);
  if (typeof rest !== 'boolean') throw typeError('rest', 'a boolean', rest);
  if (typeof keepOpen !== 'boolean') throw typeError('keepOpen', 'a boolean', keepOpen);
}
