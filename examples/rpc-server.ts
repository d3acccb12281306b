// A server of JSON-RPC 2.0: several calls may be under way, and the quick ones overtake the slow ones.
//
//   node --import @oxc-node/core/register examples/rpc-server.ts [port]

import { setTimeout as sleep } from 'node:timers/promises';

import { Connection, Server, type Socket } from 'pants-native';

import { type Answer, type Call, frame, framing, type Id, RpcError } from './rpc.ts';

const MOST_UNDER_WAY = 100;

const methods = new Map<string, (...params: unknown[]) => unknown>([
  ['add', (...numbers) => numbers.map(number).reduce((sum, n) => sum + n, 0)],
  ['reverse', (text) => [...String(text)].reverse().join('')],
  ['sleep', (ms) => sleep(Math.min(number(ms), 60_000), 'slept')],
]);

function number(value: unknown): number {
  if (typeof value !== 'number')
    throw new RpcError(-32602, `not a number: ${JSON.stringify(value)}`);
  return value;
}

class Caller extends Connection {
  #underWay = 0;
  #full = false;
  #ended = false;

  constructor(socket: Socket, server: Server) {
    // Who has asked everything, and says so, still gets the answers.
    super(socket, server, { ...framing, allowHalfOpen: true });
  }

  override onRead(json: string): void {
    this.#underWay += 1;
    void this.#answer(json);
    if (this.#underWay >= MOST_UNDER_WAY) this.pause();
  }

  override onWrite(): void {
    this.#full = false;
    this.#goOn();
  }

  override onEnd(): void {
    this.#ended = true;
    this.#goOn();
  }

  async #answer(json: string): Promise<void> {
    let id: Id | undefined = null;
    let outcome: Pick<Answer, 'result' | 'error'>;
    try {
      const call = parse(json);
      id = call.id;
      const method = methods.get(call.method);
      if (method === undefined) throw new RpcError(-32601, `no method '${call.method}'`);
      outcome = { result: (await method(...(call.params ?? []))) ?? null };
    } catch (error) {
      const { code = -32603, message } = error as Partial<RpcError>;
      outcome = { error: { code, message: message ?? String(error) } };
    }
    // Meanwhile the caller may have gone. What has no id wants no answer.
    if (!this.connected) return;
    if (id !== undefined) this.#full = !this.write(frame({ jsonrpc: '2.0', id, ...outcome }));
    this.#underWay -= 1;
    this.#goOn();
  }

  /** Reads on while the caller reads its answers, and ends when it has them all. */
  #goOn(): void {
    if (this.#full) this.pause();
    else if (this.#underWay < MOST_UNDER_WAY) this.resume();
    if (this.#ended && this.#underWay === 0) this.end();
  }
}

function parse(json: string): Call {
  let call: Partial<Call> | null;
  try {
    call = JSON.parse(json);
  } catch (error) {
    throw new RpcError(-32700, (error as Error).message);
  }
  const { method, params = [] } = call ?? {};
  if (typeof method !== 'string' || !Array.isArray(params)) {
    throw new RpcError(-32600, 'not a call: it has a method, and may have an array of params');
  }
  return call as Call;
}

class RpcServer extends Server {
  override onListen(): void {
    console.log(`rpc: listening on 127.0.0.1:${this.localAddr?.port}`);
  }
}

new RpcServer(Caller).listen(Number(process.argv[2] ?? 4040), '127.0.0.1');
