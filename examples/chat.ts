// A chat room. Whoever connects says a name, and then gets what everybody says.
//
//   npm start [-- port]
//   nc 127.0.0.1 4040

import { type CloseInfo, Connection, Server } from 'pants-native';

class Guest extends Connection {
  override readDelimiter = '\n';
  override readEncoding = 'utf8';
  override bufferSize = 4096;

  name = '';

  get room(): Room {
    return this.server as Room;
  }

  override onConnect(): void {
    this.write('What is your name?\n');
  }

  // A protocol in states: the hook for the next line is whatever `onRead` is by then.
  override onRead(line: string): void {
    const name = line.trim();
    if (!/^[\p{L}\p{N}_-]{1,20}$/u.test(name)) {
      this.write('One to twenty letters or digits, please.\n');
    } else if (this.room.guest(name)) {
      this.write(`${name} is taken. Another name?\n`);
    } else {
      this.room.say(`${name} has joined.`);
      this.name = name;
      const others = this.room.guests.filter((guest) => guest !== this);
      this.write(
        `Welcome, ${name}. Here: ${others.map((guest) => guest.name).join(', ') || 'nobody else'}.\n`,
      );
      this.onRead = this.onMessage;
    }
  }

  onMessage(line: string): void {
    const text = line.trimEnd();
    if (text === '/quit') this.end();
    else if (text !== '') this.room.say(`${this.name}: ${text}`, this);
  }

  override onClose(_info: CloseInfo): void {
    if (this.name !== '') this.room.say(`${this.name} has left.`, this);
  }
}

class Room extends Server {
  /** Those who have said their names. */
  get guests(): Guest[] {
    return [...this.channels.values()].filter(
      (guest): guest is Guest => guest instanceof Guest && guest.name !== '' && guest.connected,
    );
  }

  guest(name: string): Guest | undefined {
    return this.guests.find((guest) => guest.name === name);
  }

  say(text: string, from?: Guest): void {
    console.log(text);
    for (const guest of this.guests) if (guest !== from) guest.write(`${text}\n`);
  }

  override onListen(): void {
    const port = this.localAddr?.port;
    console.log(`chat: listening on 127.0.0.1:${port}`);
    console.log(`Join from another terminal:  nc 127.0.0.1 ${port}`);
    console.log('Ctrl-C ends it.');
  }
}

const port = Number(process.argv[2] ?? 4040);
try {
  // Who does not read what the others say is not waited for, but dropped after a megabyte.
  new Room(Guest, { maxPendingBytes: 1024 * 1024 }).listen(port, '127.0.0.1');
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
  console.error(`Port ${port} is in use. Another one:  npm start -- ${port + 1}`);
  process.exitCode = 1;
}
