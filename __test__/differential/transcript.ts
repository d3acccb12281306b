import type { Data } from '../helpers/implementation.ts';

/**
 * What a channel's hooks were told, in order. What a stream delivers without a delimiter is one
 * entry, however it was cut on its way: that is a matter of timing.
 */
export class Transcript {
  readonly hooks: string[] = [];
  frames = 0;
  raw = 0;
  overflows = 0;
  errors = 0;
  connects = 0;
  #pieces: Data[] = [];
  #piecesHook = 0;

  static quote(data: Data): string {
    return typeof data === 'string' ? JSON.stringify(data) : `<${data.toString('hex')}>`;
  }

  add(entry: string): this {
    this.#pieces = [];
    this.hooks.push(entry);
    return this;
  }

  addConnect(): this {
    this.connects += 1;
    return this.add('connect');
  }

  addError(entry: string): this {
    this.errors += 1;
    return this.add(entry);
  }

  addOverflow(code: string | undefined, sender = ''): this {
    this.overflows += 1;
    return this.add(`overflow ${code}${sender}`);
  }

  /** A frame that was delivered to the `hook`th function that onRead was. */
  addFrame(hook: number, data: Data, sender = ''): void {
    this.frames += 1;
    this.add(`read${hook}${sender} ${Transcript.quote(data)}`);
  }

  addRaw(hook: number, data: Data): void {
    this.raw += data.length;
    const [first] = this.#pieces;
    if (typeof first === typeof data && this.#piecesHook === hook) this.hooks.pop();
    else this.#pieces = [];
    this.#pieces.push(data);
    this.#piecesHook = hook;
    const all =
      typeof data === 'string' ? this.#pieces.join('') : Buffer.concat(this.#pieces as Buffer[]);
    this.hooks.push(`raw${hook} ${Transcript.quote(all)}`);
  }
}
