// node-tuned, with the `onread` option on top: one buffer for every read of every socket, and no
// readable stream at all. `net.createServer` does not offer it, so this takes the handle out of the
// accepted socket, which is no public interface: the fastest that `node:net` can be made to go.

import net, { type AddressInfo } from 'node:net';
import { announce } from './harness.ts';
import { replies } from './replies.ts';

const lineFeed = 0x0a;
const shared = Buffer.allocUnsafeSlow(65_536);

interface WithHandle {
  _handle: unknown;
}

interface OnReadOptions extends net.SocketConstructorOpts {
  handle: unknown;
  onread: net.OnReadOpts;
}

const server = net.createServer({ pauseOnConnect: true }, (accepted) => {
  const owner = accepted as net.Socket & WithHandle;
  const handle = owner._handle;
  owner._handle = null;

  let rest: Buffer | null = null;
  const options: OnReadOptions = {
    handle,
    onread: {
      buffer: shared,
      callback(received: number): boolean {
        const arrived = shared.subarray(0, received);
        const chunk = rest === null ? arrived : Buffer.concat([rest, arrived]);
        const end = chunk.lastIndexOf(lineFeed);
        rest = end + 1 === chunk.length ? null : Buffer.from(chunk.subarray(end + 1));
        if (end !== -1) socket.write(replies(chunk.toString('utf8', 0, end)), 'utf8');
        return true;
      },
    },
  };
  const socket = new net.Socket(options);
  socket.setNoDelay(true);
  socket.on('end', () => socket.end());
  socket.on('error', () => {});
  socket.resume();
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 1024 }, () => {
  announce(server.address() as AddressInfo);
});
