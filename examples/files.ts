// A file server: asked for a name by line, it answers with a length, and so many bytes.
//
//   node --import @oxc-node/core/register examples/files.ts [port] [directory]
//   printf 'GET README.md\nGET README.md 10 20\n' | nc -N 127.0.0.1 4040
//
//   GET <name> [<offset> [<length>]]     OK <length>\n<bytes>     or     ERROR <why>\n

import { closeSync, constants, fstatSync, openSync, realpathSync } from 'node:fs';
import { resolve, sep } from 'node:path';

import { Connection, Server } from 'pants-native';

const ROOT = realpathSync(process.argv[3] ?? '.');

class Transfer extends Connection {
  override readDelimiter = '\n';
  override readEncoding = 'utf8' as const;
  override bufferSize = 4096;

  override onRead(line: string): void {
    const [, name, offset = '0', length] = /^GET (\S+)(?: (\d+))?(?: (\d+))?\r?$/.exec(line) ?? [];
    if (name === undefined) {
      this.write('ERROR what?\n');
      return;
    }
    try {
      this.#send(name, Number(offset), length);
    } catch (error) {
      this.write(`ERROR ${(error as NodeJS.ErrnoException).code}\n`);
    }
  }

  // Who asks without reading the answers is not read from until they have left.
  override onWrite(): void {
    this.resume();
  }

  override onError(error: Error): void {
    console.error(`${this.remoteAddr?.address}: ${error.message}`);
  }

  #send(name: string, offset: number, wanted?: string): void {
    // By descriptor, so that what is measured is what is sent, whatever the name comes to mean.
    const file = openSync(inRoot(name), constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = fstatSync(file);
      if (!stats.isFile()) throw refusal(stats.isDirectory() ? 'EISDIR' : 'EINVAL');
      const left = stats.size - offset;
      if (left < 0) throw refusal('ERANGE');
      const length = wanted === undefined ? left : Math.min(Number(wanted), left);
      this.write(`OK ${length}\n`);
      // A length of 0 would mean: to the end.
      if (length > 0 && !this.writeFile(file, length, offset)) this.pause();
    } finally {
      // writeFile() has a descriptor of its own.
      closeSync(file);
    }
  }
}

/** The file's real name; links must not lead out of the directory either. */
function inRoot(name: string): string {
  const path = realpathSync(resolve(ROOT, name));
  if (!path.startsWith(ROOT + sep)) throw refusal('EACCES');
  return path;
}

function refusal(code: string): Error {
  return Object.assign(new Error(code), { code });
}

class FileServer extends Server {
  override onListen(): void {
    console.log(`files: listening on 127.0.0.1:${this.localAddr?.port}`);
  }
}

new FileServer(Transfer).listen(Number(process.argv[2] ?? 4040), '127.0.0.1');
