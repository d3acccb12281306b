// Chat rooms over several processes and machines, by NATS.
//
//   nats-server &
//   node --import @oxc-node/core/register examples/chat-nats.ts 4041 4222 &
//   node --import @oxc-node/core/register examples/chat-nats.ts 4042 4222 &
//   nc 127.0.0.1 4041

import { Client, type CloseInfo, type ReadDelimiter } from 'pants-native';

import { type Bus, Rooms, serve } from './chat-rooms.ts';

const [port = '4041', natsPort = '4222'] = process.argv.slice(2);

// What NATS says are lines; behind a MSG stands its data, which is counted:
//
//   MSG room.lobby 1 5\r\nhello\r\n
class NatsBus extends Client implements Bus {
  override readDelimiter: ReadDelimiter = '\r\n';
  override readEncoding = 'utf8';

  #room = '';
  /** A subscription has a number, by which it is taken back. */
  #numbers = new Map<string, number>();
  #last = 0;

  override onConnect(): void {
    this.write('CONNECT {"verbose":false}\r\n');
    for (const room of rooms.names) this.enter(room);
  }

  override onRead(line: string): void {
    const [kind = '', subject = '', ...rest] = line.split(' ');
    if (kind === 'PING') this.write('PONG\r\n');
    else if (kind === '-ERR') console.error(`nats: ${line}`);
    else if (kind === 'MSG') {
      this.#room = subject.slice('room.'.length);
      this.readDelimiter = Number(rest.at(-1)) + '\r\n'.length;
      this.onRead = this.onData;
    }
  }

  onData(data: string): void {
    this.readDelimiter = '\r\n';
    this.onRead = NatsBus.prototype.onRead;
    rooms.heard(this.#room, data.slice(0, -'\r\n'.length));
  }

  override onClose({ error, reason }: CloseInfo): void {
    console.error(`nats: ${error?.message ?? reason}; trying again`);
    this.engine.defer(0.5, () => {
      bus = connect();
    });
  }

  enter(room: string): void {
    // Otherwise `onConnect` does.
    if (!this.connected) return;
    this.#last += 1;
    this.#numbers.set(room, this.#last);
    this.write(`SUB room.${room} ${this.#last}\r\n`);
  }

  leave(room: string): void {
    if (!this.connected) return;
    this.write(`UNSUB ${this.#numbers.get(room)}\r\n`);
    this.#numbers.delete(room);
  }

  /** What is said while NATS is away is lost. */
  publish(room: string, text: string): void {
    if (!this.connected) return;
    this.write([`PUB room.${room} ${Buffer.byteLength(text)}\r\n`, text, '\r\n']);
  }
}

function connect(): NatsBus {
  return new NatsBus().connect('127.0.0.1', Number(natsPort));
}

let bus = connect();
const rooms = new Rooms(
  {
    enter: (room) => bus.enter(room),
    leave: (room) => bus.leave(room),
    publish: (room, text) => bus.publish(room, text),
  },
  { proxyProtocol: 'optional', frameTimeout: 500 },
);
serve(rooms, Number(port));
