import { isDeepStrictEqual } from 'node:util';

import type { Data, DatagramLike, Implementation } from '../../helpers/implementation.ts';
import { eventually, turn } from '../../helpers/wait.ts';
import { type Outcome, Run } from '../run.ts';
import type { Lockstep } from './lockstep.ts';
import { type DatagramExpectation, type Expected, GONE, HELLO, type Progress } from './model.ts';
import type { Network, Peer } from './network.ts';
import type { DatagramAction, DatagramOwn, DatagramScript, Packet } from './script.ts';

export class DatagramRun extends Run<DatagramOwn, DatagramLike> {
  readonly script: DatagramScript;
  readonly #expectation: DatagramExpectation;
  readonly #network: Network;
  readonly #lockstep: Lockstep;
  readonly #peers: Peer[];
  #listening = false;
  /** Whom the channel is connected to. */
  #peer = 0;
  #written = 0;
  #unsent = 0;

  constructor(
    impl: Implementation,
    script: DatagramScript,
    expectation: DatagramExpectation,
    network: Network,
    lockstep: Lockstep,
    peers: Peer[],
  ) {
    super(impl, script);
    this.script = script;
    this.#expectation = expectation;
    this.#network = network;
    this.#lockstep = lockstep;
    this.#peers = peers;
    for (const peer of peers) peer.changed = () => this.changed();
  }

