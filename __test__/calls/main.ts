/** Run by run.ts, in a process and a directory of its own: `main.ts <seed> <count>`. */
import dns from 'node:dns';
import { isIP } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';

import { Client, Engine, Server } from 'pants-native';
import { AddonCalls } from './addon.ts';
import { Judge } from './judge.ts';
import { PublicCalls } from './public.ts';
import { Random } from './random.ts';
import { Values } from './values.ts';

const [seed = 1, count = 1] = process.argv.slice(2).map(Number);

/** A turn of the event loop after so many calls: what they have set off meets the next. */
const CALLS_A_TURN = 20;
const MOST_FAULTS = 20;

// No name leaves this machine.
Object.assign(dns, {
  lookup(host: string, _options: unknown, done: (...found: unknown[]) => void) {
    const address = host === 'localhost' ? '127.0.0.1' : host;
    const error = Object.assign(new Error('not found'), { code: 'ENOTFOUND' });
    if (isIP(address) === 0) process.nextTick(done, error);
    else process.nextTick(done, null, [{ address, family: isIP(address) }]);
  },
});

const random = new Random(seed);
const judge = new Judge();
const values = new Values(random);
const interfaces = [new PublicCalls(random, values, judge), new AddonCalls(random, values, judge)];
process.on('uncaughtException', (error) => judge.uncaught(error));
process.on('unhandledRejection', (error) => judge.uncaught(error));

try {
  await run();
} catch (error) {
  // Not what was called, but the calling itself.
  console.error(error);
  process.exit(2);
}
const codes = [...judge.codes].sort((one, other) => other[1] - one[1]);
console.log(JSON.stringify({ faults: judge.faults, codes: Object.fromEntries(codes) }));
process.exit(judge.faults.length === 0 ? 0 : 1);

async function run(): Promise<void> {
  for (let calls = 1; calls <= count && judge.faults.length < MOST_FAULTS; calls += 1) {
    random.pick(interfaces).one();
    if (calls % CALLS_A_TURN === 0) await turn();
  }
  for (const called of interfaces) called.close();
  await turn();

  // Whatever was called: another channel works.
  const server = new Server().listen(0, '127.0.0.1');
  server.onAccept = (socket) => socket.close();
  const client = new Client().connect(server.localAddr as never);
  await new Promise<unknown>((resolve) => {
    client.onClose = resolve;
  });
  server.close();
  await Engine.instance().close();
}
