// What a datagram channel takes and gives: compiled, never run.

import { type Address, type ChannelError, Datagram, type ReadDelimiter } from 'pants-native';

export class Echo extends Datagram {
  override readDelimiter = '\n';
  override readEncoding = 'utf8';

  override onRead(line: string, addr: Address): void {
    this.write(line, addr);
    this.write(line, [addr.address, addr.port]);
    this.write(line, { host: addr.address, port: addr.port });
    this.write(line, addr.port, true);
    this.write(line);
  }

  override onError(error: NodeJS.ErrnoException & { address?: string; port?: number }): void {
    this.write(`${error.code}`, this.localAddr);
  }

  override onOverflowError(error: ChannelError): void {
    if (error.code === 'ERR_FRAME_OVERFLOW') this.close();
  }
}

export class Switching extends Datagram {
  override readDelimiter: ReadDelimiter = null;
  override onRead = (data: Buffer, { port }: Address): void => {
    this.readDelimiter = data.length;
    this.write(data, port);
  };
}

export class Log extends Datagram<string | null> {
  constructor() {
    super({ family: 'unix' });
    this.listen('/run/app/log').connect('/dev/log');
    this.write('line', '/dev/log');
  }

  override onRead(_data: Buffer, path: string | null): void {
    if (path !== null) this.write('thanks', path);
  }
}

const channel: Datagram = new Datagram({ broadcast: true }).listen(4040, '127.0.0.1');
channel
  .listen([null, 4040])
  .listen({ port: 4040, reuseAddr: true, signal: AbortSignal.timeout(1) });
const address: string | undefined = channel.remoteAddr?.address;
channel.setMulticastInterface(address ?? '0.0.0.0');

// @ts-expect-error an address is no string, but for Unix sockets
channel.write('x', '127.0.0.1');
// @ts-expect-error there is no such family
new Datagram({ family: 'IPX' });
// @ts-expect-error a frame is no number
channel.onRead = (data: number) => data;