  async play(channel: DatagramLike): Promise<Outcome> {
    await this.#begin(channel);
    for (const [at, { sent, outside }] of this.script.phases.entries()) {
      const phase = this.#expectation.phases[at];
      if (phase === undefined || !(await this.#playPhase(channel, sent, outside, phase))) break;
    }
    if (!this.stopped) this.perform([{ do: this.script.finish }]);
    await this.until(() => this.closed);
    await this.until(() => this.caught >= this.thrown, true);
    await Promise.all(this.#peers.map((peer) => peer.drained()));
    // What must not come after onClose would have come by now.
    await turn();
    this.#checkReceived();
    return this.over();
  }

  // What the hooks call

  onListen(): void {
    this.enter('listen');
    this.transcript.add('listen');
    this.#listening = true;
    this.changed();
  }

  onConnect(): void {
    this.enter('connect');
    this.transcript.addConnect();
    this.changed();
  }

  onRead(data: Data, addr: unknown, hook = 0): void {
    this.enterRead(hook);
    if (!isDeepStrictEqual(this.channel?.remoteAddr, addr)) {
      this.violations.push('remoteAddr is not the sender');
    }
    const actions = this.script.onRead[this.transcript.frames] ?? [];
    this.transcript.addFrame(hook, data, this.#name(addr));
    this.perform(actions);
  }

  onOverflowError(error: NodeJS.ErrnoException): void {
    this.enter('overflow');
    this.transcript.addOverflow(error.code, this.#name(addressOf(error)));
    this.perform(this.script.onOverflow);
  }

  onError(error: NodeJS.ErrnoException): void {
    this.enter('error');
    this.transcript.addError(`error ${error.code}${this.#name(addressOf(error))}`);
    this.perform(this.script.onError);
  }

  onClose(reason: string, unsentBytes: number): void {
    this.#unsent = unsentBytes;
    this.finished(reason, unsentBytes);
  }

  // What the script does

  async #begin(channel: DatagramLike): Promise<void> {
    const { begin, given } = this.script;
    this.attach(channel, given === 'by assignment');
    const [first] = this.#peers;
    this.call(() => {
      if (begin === 'listen' || !this.#network.bindsItself) this.#network.listen(channel);
      if (begin === 'connect' && first) channel.connect(first.target);
      if (begin === 'write') this.#write(channel, HELLO, 0, false);
    });
    const connects = begin === 'connect' ? 1 : 0;
    await this.until(() => this.#listening && this.transcript.connects >= connects);
    await turn();
  }

  /** False where the channel has ended, or does not come as far as it should. */
  async #playPhase(
    channel: DatagramLike,
    sent: Packet[],
    outside: DatagramAction[],
    expected: Expected,
  ): Promise<boolean> {
    for (const [at, packet] of sent.entries()) {
      await this.#send(packet, channel);
      const barrier = expected.sent[at];
      if (barrier && !(await this.#reached(barrier))) return false;
    }
    if (!(await this.#reached(expected.reached))) return false;
    if (expected.silent !== null) await this.#arrived(channel, expected.silent);
    if (!this.stopped) this.perform(outside);
    return this.#reached(expected.settled);
  }

  /** No hook tells of it: of bytes the channel does, of empty datagrams nobody. */
  async #arrived(channel: DatagramLike, bytes: number): Promise<void> {
    const arrived = eventually('arrived', () => this.stopped || channel.bytesRead >= bytes);
    await arrived.catch(() => this.violations.push('stalled'));
    await this.#lockstep.step();
  }

  async #send({ from, hex, pause }: Packet, channel: DatagramLike): Promise<void> {
    // Its port may be somebody else's by then.
    if (this.stopped) return;
    const sent = this.#peers[from]?.send(Buffer.from(hex, 'hex'), channel);
    if (sent) await sent;
    if (pause) await turn();
  }

  protected override actOwn(channel: DatagramLike, action: DatagramOwn): void {
    switch (action.do) {
      case 'write':
        this.attempt('write', () => this.#write(channel, action.text, action.to, action.flush));
        break;
      case 'connect': {
        const target = this.#peers[action.to]?.target ?? 0;
        if (this.attempt('connect', () => channel.connect(target))) this.#peer = action.to;
        break;
      }
      case 'disconnect':
        if (!this.attempt('disconnect', () => channel.disconnect()) || this.stopped) break;
        this.call(() => this.#write(channel, GONE, this.#peer, false));
        break;
    }
  }

  #write(channel: DatagramLike, text: string, to: number | null, flush: boolean): void {
    this.wrote = true;
    const { refusedBytes } = channel.stats();
    channel.write(text, to === null ? null : this.#peers[to]?.target, flush);
    if (channel.stats().refusedBytes === refusedBytes) this.#written += text.length;
  }

  protected override replaceOnRead(channel: DatagramLike, hook: number): void {
    channel.onRead = (data, addr) => this.onRead(data, addr, hook);
  }

  // What came of it

  #name(addr: unknown): string {
    const at = this.#peers.findIndex((peer) => peer.is(addr));
    return at < 0 ? ` ${JSON.stringify(addr)}` : ` P${at}`;
  }

  async #reached(progress: Progress): Promise<boolean> {
    const { stopped } = progress;
    const reached = await this.until(() => (stopped ? this.stopped : this.#hasReached(progress)));
    // Not in what a hook has set off, but from outside.
    await turn();
    return reached && !this.stopped;
  }

  #hasReached({ frames, overflows, errors, connects, received }: Progress): boolean {
    const told = this.transcript;
    return (
      told.frames >= frames &&
      told.overflows >= overflows &&
      told.errors >= errors &&
      told.connects >= connects &&
      this.#peers.every((peer, at) => peer.received.length >= (received[at] ?? 0)) &&
      !this.waiting
    );
  }

  /** In order, each peer gets everything; otherwise the beginning of it. */
  #checkReceived(): void {
    const inOrder = this.transcript.hooks.at(-1) === 'close end';
    let bytes = 0;
    for (const [at, { received }] of this.#peers.entries()) {
      const written = this.#expectation.received[at] ?? [];
      const expected = inOrder ? written : written.slice(0, received.length);
      bytes += received.reduce((sum, { length }) => sum + length, 0);
      if (isDeepStrictEqual(received, expected)) continue;
      this.violations.push(
        `P${at} got ${JSON.stringify(received)}, not ${JSON.stringify(written)}`,
      );
    }
    if (bytes + this.#unsent < this.#written) {
      this.violations.push(`${this.#written} bytes written, ${bytes} sent, ${this.#unsent} unsent`);
    }
  }
}

/** As the channel would tell it in onRead. */
function addressOf(error: object): unknown {
  const { address, port } = error as { address?: string; port?: number };
  return port === undefined ? address : { address, port };
}
