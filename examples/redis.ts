// A key-value store that speaks the protocol of Redis, so that the clients of Redis work with it.
//
//   node --import @oxc-node/core/register examples/redis.ts [port]
//   redis-cli -p 4040 set greeting hello

import { type ChannelError, Connection, type ReadDelimiter, Server } from 'pants-native';

const MOST_WORDS = 1024;
const MOST_BYTES = 8 * 1024 * 1024;

/** A reply: a status, an integer, a counted string, none, or an error. */
type Reply = string | number | Buffer | null | Error;

const none: Buffer = Buffer.alloc(0);

/** Keys are bytes too; as latin1 they can be the keys of a Map. */
const store = new Map<string, Buffer>();

/** Each with the number of its arguments, at least and at most. */
const commands = new Map<string, [least: number, most: number, (...words: Buffer[]) => Reply]>([
  ['PING', [0, 1, (message) => message ?? 'PONG']],
  ['ECHO', [1, 1, (message = none) => message]],
  ['DBSIZE', [0, 0, () => store.size]],
  ['GET', [1, 1, (key) => store.get(keyOf(key)) ?? null]],
  [
    'SET',
    [
      2,
      2,
      (key, value = none) => {
        // A copy: what `onRead` gets may be a small part of a large buffer, which it would keep.
        store.set(keyOf(key), Buffer.from(value));
        return 'OK';
      },
    ],
  ],
  [
    'DEL',
    [
      1,
      MOST_WORDS,
      (...keys) => keys.reduce((count, key) => count + Number(store.delete(keyOf(key))), 0),
    ],
  ],
]);

// A command is an array of counted strings, and several may come without waiting for replies:
//
//   *2\r\n$3\r\nGET\r\n$8\r\ngreeting\r\n
//
// Counts are lines. What they count is binary: while it is read, the delimiter is its length.
class Session extends Connection {
  override readDelimiter: ReadDelimiter = '\r\n';

  #words: Buffer[] = [];
  #missing = 0;

  override onRead(line: Buffer): void {
    if (line[0] === '*'.charCodeAt(0)) {
      this.#missing = count(line, MOST_WORDS);
      if (this.#missing > 0) this.onRead = this.onLength;
      else if (this.#missing !== 0) this.#refuse('invalid multibulk length');
    } else {
      // Typed by hand, say with `nc`.
      const [name = '', ...words] = line.toString('latin1').trim().split(/\s+/);
      if (name !== '') {
        this.#run(
          name,
          words.map((word) => Buffer.from(word, 'latin1')),
        );
      }
    }
  }

  onLength(line: Buffer): void {
    const length = line[0] === '$'.charCodeAt(0) ? count(line, MOST_BYTES) : Number.NaN;
    if (Number.isNaN(length)) {
      this.#refuse('invalid bulk length');
    } else {
      this.readDelimiter = length + '\r\n'.length;
      this.onRead = this.onWord;
    }
  }

  onWord(word: Buffer): void {
    this.#words.push(word.subarray(0, -'\r\n'.length));
    this.readDelimiter = '\r\n';
    this.onRead = this.onLength;
    this.#missing -= 1;
    if (this.#missing > 0) return;
    const [name = none, ...words] = this.#words;
    this.#words = [];
    this.onRead = Session.prototype.onRead;
    this.#run(name.toString('latin1'), words);
  }

  // Who asks and asks without reading the replies is not read from either, until they have left.
  override onWrite(): void {
    this.resume();
  }

  override onOverflowError(_error: ChannelError): void {
    this.#refuse('too big inline request');
  }

  #run(name: string, words: Buffer[]): void {
    const [least, most, command] = commands.get(name.toUpperCase()) ?? [0, -1, () => null];
    if (words.length >= least && words.length <= most) {
      this.#reply(command(...words));
    } else if (most >= 0) {
      this.#reply(new Error(`ERR wrong number of arguments for '${name.toLowerCase()}' command`));
    } else {
      this.#reply(new Error(`ERR unknown command '${name.slice(0, 128)}'`));
    }
  }

  #reply(reply: Reply): void {
    let more: boolean;
    if (typeof reply === 'string') more = this.write(`+${reply}\r\n`);
    else if (typeof reply === 'number') more = this.write(`:${reply}\r\n`);
    else if (reply === null) more = this.write('$-1\r\n');
    else if (reply instanceof Error)
      more = this.write(`-${reply.message.replace(/[\r\n]/g, ' ')}\r\n`);
    else {
      this.write(`$${reply.length}\r\n`);
      this.write(reply);
      more = this.write('\r\n');
    }
    if (!more) this.pause();
  }

  /** After what breaks the protocol there is no telling where the next command begins. */
  #refuse(why: string): void {
    this.#reply(new Error(`ERR Protocol error: ${why}`));
    this.end();
  }
}

/** The number behind a line's first character; NaN for anything else, and for too much. */
function count(line: Buffer, most: number): number {
  const digits = line.toString('latin1', 1);
  return /^\d{1,9}$/.test(digits) && Number(digits) <= most ? Number(digits) : Number.NaN;
}

function keyOf(key = none): string {
  return key.toString('latin1');
}

class Store extends Server {
  override onListen(): void {
    console.log(`redis: listening on 127.0.0.1:${this.localAddr?.port}`);
  }
}

new Store(Session).listen(Number(process.argv[2] ?? 4040), '127.0.0.1');
