import { abortError, codedError } from './errors.ts';
import type { CloseInfo } from './types.ts';

type Event = 'opened' | 'drained';

/** What the promises of a channel wait for. */
export class Waits {
  #opened = false;
  #info: CloseInfo | null = null;
  #waiting: { event: Event | 'closed'; heard(info: CloseInfo | null): void }[] = [];
  #promises = new Map<Event | 'closed', Promise<unknown>>();

  /** A hook has run. */
  tell(event: Event): void {
    if (event === 'opened') this.#opened = true;
    for (const { event: other, heard } of [...this.#waiting]) if (other === event) heard(null);
  }

  tellClosed(info: CloseInfo): void {
    this.#info = info;
    for (const { heard } of this.#waiting.splice(0)) heard(info);
  }

  get isAwaited(): boolean {
    return this.#waiting.length > 0;
  }

  get drainIsAwaited(): boolean {
    return this.#waiting.some(({ event }) => event === 'drained');
  }

  opened<C>(channel: C): Promise<C> {
    return this.#once('opened', async () => {
      if (!this.#opened) await this.next('opened');
      return channel;
    });
  }

  closed(): Promise<CloseInfo> {
    return this.#once('closed', async () => {
      if (this.#info !== null) return this.#info;
      return new Promise<CloseInfo>((resolve) => {
        this.#waiting.push({ event: 'closed', heard: (info) => resolve(info as CloseInfo) });
      });
    });
  }

  next(event: Event, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const why = (info: CloseInfo) =>
        reject(info.error ?? codedError('ERR_CHANNEL_CLOSED', `${event}: closed before`));
      const aborted = () => {
        over();
        reject(abortError(signal?.reason));
      };
      const over = () => {
        this.#waiting = this.#waiting.filter((one) => one !== waiting);
        signal?.removeEventListener('abort', aborted);
      };
      const heard = (info: CloseInfo | null) => {
        over();
        if (info === null) resolve();
        else why(info);
      };
      const waiting = { event, heard };
      if (signal?.aborted) aborted();
      else if (this.#info !== null) why(this.#info);
      else this.#waiting.push(waiting);
      signal?.addEventListener('abort', aborted);
    });
  }

  #once<T>(event: Event | 'closed', make: () => Promise<T>): Promise<T> {
    const made = (this.#promises.get(event) as Promise<T> | undefined) ?? make();
    this.#promises.set(event, made);
    return made;
  }
}
