// A key-value store over UDP. A request is one datagram, and so is its answer:
//
//   <id> get <key>            <id> value <value>   or   <id> none
//   <id> set <key> <value>    <id> ok
//   <id> delete <key>         <id> ok
//   anything else             <id> error <why>
//
// The id is the client's, to know which answer is to which request. A request may come twice, as
// its answer may be lost: so all three can be done again without harm.
//
//   node --import @oxc-node/core/register examples/kv.ts [port]
//   echo -n '1 set colour blue' | nc -u -w1 127.0.0.1 4040

import { type CloseInfo, Datagram } from 'pants-native';

/** Bounds what strangers can make it keep. */
const MOST_KEYS = 100_000;
const MOST_BYTES = 1024;

const store = new Map<string, string>();

class KeyValue extends Datagram {
  override readEncoding = 'utf8';

  override onListen(): void {
    console.log(`kv: listening on 127.0.0.1:${this.localAddr?.port}`);
  }

  override onRead(request: string): void {
    const [id = ''] = request.split(' ', 1);
    // Who answers what is no request may be made to talk to another server, for ever.
    if (!/^\d{1,9}$/.test(id)) return;
    // Without an address, it goes to whom the request came from.
    this.write(`${id} ${answer(request.slice(id.length + 1))}`);
  }

  // One answer that did not get away. The client will ask again.
  override onError(error: Error): void {
    console.error(error.message);
  }

  override onClose({ reason }: CloseInfo): void {
    console.log(`kv: closed (${reason}), ${this.drops} requests were lost here`);
  }
}

function answer(request: string): string {
  const [, verb, key = '', value] = /^(\w+) (\S+)(?: (.*))?$/s.exec(request) ?? [];
  if (verb === 'get' && value === undefined) {
    const found = store.get(key);
    return found === undefined ? 'none' : `value ${found}`;
  }
  if (verb === 'set' && value !== undefined) {
    if (Buffer.byteLength(request) > MOST_BYTES) return 'error too long';
    if (store.size >= MOST_KEYS && !store.has(key)) return 'error full';
    store.set(key, value);
    return 'ok';
  }
  if (verb === 'delete' && value === undefined) {
    store.delete(key);
    return 'ok';
  }
  return 'error get <key>, set <key> <value> or delete <key>';
}

const server = new KeyValue().listen(Number(process.argv[2] ?? 4040), '127.0.0.1');
process.once('SIGINT', () => server.end());
