import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import { Connection, Datagram, Server } from 'pants-native';

/** Whose server is flooded. */
export type How = 'pants-native' | 'node:net';

/** What is run by fairness-load.ts. */
export interface Load {
  role: 'others' | 'stream' | 'datagrams';
  port: number;
  udp: number;
  /** Microseconds that the server's hooks have worked. */
  worked: Int32Array;
}

/** What the requests of the others met, in order of size. */
export interface Waits {
  /** Milliseconds from a request to its answer. */
  answered: number[];
  /** Microseconds that the hooks worked for others in between. */
  ahead: number[];
}

/** How it went for everybody else while one TCP and one UDP peer flooded. Times in milliseconds. */
export interface Fairness extends Counts {
  /** From a request of one of the others to its answer. */
  p50: number;
  p99: number;
  /** How long hooks worked for somebody else in between (the 99th percentile). */
  ahead: number;
  /** How often an interval of 20 ms fired in the time of 100. */
  fires: number;
  /** The most that hooks worked in one turn of the event loop. */
  longestTurn: number;
  requests: number;
}

interface Counts {
  lines: number;
  datagrams: number;
}

interface Flooded {
  port: number;
  udp: number;
  close(): void;
}

type OnLine = (line: string, answer: (text: string) => void) => void;

const LOOPBACK = '127.0.0.1';
const INTERVAL = 20;
const FIRES = 100;
const FIRST_LINES = 10_000;

/** Each line and each datagram takes `work` microseconds of this thread. */
export async function fairness(how: How, work: number, fires = FIRES): Promise<Fairness> {
  const worked = new Int32Array(new SharedArrayBuffer(4));
  const counts: Counts = { lines: 0, datagrams: 0 };
  const toil = () => {
    const until = performance.now() + work / 1000;
    while (work > 0 && performance.now() < until);
    Atomics.add(worked, 0, work);
  };
  const onLine: OnLine = (line, answer) => {
    if (line.startsWith('?')) answer(`${worked[0]}\n`);
    else counts.lines += 1;
    toil();
  };
  const onDatagram = () => {
    counts.datagrams += 1;
    toil();
  };
  const server = await (how === 'node:net' ? ofNode : ofPants)(onLine, onDatagram);
  const roles = ['others', 'stream', 'datagrams'] as const;
  const loads = roles.map((role) => {
    const workerData: Load = { role, port: server.port, udp: server.udp, worked };
    const program = fileURLToPath(new URL('fairness-load.ts', import.meta.url));
    return new Worker(program, { workerData });
  });
  try {
    await Promise.all(loads.map((load) => once(load, 'message')));
    // How slow the hooks are shows in the first batch: as much of that was ready as of quick ones.
    while (counts.lines < FIRST_LINES) await after(1);
    loads[0]?.postMessage('begin');
    const before = { ...counts };
    const turns = watchTurns(worked);
    const fired = await countFires(fires);
    const longestTurn = turns.stop() / 1000;
    const lines = counts.lines - before.lines;
    const datagrams = counts.datagrams - before.datagrams;
    loads[0]?.postMessage('stop');
    const [{ answered, ahead }] = (await once(loads[0] as Worker, 'message')) as [Waits];
    return {
      p50: quantile(answered, 0.5),
      p99: quantile(answered, 0.99),
      ahead: quantile(ahead, 0.99) / 1000,
      fires: fired,
      longestTurn,
      requests: answered.length,
      lines,
      datagrams,
    };
  } finally {
    await Promise.all(loads.map((load) => load.terminate()));
    server.close();
  }
}

/** With 0, 5 and 20 µs of work a frame, and what `node:net` and `node:dgram` do with the same. */
export async function everybody(): Promise<boolean> {
  let holds = true;
  for (const work of [0, 5, 20]) {
    const ours = await fairness('pants-native', work);
    const fair = ours.p99 <= 50 && ours.fires >= 80;
    holds &&= fair;
    console.log(`  ${work} µs a frame, pants-native: ${describe(ours)}${fair ? '' : '  FAILED'}`);
    console.log(
      `  ${work} µs a frame, node:net:     ${describe(await fairness('node:net', work))}`,
    );
  }
  return holds;
}

function describe(result: Fairness): string {
  const { p50, p99, ahead, fires, longestTurn, requests, lines, datagrams } = result;
  const others = `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (work ahead ${ahead.toFixed(1)} ms)`;
  const turns = `${fires} of ${FIRES} timers, longest turn ${longestTurn.toFixed(1)} ms`;
  return `${others}, ${turns}; ${requests} answers, ${lines} lines, ${datagrams} datagrams`;
}

async function ofPants(onLine: OnLine, onDatagram: () => void): Promise<Flooded> {
  class Lines extends Connection {
    override readDelimiter = '\n' as const;
    override readEncoding = 'latin1' as const;
    override onRead(line: string): void {
      onLine(line, (text) => this.write(text));
    }
  }
  class Datagrams extends Datagram {
    override onRead(): void {
      onDatagram();
    }
  }
  const server = new Server(Lines).listen(0, LOOPBACK);
  const datagram = new Datagrams().listen([LOOPBACK, 0]);
  return {
    port: portOf(server.localAddr),
    udp: portOf(datagram.localAddr),
    close() {
      server.close();
      datagram.close();
    },
  };
}

async function ofNode(onLine: OnLine, onDatagram: () => void): Promise<Flooded> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.setEncoding('latin1').setNoDelay());
    let rest = '';
    socket.on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() as string;
      for (const line of lines) onLine(line, (answer) => socket.write(answer));
    });
    socket.on('error', () => {});
  });
  const datagram = createSocket('udp4', onDatagram);
  await once(server.listen(0, LOOPBACK), 'listening');
  await once(datagram.bind(0, LOOPBACK), 'listening');
  return {
    port: portOf(server.address() as AddressInfo),
    udp: datagram.address().port,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      datagram.close();
    },
  };
}

function portOf(address: unknown): number {
  return (address as AddressInfo).port;
}

/** The most that was worked between two turns of the event loop, in microseconds. */
function watchTurns(worked: Int32Array): { stop(): number } {
  let longest = 0;
  let last = Atomics.load(worked, 0);
  let immediate = setImmediate(look);
  function look() {
    const now = Atomics.load(worked, 0);
    longest = Math.max(longest, now - last);
    last = now;
    immediate = setImmediate(look);
  }
  return {
    stop() {
      clearImmediate(immediate);
      return longest;
    },
  };
}

async function countFires(expected: number): Promise<number> {
  let fires = 0;
  const timer = setInterval(() => {
    fires += 1;
  }, INTERVAL);
  await after(expected * INTERVAL);
  clearInterval(timer);
  return fires;
}

function quantile(sorted: number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}
