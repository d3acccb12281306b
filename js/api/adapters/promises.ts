/** What hooks tell once, as promises: made when they are asked for. */

import { channelClosed } from '../../check/errors.ts';
import { checkOptions, waitNames } from '../../check/option-names.ts';
import { checkSignal } from '../../check/options.ts';
import { assertNotAborted, watchAbort } from '../../link/abort.ts';
import type { Link, Watcher } from '../../link/link.ts';
import type { CloseInfo, WaitOptions } from '../../types.ts';

type AnyLink = Link<object>;

/** What was asked for once is given again. */
const opened = new WeakMap<AnyLink, Promise<unknown>>();
const closed = new WeakMap<AnyLink, Promise<CloseInfo>>();

/** @internal Resolves when the channel is connected, listens, or is bound. */
export function openedOf<C extends object>(link: Link<object>, channel: C): Promise<C> {
  const made = opened.get(link) ?? begin<C>();
  opened.set(link, made);
  return made as Promise<C>;

  async function begin<T>(): Promise<T | C> {
    if (!link.wasOpened) await told(link, 'opened');
    return channel;
  }
}

/** @internal Resolves after `onClose`. */
export function closedOf(link: AnyLink): Promise<CloseInfo> {
  const made =
    closed.get(link) ??
    new Promise<CloseInfo>((resolve) => {
      if (link.told === null) link.watch({ closed: resolve });
      else resolve(link.told);
    });
  closed.set(link, made);
  return made;
}

/** @internal A channel that reads and writes, as far as it is waited for here. */
interface Writing {
  readonly closing: boolean;
  readonly outbox: { readonly pending: number; readonly refuses: boolean };
}

/** @internal Resolves when nothing is pending any more. */
export async function drainedOf(link: AnyLink & Writing, options: unknown): Promise<void> {
  const { signal: given }: WaitOptions = checkOptions(options, waitNames);
  const signal = checkSignal(given);
  assertNotAborted(signal);
  // What accepts no write, by no wish of this side, drops it: who waits in a loop is to hear of that.
  if (link.outbox.pending === 0 && !link.outbox.refuses && !link.closing) return;
  await told(link, 'drained', signal);
}

/** The next time that it is told; rejects when the channel closes before. */
function told(
  link: AnyLink,
  what: 'opened' | 'drained',
  signal?: AbortSignal | undefined,
): Promise<void> {
  const method = what === 'drained' ? 'drained()' : what;
  if (link.told !== null) return Promise.reject(whyClosed(link.told, method));
  return new Promise((resolve, reject) => {
    const over = (settle: () => void) => {
      unwatchAbort();
      link.unwatch(watcher);
      settle();
    };
    const watcher: Watcher = {
      [what]: () => over(resolve),
      closed: (info) => over(() => reject(whyClosed(info, method))),
    };
    const unwatchAbort = watchAbort(signal, (error) => over(() => reject(error)));
    link.watch(watcher);
  });
}

/** @internal What who waits for something else is told. */
export function whyClosed(info: CloseInfo, what: string): Error {
  return info.error ?? channelClosed(what);
}
