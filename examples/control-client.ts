// Tells examples/control.ts what to do: one command, one answer.
//
//   node --import @oxc-node/core/register examples/control-client.ts [path] <command …>

import { UnixClient } from 'pants-native';

const [path = 'control.sock', ...command] = process.argv.slice(2);

class Command extends UnixClient {
  override readDelimiter = '\n';
  override readEncoding = 'utf8';

  override onConnect(): void {
    this.write(`${command.join(' ')}\n`);
  }

  override onRead(answer: string): void {
    console.log(answer);
    if (!answer.startsWith('ok')) process.exitCode = 1;
    this.end();
  }

  override onEnd(): void {
    console.error('no answer');
    process.exitCode = 1;
  }

  override onConnectError(error: Error): void {
    console.error(`is it running? ${error.message}`);
    process.exitCode = 1;
  }
}

new Command().connect(path);
