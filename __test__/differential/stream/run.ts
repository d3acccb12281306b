import type { Data, Implementation, StreamLike } from '../../helpers/implementation.ts';
import type { Peer } from '../../helpers/peer.ts';
import { turn } from '../../helpers/wait.ts';
import { type Outcome, Run } from '../run.ts';
import { Transcript } from '../transcript.ts';
import { contentFile } from './file.ts';
import { LAST, type Progress, type StreamExpectation } from './model.ts';
import type { StreamOwn, StreamScript } from './script.ts';

export class StreamRun extends Run<StreamOwn, StreamLike> {
  readonly script: StreamScript;
  readonly expectation: StreamExpectation;
  /** Called when the channel has connected and is configured. */
  ready: () => void = () => {};
  #shut = false;
  #peerFinished = false;

  constructor(impl: Implementation, script: StreamScript, expectation: StreamExpectation) {
    super(impl, script);
    this.script = script;
    this.expectation = expectation;
  }

  /** Plays the script, whose channel is connected to `peer`. */
  async play(peer: Peer): Promise<Outcome> {
    const { phases, finish } = this.expectation;
    for (const [at, { sent, outside }] of this.script.phases.entries()) {
      const last = at === phases.length - 1;
      if (finish === 'reset') {
        // A reset drops what the congestion window has held back: of many segments, some may be.
        peer.socket.write(Buffer.from(sent.map(({ hex }) => hex).join(''), 'hex'));
      } else {
        for (const { hex, pause } of sent) {
          peer.socket.write(Buffer.from(hex, 'hex'));
          if (pause) await turn();
        }
      }
      const reached = phases[at];
      const passes = last && outside.length === 0 && finish !== 'fin later';
      if (reached === undefined || reached.stopped || passes) continue;
      if (!(await this.until(() => this.#hasReached(reached)))) break;
      // Not in what a hook has set off, but from outside.
      await turn();
      if (!this.stopped) this.perform(outside);
    }
    if (finish === 'reset') await peer.write('');
    if (finish === 'reset') peer.reset();
    else peer.end();
    await this.until(() => this.closed);
    if (this.transcript.hooks.at(-1) === 'close end') await peer.finished();
    await this.until(() => this.caught >= this.thrown, true);
    // What must not come after onClose would have come by now.
    await turn();
    peer.socket.destroy();
    this.#checkReceived(peer);
    return this.over();
  }

  // What the hooks call

  onConnect(): void {
    this.enter('connect');
    this.transcript.addConnect();
    this.ready();
  }

  onRead(data: Data, hook = 0): void {
    this.enterRead(hook);
    if (this.delimiter === null) {
      this.transcript.addRaw(hook, data);
      if (/[\ud800-\udbff]$/.test(String(data))) this.violations.push('half a pair of surrogates');
      this.changed();
      return;
    }
    const actions = this.script.onRead[this.transcript.frames] ?? [];
    this.transcript.addFrame(hook, data);
    this.perform(actions);
  }

  onEnd(rest: Data): void {
    this.enter('end');
    this.transcript.add(`end ${Transcript.quote(rest)}`);
    this.#peerFinished = true;
    const { allowHalfOpen, onEnd } = this.script;
    try {
      this.perform(onEnd);
    } finally {
      if (!allowHalfOpen || this.#shut) this.stopped = true;
      if (this.stopped) setImmediate(() => this.#writeLate());
      if (!this.stopped && !this.waiting) setImmediate(() => this.#endHalfOpen());
    }
  }

  onOverflowError(error: NodeJS.ErrnoException): void {
    this.enter('overflow');
    this.transcript.addOverflow(error.code);
    this.perform(this.script.onOverflow);
  }

  onError(error: NodeJS.ErrnoException): void {
    this.enter('error');
    // Which of the two it is depends on who notices the reset first.
    const reset = error.code === 'ECONNRESET' || error.code === 'EPIPE';
    this.transcript.addError(reset ? 'error' : `error ${error.code}`);
    this.stopped = true;
  }

  onClose(reason: string, unsentBytes: number): void {
    this.#writeLate();
    this.finished(reason, unsentBytes);
  }

  /** Nothing that is written now gets anywhere. */
  #writeLate(): void {
    const { late } = this.expectation;
    const told = this.transcript.hooks.length;
    const before = this.channel?.stats().refusedBytes ?? 0;
    const accepted = this.attempt('a late write', () => this.channel?.write('late'));
    if (!accepted) this.transcript.hooks.splice(told);
    const refused = (this.channel?.stats().refusedBytes ?? 0) - before;
    if (refused !== (late === 'throws' ? 0 : 4) || accepted !== (late !== 'throws')) {
      this.violations.push(`a late write should be one that ${late}`);
    }
  }

  // What the script does

  protected override actOwn(channel: StreamLike, action: StreamOwn): void {
    switch (action.do) {
      case 'write':
        this.wrote = true;
        this.attempt('write', () => channel.write(action.text, action.flush));
        break;
      case 'writeFile': {
        const { nbytes, offset, flush } = action;
        this.wrote = true;
        this.attempt('write', () => channel.writeFile(contentFile(), nbytes, offset, flush));
        break;
      }
      case 'end with':
        this.wrote = true;
        if (this.attempt('write', () => channel.end(action.text))) this.stopped = true;
        break;
      case 'reset':
        this.stopped = true;
        this.call(() => channel.reset());
        break;
      case 'shutdown':
        this.#shut = true;
        this.call(() => channel.shutdown());
        if (this.#peerFinished) this.stopped = true;
        break;
    }
  }

  protected override replaceOnRead(channel: StreamLike, hook: number): void {
    channel.onRead = (data) => this.onRead(data, hook);
  }

  protected override resumed(): void {
    if (this.#peerFinished) this.#endHalfOpen();
  }

  #endHalfOpen(): void {
    if (!this.stopped && !this.waiting) this.perform(LAST);
  }

  /** In order, the peer gets everything; otherwise the beginning of it. */
  #checkReceived(peer: Peer): void {
    const { written } = this.expectation;
    const inOrder = this.transcript.hooks.at(-1) === 'close end';
    if (inOrder ? peer.text !== written : !written.startsWith(peer.text)) {
      this.violations.push(`the peer got ${peer.length} bytes of ${written.length}`);
    }
  }

  #hasReached({ frames, raw, overflows }: Progress): boolean {
    const told = this.transcript;
    const all = told.frames >= frames && told.raw >= raw && told.overflows >= overflows;
    return all && !this.waiting;
  }
}
