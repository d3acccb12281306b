// A daemon with a control socket: commands, a line each, from its own user.
//
//   node --import @oxc-node/core/register examples/control.ts [path]
//   node --import @oxc-node/core/register examples/control-client.ts [path] status
//   nc -U control.sock
//
// A supervisor may open the socket, and start the daemon when somebody asks for it: systemd does
// with a .socket unit, `systemd-socket-activate --listen=… node …` by hand.

import { type Socket, UnixConnection, UnixServer } from 'pants-native';

const HELP = 'status, level [quiet|normal|debug], stop';
const LEVELS = ['quiet', 'normal', 'debug'];

/** What there is to control. */
const daemon = { level: 'normal', commands: 0 };

class Control extends UnixConnection {
  override readDelimiter = '\n';
  override readEncoding = 'utf8';
  override bufferSize = 1024;

  override onRead(line: string): void {
    daemon.commands += 1;
    this.write(`${this.#answer(line.trim().split(/\s+/))}\n`);
  }

  #answer([command, argument]: string[]): string {
    switch (command) {
      case 'status':
        return `ok level ${daemon.level}, ${daemon.commands} commands`;
      case 'level':
        if (argument === undefined) return `ok ${daemon.level}`;
        if (!LEVELS.includes(argument)) return `error no level ${JSON.stringify(argument)}`;
        daemon.level = argument;
        return 'ok';
      case 'stop':
        // After the answer: nobody else is let in, and who is here may finish.
        setImmediate(() => void server.end(1_000));
        return 'ok';
      default:
        return `error ${HELP}`;
    }
  }
}

class ControlServer extends UnixServer {
  override ConnectionClass = Control;

  // The file's mode keeps others out, but not root; and a supervisor's socket has its own.
  override onAccept(socket: Socket<string>): void {
    const { pid, uid } = socket.peerCredentials ?? {};
    if (uid !== process.getuid?.()) {
      console.log(`control: user ${uid} (process ${pid}) is not let in`);
      socket.close();
    } else {
      super.onAccept(socket, socket.remoteAddr);
    }
  }

  override onListen(): void {
    console.log(`control: listening on ${this.localAddr}`);
  }

  override onClose(): void {
    console.log('control: stopped');
  }
}

/** The first descriptor that systemd passes: sd_listen_fds(3). */
const FIRST_PASSED = 3;
const { LISTEN_FDS, LISTEN_PID } = process.env;
const passed = LISTEN_PID === `${process.pid}` && Number(LISTEN_FDS) > 0;

const server = new ControlServer();
// SIGINT would leave the file behind; the next start replaces it, but this is tidier.
process.once('SIGINT', () => server.close());
if (passed) server.listen({ fd: FIRST_PASSED });
else server.listen({ path: process.argv[2] ?? 'control.sock', mode: 0o600 });
