/**
 * Run by processes.ts: `program.ts <implementation> <scenario>`. A server, and a client that says
 * `a`, `b` and ends; what the server's side does about it is the scenario.
 */
import { connect } from 'node:net';

import type { ConnectionLike, Data } from '../helpers/implementation.ts';
import { load } from './load.ts';

const [, , name = '', scenario = ''] = process.argv;
const { Client, Connection, Server } = await load(name);

class Lines extends Connection {
  override readDelimiter = '\n';
}

const server = new Server(Lines).listen(0, '127.0.0.1');
const port = server.localAddr?.port ?? 0;

const scenarios: Record<string, () => void> = {
  throw() {
    onRead(() => {
      throw new Error('thrown by onRead');
    });
    sendLines();
  },

  catch() {
    process.on('uncaughtException', (error) => print(`caught ${error.message}`));
    onRead((data) => {
      if (`${data}` === 'a') throw new Error('thrown by onRead');
      // By now the exception may, or may not, have been reported; it is before the next turn.
      setImmediate(() => print(`read ${data}`));
    });
    Lines.prototype.onEnd = () => {
      setImmediate(() => print('end'));
    };
    Lines.prototype.onClose = () => {
      setImmediate(() => print('close'));
      server.close();
    };
    sendLines();
  },

  reject() {
    onRead(async () => {
      throw new Error('rejected by onRead');
    });
    sendLines();
  },

  exit() {
    onRead((data) => {
      print(`read ${data}`);
      process.exit(7);
    });
    sendLines();
  },

  finish() {
    process.on('exit', () => print('exit'));
    const client = new Client();
    client.onConnect = () => client.end();
    client.onClose = () => {
      print('client closed');
      server.close();
    };
    server.onClose = () => print('server closed');
    client.connect('127.0.0.1', port);
  },

  unref() {
    process.on('exit', () => print('exit'));
    const client = new Client();
    Lines.prototype.onConnect = function (this: ConnectionLike) {
      this.unref();
    };
    client.onConnect = () => {
      print('connected');
      client.unref();
      server.unref();
    };
    client.connect('127.0.0.1', port);
  },

  unrefEnd() {
    const client = new Client();
    Lines.prototype.onConnect = function (this: ConnectionLike) {
      process.on('exit', () => print(`exit, and the connection is ${this.readyState}`));
      this.unref();
      client.unref();
      server.unref();
      void server.end(10_000);
    };
    client.connect('127.0.0.1', port);
  },

  ref() {
    process.on('exit', () => print('exit'));
    server.unref();
    server.ref();
    server.onClose = () => print('server closed');
    const socket = connect(port, '127.0.0.1', () => {
      print('connected');
      socket.destroy();
      // Not kept by the timer: only the server keeps the process until it fires.
      setTimeout(() => server.close(), 200).unref();
    });
  },
};

scenarios[scenario]?.();

function onRead(hook: (data: Data) => void): void {
  Lines.prototype.onRead = hook;
}

function sendLines(): void {
  const socket = connect(port, '127.0.0.1', () => socket.end('a\nb\n'));
  socket.on('error', () => {});
  socket.resume();
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
