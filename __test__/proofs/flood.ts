import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import { Datagram } from 'pants-native';

import { Condition } from '../helpers/wait.ts';
import { datagramOf } from './datagram-of.ts';

/** What became of a flood. */
export interface Flood {
  sent: number;
  received: number;
  drops: number;
  /** Datagrams with other bytes, or more or fewer of them, than were sent. */
  wrong: number;
  /** What came twice, or before one that was sent before it. */
  disordered: number;
  errors: number;
  /** Turns of the event loop of the receiving thread, meanwhile. */
  turns: number;
  seconds: number;
}

/** Another thread sends as fast as it can; every datagram must arrive as it was, or be counted. */
export async function flood(count: number): Promise<Flood> {
  const result = { sent: count, received: 0, drops: 0, wrong: 0, disordered: 0, errors: 0 };
  let turns = 0;
  let last = -1;
  const done = new Condition(() => ({ ...result, turns }));

  class Receiver extends Datagram {
    override onRead(data: Buffer): void {
      result.received += 1;
      const number = data.length < 4 ? -1 : data.readUInt32LE();
      if (number <= last) result.disordered += 1;
      last = number;
      if (!data.equals(datagramOf(number))) result.wrong += 1;
    }

    override onError(): void {
      result.errors += 1;
    }
  }
  const receiver = new Receiver().listen([LOOPBACK, 0]);
  const timer = setInterval(() => {
    turns += 1;
    result.drops = receiver.drops;
    done.changed();
  }, 1);
  const started = performance.now();
  const workerData = { count, port: receiver.localAddr?.port };
  const worker = new Worker(fileURLToPath(new URL('flooder.ts', import.meta.url)), { workerData });
  try {
    await new Promise<void>((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', () => resolve());
    });
    await done.until('all', () => result.received + result.drops >= count);
    return { ...result, turns, seconds: (performance.now() - started) / 1000 };
  } finally {
    clearInterval(timer);
    receiver.close();
    await worker.terminate();
  }
}

const LOOPBACK = '127.0.0.1';

/** A million datagrams: received or counted as lost, each whole, none merged with another. */
export async function datagrams(): Promise<boolean> {
  const count = 1_000_000;
  const result = await flood(count);
  const { received, drops, wrong, disordered, errors, seconds } = result;
  const holds = received + drops === count && wrong + disordered + errors === 0;
  const rate = (received / seconds / 1000).toFixed(0);
  const text = `${received} received, ${drops} counted as lost, ${wrong} wrong, ${disordered} disordered`;
  console.log(
    `  ${count} sent: ${text}; ${seconds.toFixed(1)} s, ${rate}k/s${holds ? '' : '  FAILED'}`,
  );
  return holds;
}
