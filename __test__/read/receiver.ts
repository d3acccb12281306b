import { binding, type NativeBinding } from '../../js/binding.ts';
import { type Framing, framingOf } from '../../js/check/read-delimiter.ts';
import { type Cut, cutter } from '../../js/reactor/cutter.ts';
import type { Chunk } from '../../js/reactor/handler.ts';
import { Slab } from '../../js/reactor/slab.ts';
import type { Receiver } from '../../js/read/inbox.ts';

/** What an inbox has said, and whether it may go on. */
export class Told implements Receiver {
  receptive = true;
  listens = true;
  readonly told: string[] = [];
  /** After each frame. */
  after: (frame: string) => void = () => {};
  /** When a frame can never be delivered. */
  atOverflow: () => void = () => {};

  deliver(frame: Buffer | string): void {
    const text = typeof frame === 'string' ? `'${frame}'` : frame.toString('latin1');
    this.told.push(text);
    this.after(text);
  }

  overflow(detail: string, again: boolean): void {
    this.told.push(`overflow${again ? ' again' : ''}: ${detail}`);
    if (again) this.receptive = false;
    else this.atOverflow();
  }

  undeliverable(error: Error): void {
    this.told.push(`undeliverable: ${error.message}`);
    this.receptive = false;
  }

  /** What was told since the last call. */
  take(): string[] {
    return this.told.splice(0);
  }
}

/** Cuts natively; how many frames were looked for, each time. */
export function countingCut(): { cut: Cut; asked: number[] } {
  const asked: number[] = [];
  const native = cutter(binding as NativeBinding);
  const cut: Cut = (reframe, bytes, from, scan, most, search) => {
    asked.push(most);
    return native(reframe, bytes, from, scan, most, search);
  };
  return { cut, asked };
}

export const LINES: Framing = framingOf('\n');

/** A chunk as the reactor passes it on: whole lines, or, under epoch 0, what there is, uncut. */
export function chunkOf(text: string, epoch: number): Chunk {
  // Much larger than the chunk, so that what is kept of it is copied.
  const bytes = Buffer.alloc(16 * text.length);
  bytes.write(text, 'latin1');
  const slab = new Slab();
  slab.begin(bytes, text.length);
  const words: number[] = [];
  for (let at = 0, end: number; epoch > 0; at = end + 1) {
    end = text.indexOf('\n', at);
    if (end < 0) break;
    words.push(at, end);
  }
  const frames = words.length / 2;
  return {
    bytes,
    slab,
    start: 0,
    length: text.length,
    epoch,
    words: Uint32Array.from(words),
    at: 0,
    frames,
    // Found out by the reactor.
    ascii: /^[\0-\x7f]*$/.test(text),
  };
}
