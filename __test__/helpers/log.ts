import type { CloseInfo, Data, StreamHooks } from './implementation.ts';
import { Condition } from './wait.ts';

/** The hooks of one stream, in the order in which they were called. */
export class Log {
  /** `connect`, `read abc`, `write`, `end rest`, `overflow CODE`, `error CODE`, `close reason`. */
  readonly hooks: string[] = [];
  /** What onRead got, and onEnd. */
  readonly data: Data[] = [];
  rest: Data | undefined;
  connectError: NodeJS.ErrnoException | undefined;
  error: NodeJS.ErrnoException | undefined;
  info: CloseInfo | undefined;
  readonly #condition = new Condition(() => this.hooks);

  add(hook: string): void {
    this.hooks.push(hook);
    this.#condition.changed();
  }

  until(what: string, predicate: () => boolean): Promise<void> {
    return this.#condition.until(what, predicate);
  }

  /** As text, one piece per onRead. */
  get reads(): string[] {
    return this.data.map(textOf);
  }

  /** All that onRead got, as one. */
  get text(): string {
    return this.reads.join('');
  }

  /** Without `write`: how often a queue drains is a matter of timing. */
  get order(): string[] {
    return this.hooks.filter((hook) => hook !== 'write');
  }

  count(hook: string): number {
    return this.hooks.filter((other) => other === hook).length;
  }

  seen(hook: string): Promise<void> {
    return this.until(hook, () => this.hooks.includes(hook));
  }

  frames(count: number): Promise<void> {
    return this.until(`${count} frames`, () => this.data.length >= count);
  }

  async closed(): Promise<CloseInfo> {
    await this.until('onClose', () => this.info !== undefined);
    return this.info ?? { reason: '', unsentBytes: Number.NaN };
  }
}

export function textOf(data: Data): string {
  return typeof data === 'string' ? data : data.toString('latin1');
}

export function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code);
}

/** Records every hook, by assignment to the instance, and then calls the test's own or the default. */
export function record(channel: StreamHooks, own: Partial<StreamHooks> = {}): Log {
  const log = new Log();
  const overflow = own.onOverflowError ?? channel.onOverflowError;
  channel.onConnect = () => {
    log.add('connect');
    own.onConnect?.();
  };
  channel.onConnectError = (error) => {
    log.connectError = error;
    log.add(`connectError ${codeOf(error)}`);
    own.onConnectError?.(error);
  };
  channel.onRead = (data) => {
    log.data.push(data);
    log.add(`read ${textOf(data)}`);
    own.onRead?.(data);
  };
  channel.onWrite = () => {
    log.add('write');
    own.onWrite?.();
  };
  channel.onEnd = (rest) => {
    log.rest = rest;
    log.add(`end ${textOf(rest)}`);
    own.onEnd?.(rest);
  };
  channel.onOverflowError = (error) => {
    log.add(`overflow ${codeOf(error)}`);
    overflow.call(channel, error);
  };
  channel.onError = (error) => {
    log.error = error;
    log.add(`error ${codeOf(error)}`);
    own.onError?.(error);
  };
  channel.onClose = (info) => {
    log.info = info;
    log.add(`close ${info.reason}`);
    own.onClose?.(info);
  };
  return log;
}
