// Chat rooms that span processes and machines: what chat-redis.ts and chat-nats.ts have in common.
//
// A process knows its own guests. What they say goes to a bus, and what the bus says of a room goes to
// those who are in it here.

import { Connection, Server, type ServerOptions } from 'pants-native';

/** What carries a room's lines from each process to all, this one too. */
export interface Bus {
  /** Somebody is in this room here: `heard` is to be told of it. */
  enter(room: string): void;
  /** Nobody is any more. */
  leave(room: string): void;
  publish(room: string, text: string): void;
}

class Guest extends Connection {
  override readDelimiter = '\n';
  override readEncoding = 'utf8';
  override bufferSize = 4096;

  room = '';
  #name = '';

  get rooms(): Rooms {
    return this.server as Rooms;
  }

  override onConnect(): void {
    this.write('Your name, and a room?\n');
  }

  override onRead(line: string): void {
    const [, name = '', room = ''] = /^([\w-]{1,20}) ([\w-]{1,20})\s*$/.exec(line) ?? [];
    if (room === '') {
      this.write('Two words, of letters and digits, please.\n');
      return;
    }
    this.#name = name;
    this.rooms.join(this, room);
    this.rooms.say(this, `${name} has joined.`);
    this.onRead = this.onLine;
  }

  onLine(line: string): void {
    const text = line.trimEnd();
    if (text === '/quit') this.end();
    else if (text !== '') this.rooms.say(this, `${this.#name}: ${text}`);
  }

  override onClose(): void {
    if (this.room === '') return;
    this.rooms.say(this, `${this.#name} has left.`);
    this.rooms.part(this);
  }
}

export class Rooms extends Server<Guest> {
  #bus: Bus;
  #guests = new Map<string, Set<Guest>>();

  constructor(bus: Bus, options: ServerOptions<Guest> = {}) {
    // Who does not read what the others say is not waited for, but dropped after a megabyte.
    super(Guest, { maxPendingBytes: 1024 * 1024, ...options });
    this.#bus = bus;
  }

  /** The rooms that have somebody in them here. */
  get names(): string[] {
    return [...this.#guests.keys()];
  }

  join(guest: Guest, room: string): void {
    guest.room = room;
    const guests = this.#guests.get(room) ?? new Set();
    if (guests.size === 0) this.#bus.enter(room);
    this.#guests.set(room, guests.add(guest));
  }

  part(guest: Guest): void {
    const guests = this.#guests.get(guest.room);
    guests?.delete(guest);
    if (guests?.size !== 0) return;
    this.#guests.delete(guest.room);
    this.#bus.leave(guest.room);
  }

  say({ room }: Guest, text: string): void {
    this.#bus.publish(room, text);
  }

  /** The bus has something for everybody in a room. */
  heard(room: string, text: string): void {
    for (const guest of this.#guests.get(room) ?? []) guest.write([text, '\n']);
  }
}

/** Listens, behind a proxy or without, and goes when it is told to, once its guests have. */
export function serve(rooms: Rooms, port: number): void {
  rooms.onListen = () => console.log(`chat: listening on 127.0.0.1:${rooms.localAddr?.port}`);
  rooms.listen({ port, host: '127.0.0.1', reusePort: true });
  process.once('SIGTERM', async () => {
    await rooms.end(5_000);
    process.exit();
  });
}
