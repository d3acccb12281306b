// Asks examples/kv.ts: every line typed is a request, and its answer is printed.
//
//   node --import @oxc-node/core/register examples/kv-client.ts [port]
//   set colour blue

import { createInterface } from 'node:readline';

import { Datagram } from 'pants-native';

/** Nobody tells that a datagram was lost: who has no answer by then asks again. */
const PATIENCE = 200;
const TRIES = 5;

interface Waiting {
  resolve(answer: string): void;
  reject(error: Error): void;
}

class Client extends Datagram {
  override readEncoding = 'utf8';
  readonly #waiting = new Map<string, Waiting>();
  #last = 0;

  /** Resolves to the answer; rejects where there is none. */
  ask(request: string): Promise<string> {
    this.#last += 1;
    const id = String(this.#last);
    let tries = 0;
    return new Promise((resolve, reject) => {
      const send = () => {
        tries += 1;
        if (tries > TRIES) finish(() => reject(new Error('no answer')));
        else this.write(`${id} ${request}`);
      };
      const finish = (tell: () => void) => {
        clearInterval(timer);
        this.#waiting.delete(id);
        tell();
      };
      this.#waiting.set(id, {
        resolve: (answer) => finish(() => resolve(answer)),
        reject: (error) => finish(() => reject(error)),
      });
      const timer = setInterval(send, PATIENCE);
      send();
    });
  }

  // With a peer, nobody else's datagrams come here.
  override onRead(answer: string): void {
    const [id = ''] = answer.split(' ', 1);
    // An answer that is late, or comes again, has nobody who waits for it.
    this.#waiting.get(id)?.resolve(answer.slice(id.length + 1));
  }

  // As with a peer it is told that nobody is there.
  override onError(error: Error): void {
    for (const { reject } of [...this.#waiting.values()]) reject(error);
  }
}

const client = new Client().connect({ host: 'localhost', port: Number(process.argv[2] ?? 4040) });
const input = createInterface({ input: process.stdin });
const asked: Promise<void>[] = [];
input.on('line', (line) => {
  const print = (answer: string) => console.log(answer);
  const fail = (error: Error) => {
    console.error(`error: ${error.message}`);
    process.exitCode = 1;
  };
  asked.push(client.ask(line).then(print, fail));
});
input.on('close', async () => {
  await Promise.all(asked);
  client.end();
});
