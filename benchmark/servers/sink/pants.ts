// Sends until `write` says that it is enough, and goes on when that has left.

import { type Address, Datagram } from 'pants-native';
import { announce } from '../harness.ts';
import { Numbered, parse } from './numbered.ts';

class Source extends Datagram {
  #numbered: Numbered | null = null;
  #to: Address | null = null;

  override onRead(data: Buffer, from: Address): void {
    const size = parse(data);
    this.#numbered = size === null ? null : new Numbered(size);
    this.#to = from;
    this.#send();
  }

  override onWrite(): void {
    this.#send();
  }

  // A client that has gone.
  override onError(): void {
    this.#numbered = null;
  }

  #send(): void {
    while (this.#numbered !== null && this.write(this.#numbered.next(), this.#to));
  }
}

announce(new Source().listen(0, '127.0.0.1').localAddr);
