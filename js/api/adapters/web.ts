/** A stream channel as Web streams of bytes. */

import { type ReadableByteStreamController, ReadableStream, WritableStream } from 'node:stream/web';

import type { StreamLink } from '../../link/stream-link.ts';
import type { Taker } from '../../link/taker.ts';
import type { CloseInfo, Gathered } from '../../types.ts';
import { drainedOf, whyClosed } from './promises.ts';

/** How many bytes are read before anybody asks. */
const AHEAD = 65_536;

const soon = Promise.resolve();

const readables = new WeakMap<StreamLink, ReadableStream<Uint8Array>>();
const writables = new WeakMap<StreamLink, WritableStream<Gathered>>();

/** @internal One for each channel, made when it is asked for. */
export function readableOf(link: StreamLink): ReadableStream<Uint8Array> {
  const made = readables.get(link) ?? makeReadable(link);
  readables.set(link, made);
  return made;
}

/** @internal One for each channel, made when it is asked for. */
export function writableOf(link: StreamLink): WritableStream<Gathered> {
  const made = writables.get(link) ?? makeWritable(link);
  writables.set(link, made);
  return made;
}

function makeReadable(link: StreamLink): ReadableStream<Uint8Array> {
  const taker = new ReadableTaker(link);
  return new ReadableStream(
    {
      type: 'bytes',
      start: (controller) => taker.start(controller),
      pull: () => taker.pull(),
      cancel: () => taker.cancel(),
    },
    { highWaterMark: AHEAD },
  ) as ReadableStream<Uint8Array>;
}

class ReadableTaker implements Taker {
  readonly most = 1;
  readonly isBusy = false;
  wants = false;
  #link: StreamLink;
  #controller: ReadableByteStreamController | null = null;
  #isOver = false;

  constructor(link: StreamLink) {
    this.#link = link;
  }

  start(controller: ReadableByteStreamController): void {
    const { told } = this.#link;
    this.#controller = controller;
    if (told !== null) {
      this.closed(told);
      return;
    }
    this.#link.give('readable', this);
    this.#link.beginRaw();
  }

  pull(): void {
    this.wants = true;
    void soon.then(this.#supply);
  }

  /** Nobody wants what comes: it is read and dropped as long as there is something to write. */
  cancel(): void {
    this.#isOver = true;
    if (writables.has(this.#link)) this.pull();
    else this.#link.dispose();
  }

  onRead(given: Buffer | string): void {
    if (this.#isOver) return;
    const bytes = given as Buffer;
    this.wants = false;
    this.#link.satisfied();
    const request = this.#controller?.byobRequest ?? null;
    let taken = 0;
    if (request?.view != null) {
      const { buffer, byteOffset, byteLength } = request.view;
      taken = Math.min(byteLength, bytes.length);
      bytes.copy(new Uint8Array(buffer, byteOffset, byteLength), 0, 0, taken);
      request.respond(taken);
    }
    // Its memory is given away with it: so it is one of its own.
    if (taken < bytes.length) this.#controller?.enqueue(new Uint8Array(bytes.subarray(taken)));
  }

  onEnd(rest: Buffer | string): void {
    if (this.#isOver) return;
    if (rest.length > 0) this.onRead(rest);
    this.#isOver = true;
    this.#controller?.close();
    this.#controller?.byobRequest?.respond(0);
  }

  closed(info: CloseInfo): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#controller?.error(whyClosed(info, 'readable'));
  }

  #supply = (): void => this.#link.supply();
}

function makeWritable(link: StreamLink): WritableStream<Gathered> {
  const isOpen = (): boolean => link.wanted === 'open';
  // It is the writer who ends it now, also where the peer has.
  if (link.told === null) link.configure({ ...link.settings, allowHalfOpen: true });
  return new WritableStream<Gathered>({
    start: (controller) => {
      // In order: the writer has closed it, or hears of it by his next write.
      const closed = (info: CloseInfo) => {
        if (info.reason !== 'end') controller.error(whyClosed(info, 'writable'));
      };
      if (link.told === null) link.watch({ closed });
      else controller.error(whyClosed(link.told, 'writable'));
    },
    write: async (data) => {
      if (!link.write(data, false)) await drainedOf(link, undefined);
    },
    close: async () => {
      if (link.phase === 'idle') link.close();
      else if (isOpen()) link.shutdown();
      await drainedOf(link, undefined);
    },
    abort: () => link.close(),
  });
}
