/** A timer that ends the channel, and so never keeps the process alive by itself. */
export class Countdown {
  readonly #task: () => void;
  #timer: NodeJS.Timeout | null = null;

  constructor(task: () => void) {
    this.#task = task;
  }

  /** Starts it; one that runs already goes on. */
  start(ms: number): void {
    this.#timer ??= setTimeout(this.#task, ms).unref();
  }

  restart(ms: number): void {
    this.stop();
    this.start(ms);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
