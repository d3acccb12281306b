// A client of Redis, as a module for others: chat-redis.ts is made with it.

import { Client, type CloseInfo, type ReadDelimiter } from 'pants-native';

export type Reply = string | number | Buffer | null | Error | Reply[];

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

/** A client of Redis: a reply's lines end with `\r\n`, its strings are counted. */
export class RespClient extends Client {
  override readDelimiter: ReadDelimiter = '\r\n';

  /** What came without being asked for, from what was subscribed to. */
  readonly messages: Reply[] = [];
  readonly #waiting: Waiting[] = [];
  /** The arrays that are not complete, the outermost first. */
  readonly #arrays: { items: Reply[]; length: number }[] = [];

  /** Resolves to the reply; an error reply is a value, a connection that is lost a rejection. */
  command(...words: (string | number | Uint8Array)[]): Promise<Reply> {
    this.write(`*${words.length}\r\n`);
    for (const word of words) {
      const bytes = typeof word === 'number' ? String(word) : word;
      this.write(`$${Buffer.byteLength(bytes)}\r\n`);
      this.write(bytes);
      this.write('\r\n');
    }
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  override onRead(frame: Buffer): void {
    if (typeof this.readDelimiter === 'number') {
      this.readDelimiter = '\r\n';
      this.#take(frame.subarray(0, -'\r\n'.length));
      return;
    }
    const kind = frame.toString('latin1', 0, 1);
    const rest = frame.toString('latin1', 1);
    if (kind === '+') this.#take(rest);
    else if (kind === '-') this.#take(new Error(rest));
    else if (kind === ':') this.#take(Number(rest));
    else if (rest === '-1') this.#take(null);
    else if (kind === '$') this.readDelimiter = Number(rest) + '\r\n'.length;
    else if (kind === '*' && rest === '0') this.#take([]);
    else if (kind === '*') this.#arrays.push({ items: [], length: Number(rest) });
    else throw new Error(`no reply begins like '${frame}'`);
  }

  override onClose(info: CloseInfo): void {
    for (const { reject } of this.#waiting) reject(info.error ?? new Error(info.reason));
  }

  /** `['message', channel, data]`, from what was subscribed to. */
  onMessage(message: Reply[]): void {
    this.messages.push(message);
  }

  #take(reply: Reply): void {
    for (let item = reply; ; ) {
      const array = this.#arrays.at(-1);
      if (array === undefined) {
        if (isMessage(item)) this.onMessage(item);
        else this.#waiting.shift()?.resolve(item);
        return;
      }
      array.items.push(item);
      if (array.items.length < array.length) return;
      this.#arrays.pop();
      item = array.items;
    }
  }
}

function isMessage(reply: Reply): reply is Reply[] {
  return Array.isArray(reply) && String(reply[0]) === 'message';
}
