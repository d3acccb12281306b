// Chat rooms over several processes and machines, by the pub/sub of Redis.
//
//   redis-server &
//   node --import @oxc-node/core/register examples/chat-redis.ts 4041 6379 &
//   node --import @oxc-node/core/register examples/chat-redis.ts 4042 6379 &
//   nc 127.0.0.1 4041
//
// A proxy in front of them shares the guests out: in HAProxy, `server one 127.0.0.1:4041 send-proxy-v2`.

import type { CloseInfo } from 'pants-native';

import { type Bus, Rooms, serve } from './chat-rooms.ts';
import { type Reply, RespClient } from './resp-client.ts';

const [port = '4041', redisPort = '6379'] = process.argv.slice(2);

/** A connection that is subscribed can do nothing else, so there are two. */
class Link extends RespClient {
  override onConnect(): void {
    for (const room of rooms.names) bus.enter(room);
  }

  override onMessage([, channel, text]: Reply[]): void {
    rooms.heard(String(channel).slice('room:'.length), String(text));
  }

  override onClose(info: CloseInfo): void {
    super.onClose(info);
    console.error(`redis: ${info.error?.message ?? info.reason}; trying again`);
    this.engine.defer(0.5, () => bus.connect());
  }
}

class RedisBus implements Bus {
  #subscriber = new Link();
  #publisher = new Link();

  connect(): void {
    const to = (link: Link): Link =>
      link.readyState === 'closed' || link.readyState === 'idle'
        ? new Link().connect('127.0.0.1', Number(redisPort))
        : link;
    this.#subscriber = to(this.#subscriber);
    this.#publisher = to(this.#publisher);
  }

  enter(room: string): void {
    send(this.#subscriber, 'SUBSCRIBE', `room:${room}`);
  }

  leave(room: string): void {
    send(this.#subscriber, 'UNSUBSCRIBE', `room:${room}`);
  }

  publish(room: string, text: string): void {
    send(this.#publisher, 'PUBLISH', `room:${room}`, text);
  }
}

/** What is said while Redis is away is lost, as pub/sub has it. */
function send(link: Link, ...words: string[]): void {
  link.command(...words).catch(() => {});
}

const bus = new RedisBus();
const rooms = new Rooms(bus, { proxyProtocol: 'optional', frameTimeout: 500 });
bus.connect();
serve(rooms, Number(port));
