// A line-oriented client: what you type goes to the server, what it sends is printed.
//
//   node --import @oxc-node/core/register examples/client.ts [port] [host]

import { createInterface } from 'node:readline';
import { type Address, Client, type CloseInfo } from 'pants-native';

class LineClient extends Client {
  override readDelimiter = '\n';
  override readEncoding = 'utf8';

  override onConnect(): void {
    const { address, port } = this.remoteAddr as Address;
    console.error(`connected to ${address}:${port}`);
    const input = createInterface({ input: process.stdin });
    input.on('line', (line) => this.write(`${line}\n`));
    // The end of the input ends our half: what the server still has to say is printed.
    input.on('close', () => {
      if (this.connected) this.shutdown();
    });
  }

  override onRead(line: string): void {
    console.log(line);
  }

  override onConnectError(error: Error): void {
    console.error(`cannot connect: ${error.message}`);
    process.exitCode = 1;
  }

  override onClose({ reason, error }: CloseInfo): void {
    if (this.bytesRead + this.bytesWritten > 0)
      console.error(`closed: ${error?.message ?? reason}`);
    process.stdin.destroy();
  }
}

const [port = '4040', host = '127.0.0.1'] = process.argv.slice(2);
new LineClient().connect(host, Number(port));
