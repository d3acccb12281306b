/** Run by fairness.ts, as a worker: one of those who flood, or those who want to be served beside. */
import { connect } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

import { Datagram } from 'pants-native';

import type { Load, Waits } from './fairness.ts';

const OTHERS = 100;
const LINE = `${'x'.repeat(63)}\n`;

const { role, port, udp, worked } = workerData as Load;

/** 100 connections, each of which asks again as soon as it has its answer. */
function ask(): void {
  const waits: Waits = { answered: [], ahead: [] };
  let served = 0;
  let since = Number.POSITIVE_INFINITY;
  for (let other = 0; other < OTHERS; other += 1) {
    const socket = connect(port, '127.0.0.1').setNoDelay().setEncoding('latin1');
    let asked = 0;
    let before = 0;
    const next = () => {
      asked = performance.now();
      before = Atomics.load(worked, 0);
      socket.write('?\n');
    };
    let first = true;
    socket.on('connect', next);
    // An answer is short: it comes in one piece.
    socket.on('data', (answer) => {
      if (asked >= since) {
        waits.answered.push(performance.now() - asked);
        waits.ahead.push(Number(answer) - before);
      }
      if (first) served += 1;
      if (first && served === OTHERS) parentPort?.postMessage('all are served');
      first = false;
      next();
    });
    socket.on('error', () => {});
  }
  parentPort?.on('message', (message: 'begin' | 'stop') => {
    if (message === 'begin') {
      since = performance.now();
      return;
    }
    waits.answered.sort((a, b) => a - b);
    waits.ahead.sort((a, b) => a - b);
    parentPort?.postMessage(waits);
  });
}

function floodStream(): void {
  const block = LINE.repeat(1024);
  const socket = connect(port, '127.0.0.1');
  const more = () => {
    while (socket.write(block));
  };
  socket.on('connect', () => {
    more();
    parentPort?.postMessage('floods');
  });
  socket.on('drain', more);
  socket.on('error', () => {});
}

function floodDatagrams(): void {
  class Flooder extends Datagram {
    more(): void {
      while (this.write(LINE, udp));
    }

    override onWrite(): void {
      this.more();
    }
  }
  const flooder = new Flooder();
  flooder.onError = () => {};
  flooder.more();
  parentPort?.postMessage('floods');
}

({ others: ask, stream: floodStream, datagrams: floodDatagrams })[role]();
