// A TCP proxy: what a client sends goes to another server, and what that sends goes to the client.
//
//   node --import @oxc-node/core/register examples/proxy.ts <port> <target port> [target host]

import { Client, Connection, Server, type Socket, type Stream } from 'pants-native';

const [port = '4041', targetPort = '4040', targetHost = '127.0.0.1'] = process.argv.slice(2);

// The end of one direction is not the end of the other.
const options = { allowHalfOpen: true, highWaterMark: 1024 * 1024 };

class Passage extends Connection {
  constructor(socket: Socket, server: Server) {
    super(socket, server, options);
    const target = new Client({ ...options, connectTimeout: 10_000 });
    pass(this, target);
    pass(target, this);
    target.onConnectError = (error) => console.error(`no connection: ${error.message}`);
    // What the client sends meanwhile is queued, as far as `pass` lets it.
    target.connect(targetHost, Number(targetPort));
  }
}

/** Sends on what `from` receives, no faster than `to` sends it: `from`'s peer is slowed down too. */
function pass(from: Stream, to: Stream): void {
  from.onRead = (data: Buffer) => {
    if (!to.write(data)) from.pause();
  };
  to.onWrite = () => from.resume();
  from.onEnd = () => to.shutdown();
  // After both ends, both close by themselves, when the last bytes have left. Anything else cuts the
  // other side off as well: it shall not take what it got for all there was.
  from.onClose = ({ reason }) => {
    if (reason !== 'end') to.reset();
  };
}

class ProxyServer extends Server {
  override onListen(): void {
    console.log(
      `proxy: to ${targetHost}:${targetPort}, listening on 127.0.0.1:${this.localAddr?.port}`,
    );
  }
}

new ProxyServer(Passage).listen(Number(port), '127.0.0.1');
