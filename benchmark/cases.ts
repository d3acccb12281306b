// Every case, in the order in which they are run.

import type { Case, Load, Part } from './case.ts';
import type { Metric } from './metrics.ts';

const cpu: readonly Metric[] = ['cpu', 'jsCpu', 'loadCpu'];
const answered: readonly Metric[] = ['throughput', 'p50', 'p99', ...cpu];
const moved: readonly Metric[] = ['megabytes', 'p50', 'p99', ...cpu];

/** Short lines, echoed. */
function lines(title: string, connections: number, depth: number): Part {
  return {
    title,
    unit: 'line',
    program: 'lines',
    load: { mode: 'lines', connections, depth, size: 64 },
    columns: answered,
    // With one request at a time there is nothing but its latency.
    chart: connections * depth === 1 ? 'p50' : 'throughput',
  };
}

/** Chunks of 64 KiB, echoed as they arrive. */
function bulk(title: string, connections: number): Part {
  return {
    title,
    unit: 'chunk',
    program: 'raw',
    load: { mode: 'bulk', connections, depth: 16, size: 65_536 },
    columns: moved,
    chart: 'megabytes',
  };
}

function datagrams(title: string, size: number, sockets: number, depth: number): Part {
  return {
    title,
    unit: 'datagram',
    program: 'datagrams',
    load: { mode: 'datagrams', connections: sockets, depth, size },
    columns: ['throughput', 'p50', 'p99', 'lost', ...cpu],
    chart: sockets * depth === 1 ? 'p50' : 'throughput',
  };
}

function oneWay(title: string, program: 'flood' | 'sink', load: Omit<Load, 'mode'>): Part {
  return {
    title,
    unit: 'datagram',
    program,
    load: { mode: program, ...load },
    columns: ['throughput', 'lost', ...cpu],
    chart: 'throughput',
  };
}

export const cases: readonly Case[] = [
  {
    name: 'ping',
    description: 'one 64-byte line in flight on each connection',
    parts: [1, 64, 1000, 10_000].map((connections) =>
      lines(`${connections} connection${connections === 1 ? '' : 's'}`, connections, 1),
    ),
  },
  {
    name: 'pipeline',
    description: 'many 64-byte lines in flight on each connection',
    parts: [1, 64].flatMap((connections) =>
      [64, 256].map((depth) =>
        lines(
          `${connections} connection${connections === 1 ? '' : 's'}, ${depth} in flight`,
          connections,
          depth,
        ),
      ),
    ),
  },
  {
    name: 'switching',
    description: 'SET and GET of Redis: a delimiter that changes with each frame',
    parts: [
      {
        title: '50 connections, 16 commands in flight',
        unit: 'command',
        program: 'resp',
        load: { mode: 'lines', framing: 'resp', connections: 50, depth: 16, size: 16 },
        columns: answered,
        chart: 'throughput',
      },
    ],
  },
  {
    name: 'lengthprefix',
    description: 'frames behind a length of four bytes',
    parts: [
      {
        title: '64 connections, 16 in flight, 256 bytes',
        unit: 'frame',
        program: 'length',
        load: { mode: 'lines', framing: 'length', connections: 64, depth: 16, size: 256 },
        columns: answered,
        chart: 'throughput',
      },
    ],
  },
  {
    name: 'bulk',
    description: 'chunks of 64 KiB echoed as they arrive, 16 in flight',
    parts: [bulk('1 connection', 1), bulk('16 connections', 16)],
  },
  {
    name: 'sendfile',
    description: 'a file of 1 GiB',
    parts: [
      {
        title: '1 connection',
        unit: 'file',
        program: 'file',
        load: { mode: 'lines', connections: 1, answer: 1024 ** 3 },
        columns: ['megabytes', ...cpu],
        chart: 'megabytes',
      },
    ],
  },
  {
    name: 'answers',
    description: 'a line asks, 100 kB answer',
    parts: [
      {
        title: '64 connections',
        unit: 'answer',
        program: 'answers',
        load: { mode: 'lines', connections: 64, answer: 100_000 },
        columns: ['throughput', 'megabytes', 'p50', 'p99', ...cpu],
        chart: 'throughput',
      },
    ],
  },
  {
    name: 'churn',
    description: 'connections opened for one line each',
    parts: [
      {
        ...lines('32 at a time', 32, 1),
        unit: 'connection',
        load: { mode: 'churn', connections: 32 },
      },
    ],
  },
  {
    name: 'fanout',
    description: 'one line to 1,000 connections',
    parts: [
      {
        title: '1,000 connections',
        unit: 'arrival',
        program: 'fanout',
        load: { mode: 'fanout', connections: 1000 },
        columns: answered,
        chart: 'throughput',
      },
    ],
  },
  {
    name: 'udp',
    description: 'datagrams: echoed, received, sent',
    parts: [
      datagrams('echo, 64 bytes, 1 in flight', 64, 1, 1),
      datagrams('echo, 1200 bytes, 1 in flight', 1200, 1, 1),
      datagrams('echo, 64 bytes, 512 in flight', 64, 16, 32),
      datagrams('echo, 1200 bytes, 512 in flight', 1200, 16, 32),
      oneWay('receive, 64 bytes', 'flood', { connections: 16, depth: 16, size: 64 }),
      oneWay('send, 64 bytes', 'sink', { connections: 1, size: 64 }),
    ],
  },
  {
    name: 'unix',
    description: 'ping and bulk on a Unix socket',
    parts: [
      { ...lines('ping, 1 connection', 1, 1), unix: true },
      { ...lines('ping, 64 connections', 64, 1), unix: true },
      { ...bulk('bulk, 1 connection', 1), unix: true },
    ],
  },
  {
    name: 'idle',
    description: 'memory that connections hold which are open and silent',
    parts: [
      {
        ...lines('5,000 connections', 5000, 1),
        unit: 'connection',
        load: { mode: 'idle', connections: 5000 },
        columns: ['memory', 'throughput'],
        chart: 'memory',
      },
    ],
  },
  {
    name: 'busy',
    description: 'the event loop at 20,000 lines a second with 20 µs of work for each',
    parts: [
      {
        title: '64 connections',
        unit: 'line',
        program: 'busy',
        load: { mode: 'paced', connections: 64, rate: 20_000 },
        columns: ['utilisation', 'delay', 'p50', 'p99', ...cpu],
        chart: 'utilisation',
      },
    ],
  },
];
