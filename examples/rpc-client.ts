// A client of JSON-RPC 2.0. Makes all calls at once, and prints the answers in the order of the calls.
//
//   node --import @oxc-node/core/register examples/rpc-client.ts <port> (<method> <params>)…
//   … examples/rpc-client.ts 4040 add '[1, 2]' reverse '["stressed"]'

import { Client, type CloseInfo } from 'pants-native';

import { type Answer, frame, framing, RpcError } from './rpc.ts';

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

class RpcClient extends Client {
  readonly #waiting = new Map<Answer['id'], Waiting>();
  #calls = 0;

  constructor() {
    super(framing);
  }

  /** Resolves to the result. Rejects with the server's error, or when the connection is lost. */
  call(method: string, ...params: unknown[]): Promise<unknown> {
    this.#calls += 1;
    const id = this.#calls;
    this.write(frame({ jsonrpc: '2.0', id, method, params }));
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  override onRead(json: string): void {
    const { id, result, error }: Answer = JSON.parse(json);
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(new RpcError(error.code, error.message));
    else waiting?.resolve(result);
  }

  // Those who wait are told of it in onClose.
  override onConnectError(): void {}

  override onClose({ reason, error }: CloseInfo): void {
    const lost = new Error(`the connection has closed (${error?.message ?? reason})`);
    for (const { reject } of this.#waiting.values()) reject(lost);
    this.#waiting.clear();
  }
}

const [port, ...words] = process.argv.slice(2);
const client = new RpcClient().connect('127.0.0.1', Number(port));
const answers: Promise<unknown>[] = [];
for (let n = 0; n < words.length; n += 2) {
  const [method = '', params = '[]'] = words.slice(n, n + 2);
  answers.push(client.call(method, ...JSON.parse(params)));
}
// That was all: the server answers, and then ends too.
client.shutdown();

Promise.allSettled(answers).then((outcomes) => {
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') {
      console.log(JSON.stringify(outcome.value));
    } else {
      console.error(`error: ${outcome.reason.message}`);
      process.exitCode = 1;
    }
  }
});
